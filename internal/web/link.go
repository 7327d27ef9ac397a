package web

import (
	"net/http"

	"utile/internal/domain"
	"utile/internal/store"
)

//i18n:dynamic links. level. link. requirements.

func (s *Server) linkRoutes(r scope) {
	r.get("/links", domain.ReadWorkspace, s.listLinks)
	r.get("/links.{format}", domain.ReadWorkspace, s.exportRegister(domain.LinkRegister))
	r.get("/requirements", domain.ReadWorkspace, s.listRequirements)
	r.post("/requirements/bulk", domain.EditPlan, s.collectNeeds)
	r.get("/requirements.{format}", domain.ReadWorkspace, s.exportRegister(domain.RequirementRegister))
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

var requirementList = registerSpec{
	register: domain.RequirementRegister,
	path:     "requirements",
	show: func(by domain.Actor, row int64) string {
		return programPath(by, store.RequirementProgram(row)) + "#needs"
	},
	tone: map[string]tone{"level": levelTone, "coverage": coverageTone, "program_status": programTone},
	bulk: []bulkAction{{name: string(domain.BulkNeeds), icon: "download", action: domain.EditPlan}},
}

func (s *Server) listRequirements(w http.ResponseWriter, r *http.Request) error {
	return s.showRegister(w, r, requirementList)
}
