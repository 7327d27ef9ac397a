package web

import (
	"github.com/go-chi/chi/v5"

	"utile/internal/domain"
)

// addRoutes mounts every area. Outside a workspace there is only what a person needs to get into one.
func (s *Server) addRoutes(r chi.Router) {
	top := scope{Router: r, s: s}
	s.accessRoutes(top)
	s.phoneRoutes(top)
	top.get("/public/{slug}", domain.Public, s.showPublicRecord)
	r.Route("/w/{workspace}", func(r chi.Router) {
		// chi gives a sub-router the pages of its parent only where the parent is no group of middleware.
		r.NotFound(s.do("", s.notFound))
		r.MethodNotAllowed(s.do("", s.methodNotAllowed))
		inside := scope{Router: r, s: s, prefix: "/w/{workspace}"}
		s.homeRoutes(inside)
		s.viewRoutes(inside)
		s.peopleRoutes(inside)
		s.applicationRoutes(inside)
		s.datasetRoutes(inside)
		s.categoryRoutes(inside)
		s.collectionPointRoutes(inside)
		s.flowRoutes(inside)
		s.importRoutes(inside)
		s.fieldRoutes(inside)
		s.suggestionRoutes(inside)
		s.searchRoutes(inside)
		s.historyRoutes(inside)
		s.compareRoutes(inside)
		s.proofRoutes(inside)
		s.fieldBulkRoutes(inside)
		s.batchRoutes(inside)
		s.linkRoutes(inside)
		s.unusedRoutes(inside)
		s.planRoutes(inside)
		s.programRoutes(inside)
		s.scenarioRoutes(inside)
		s.targetRoutes(inside)
		s.journeyRoutes(inside)
		s.segmentRoutes(inside)
		s.objectiveRoutes(inside)
		s.stageRoutes(inside)
		s.matrixRoutes(inside)
		s.workshopRoutes(inside)
		s.purposeRoutes(inside)
		s.retentionRoutes(inside)
		s.mappingRoutes(inside)
		s.reviewRoutes(inside)
		s.recordRoutes(inside)
		s.organisationRoutes(inside)
		s.clientProcessingRoutes(inside)
	})
}
