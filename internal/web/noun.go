package web

import (
	"context"
	"errors"
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

// recordForm is what was typed of a record.
type recordForm[T, F any] interface {
	apply(T) (T, error)
	seen() int           // version of the record that the form was made of
	again(version int) F // the same answers, for the version that is there now
}

// formSpec is how the records of a register are written by a form. Of what they all do alike, only the words differ.
type formSpec[T revised, F recordForm[T, F], ID ~int64] struct {
	page   func(w http.ResponseWriter, r *http.Request, status int, id ID, f F, p domain.Problems) error // with the form; id 0 for a new record
	of     func(context.Context, T) F
	read   func(context.Context, domain.Actor, ID) (T, error)
	add    func(context.Context, domain.Actor, T) (ID, error)
	change func(context.Context, domain.Actor, ID, int, func(T) (T, error)) error

	added, changed string // messages, with the name of the record
}

// written completes a register with the handlers of its forms: what is wrong is said beside what was typed, and nothing is lost.
func written[T revised, F recordForm[T, F], ID ~int64](s *Server, n nounSpec[ID], f formSpec[T, F, ID]) nounSpec[ID] {
	n.create = func(w http.ResponseWriter, r *http.Request) error {
		typed, p, err := decode[F](r)
		if err != nil {
			return err
		}
		var none T
		record, err := typed.apply(none)
		var id ID
		if err == nil && len(p) == 0 {
			id, err = f.add(r.Context(), actor(r), record)
		}
		if problems, bad := withProblems(p, err); bad {
			return f.page(w, r, http.StatusUnprocessableEntity, 0, typed, problems)
		}
		if err != nil {
			return err
		}
		return s.seeOther(w, r, n.list.show(actor(r), int64(id)), f.added, "name", record.Subject().Name)
	}
	n.form = func(w http.ResponseWriter, r *http.Request) error {
		id, err := pathID[ID](r, n.param)
		if err != nil {
			return err
		}
		record, err := f.read(r.Context(), actor(r), id)
		if err == nil {
			err = domain.Changeable(record)
		}
		if err != nil {
			return err
		}
		return f.page(w, r, http.StatusOK, id, f.of(r.Context(), record), nil)
	}
	n.change = func(w http.ResponseWriter, r *http.Request) error {
		id, err := pathID[ID](r, n.param)
		if err != nil {
			return err
		}
		typed, p, err := decode[F](r)
		if err != nil {
			return err
		}
		var name string
		if len(p) == 0 {
			err = f.change(r.Context(), actor(r), id, typed.seen(), func(record T) (T, error) {
				record, err := typed.apply(record)
				name = record.Subject().Name
				return record, err
			})
		}
		version := typed.seen()
		err = meanwhile(s, r, err, id, &version, f.read, typed.apply)
		if problems, bad := withProblems(p, err); bad {
			return f.page(w, r, formStatus(err), id, typed.again(version), problems)
		}
		if err != nil {
			return err
		}
		return s.seeOther(w, r, n.list.show(actor(r), int64(id)), f.changed, "name", name)
	}
	return n
}

// revised is a record that tells by a number whether somebody changed it.
type revised interface {
	Subject() domain.Subject
	Facts() map[string]any
	Revision() int
}

// staleBox stands for no box of a form: what is said of it heads the list of problems.
const staleBox = "version"

// meanwhile is overtaken for a record of a register.
func meanwhile[T revised, ID ~int64](s *Server, r *http.Request, cause error, id ID, seen *int, read func(context.Context, domain.Actor, ID) (T, error),
	typed func(T) (T, error)) error {
	return s.overtaken(r, cause, seen, func(ctx context.Context, by domain.Actor) (recorded, map[string]any, error) {
		now, err := read(ctx, by, id)
		if err != nil {
			return recorded{}, nil, err
		}
		is := recorded{now.Subject().Kind, now.Revision(), now.Facts()}
		next, err := typed(now)
		if err != nil {
			return is, nil, err
		}
		return is, next.Facts(), nil
	})
}

// recorded is what stands of something that a form changes.
type recorded struct {
	kind    string // of its subject
	version int
	facts   map[string]any
}

// overtaken answers somebody whose form was overtaken by another change. Nothing that was typed is lost: the form is shown
// again for the version that is there now, and says beside each box that differs what was recorded meanwhile. Look tells what
// is there, and the facts that the form would make of it. Any other error stays what it is.
func (s *Server) overtaken(r *http.Request, cause error, seen *int,
	look func(context.Context, domain.Actor) (is recorded, typed map[string]any, err error)) error {
	known, ok := errors.AsType[*domain.Error](cause)
	if !ok || known.Key != "error.stale" {
		return cause
	}
	ctx, by := r.Context(), actor(r)
	is, typed, err := look(ctx, by)
	p, wrong := formProblems(err)
	if err != nil && !wrong {
		return err
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	*seen = is.version

	p.Add(staleBox, "error.stale_form")
	if !wrong {
		differing, _ := domain.Diff(is.facts, typed)
		for name, value := range differing {
			if text := valueWord(ctx, is.kind, name, historyValue(value), names); text != "" {
				p.Add(name, "error.recorded_now", "value", text)
			} else {
				p.Add(name, "error.recorded_empty")
			}
		}
	}
	return &domain.Error{Kind: domain.Conflict, Key: known.Key, Fields: p}
}

// historyValue is a fact as the history gives it back.
func historyValue(v any) any {
	switch x := v.(type) {
	case int64:
		return float64(x)
	case int:
		return float64(x)
	}
	return plainValue(v)
}

// formStatus is the status of a form that is shown again: something in it is wrong, or somebody was faster.
func formStatus(err error) int {
	if errors.Is(err, domain.Conflict) {
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}
