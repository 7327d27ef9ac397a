package web

import (
	"net/url"

	"utile/internal/domain"
)

//i18n:dynamic fields. field.

func (s *Server) fieldRoutes(r scope) {
	r.get("/fields", domain.ReadWorkspace, s.listFields)
	r.get("/fields.{format}", domain.ReadWorkspace, s.exportRegister(domain.FieldRegister))
}

func fieldPath(by domain.Actor, id domain.FieldID, parts ...string) string {
	return workspacePath(by, append([]string{"fields", itoa(id)}, parts...)...)
}

func queryEscape(s string) string { return url.QueryEscape(s) }
