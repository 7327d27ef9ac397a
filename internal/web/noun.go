package web

import (
	"context"
	"net/http"

	"utile/internal/domain"
)

// nounSpec is what the records of a register have in common on the web. What is nil has no route.
type nounSpec[ID ~int64] struct {
	param string // of the address: {application}
	list  registerSpec
	edit  domain.Action // that changes a record

	add, create, show, form, change handlerFunc
	// archive is asked with the list's rows as well; onArchive answers the button of a record's page where it is not archive
	// alone.
	archive, restore, remove nounStep[ID]
	onArchive                handlerFunc
}

// nounStep changes the state of a record.
type nounStep[ID ~int64] func(context.Context, domain.Actor, ID) error

// nounRoutes mounts the list of a register with its files, and the pages and steps of its records.
func nounRoutes[ID ~int64](s *Server, r scope, n nounSpec[ID]) {
	list, one := "/"+n.list.path, "/"+n.list.path+"/{"+n.param+"}"
	back := func(by domain.Actor, id ID) string { return n.list.show(by, int64(id)) }
	if n.onArchive == nil {
		n.onArchive = recordStep(s, n.param, n.archive, back, "record.archived")
	}
	r.get(list, domain.ReadWorkspace, func(w http.ResponseWriter, r *http.Request) error { return s.showRegister(w, r, n.list) })
	r.get(list+".{format}", domain.ReadWorkspace, s.exportRegister(n.list.register))
	r.get(list+"/new", n.edit, n.add)
	r.post(list, n.edit, n.create)
	r.post(list+"/bulk", n.edit, func(w http.ResponseWriter, r *http.Request) error {
		return s.bulkArchive(w, r, n.list, func(id int64) error { return n.archive(r.Context(), actor(r), ID(id)) })
	})
	r.get(one, domain.ReadWorkspace, n.show)
	r.get(one+"/edit", n.edit, n.form)
	r.post(one, n.edit, n.change)
	r.post(one+"/archive", n.edit, n.onArchive)
	r.post(one+"/restore", n.edit, recordStep(s, n.param, n.restore, back, "record.restored"))
	r.post(one+"/remove", n.edit, recordStep(s, n.param, n.remove,
		func(by domain.Actor, _ ID) string { return workspacePath(by, n.list.path) }, "record.removed"))
}

// recordStep answers a button that changes the state of a record and nothing else: do it, then go where back says.
func recordStep[ID ~int64](s *Server, param string, do nounStep[ID], back func(domain.Actor, ID) string, message string) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := pathID[ID](r, param)
		if err != nil {
			return err
		}
		if err := do(r.Context(), actor(r), id); err != nil {
			return err
		}
		return s.seeOther(w, r, back(actor(r), id), message)
	}
}
