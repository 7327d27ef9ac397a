package web

func (s *Server) homeRoutes(r scope) {}
