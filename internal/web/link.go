package web

import (
	"net/http"

	"utile/internal/domain"
	"utile/internal/store"
)

//i18n:dynamic links. level. link.

func (s *Server) linkRoutes(r scope) {
	r.get("/links", domain.ReadWorkspace, s.listLinks)
	r.get("/links.{format}", domain.ReadWorkspace, s.exportRegister(domain.LinkRegister))
}

var linkList = registerSpec{
	register: domain.LinkRegister,
	path:     "links",
	show: func(by domain.Actor, row int64) string {
		return workspacePath(by, "fields", itoa(store.LinkField(row)))
	},
	tone: map[string]tone{"level": levelTone, "verdict": verdictTone},
}

func (s *Server) listLinks(w http.ResponseWriter, r *http.Request) error {
	return s.showRegister(w, r, linkList)
}
