package web

import (
	"compress/gzip"
	"errors"
	"net/http"
	"time"
)

// downloadWorkspace answers with the whole workspace as one compressed file, as the command line writes it.
func (s *Server) downloadWorkspace(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportTime)) // a server that cannot keeps its own limit
	h := w.Header()
	h.Set("Content-Type", "application/gzip")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="`+by.Slug+"-"+s.now().Format("2006-01-02")+`.utile.jsonl.gz"`)
	zipped := gzip.NewWriter(w)
	if err := errors.Join(s.store.ExportWorkspace(ctx, by, zipped), zipped.Close()); err != nil {
		// Part of the file may have been sent: ending the connection is the only honest sign that it is not whole.
		s.log.ErrorContext(ctx, "workspace not exported", "error", err, "workspace", by.Slug)
		panic(http.ErrAbortHandler)
	}
	return nil
}
