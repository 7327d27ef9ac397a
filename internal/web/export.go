package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"utile/internal/domain"
	"utile/internal/export"
	"utile/internal/i18n"
)

// contentTypes of what can be taken away.
var contentTypes = map[string]string{
	"csv": "text/csv; charset=utf-8", "json": "application/json; charset=utf-8",
	"jsonld": "application/ld+json",
	"xlsx":   "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// exportTime is how long a person may take to receive an export, of a million rows over a slow line.
const exportTime = 30 * time.Minute

// exportRegister answers with the list as a file: every row that its filters show, in its order, in words.
func (s *Server) exportRegister(register domain.Register) handlerFunc {
	return s.exportNarrowed(register, func(_ *http.Request, q domain.ListQuery) domain.ListQuery { return q })
}

// exportNarrowed is exportRegister for a list that shows less than its filters say.
func (s *Server) exportNarrowed(register domain.Register, narrow func(*http.Request, domain.ListQuery) domain.ListQuery) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx, by := r.Context(), actor(r)
		format := chi.URLParam(r, "format")
		if !slices.Contains(export.Formats, format) {
			return domain.Errorf(domain.NotFound, "error.not_found", "noun", "page")
		}
		q := narrow(r, domain.ParseListQuery(register, r.URL.Query()))
		lang := string(i18n.Lang(ctx))

		file := &fileWriter{ResponseWriter: w, format: format, name: export.FileName(visitOf(r).Workspace.Slug, register, s.shownDay(by), format)}
		out, err := export.NewWriter(file, format, lang, i18n.T(ctx, register.Name+".title"))
		if err != nil {
			return err
		}
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportTime)) // a server that cannot keeps its own limit
		words := export.Words{}
		if format != "json" {
			words.Title = func(column string) string { return i18n.T(ctx, "column."+column) }
			words.Word = func(prefix, code string) string { return enumWord(ctx, prefix, code) }
			words.Fact = func(f domain.SourceFact) string { return sourceFactOf(ctx, f).inLine(ctx) }
		}
		if err := export.Register(ctx, s.store, by, register, q, q.Columns, out, words); err != nil {
			if !file.sent {
				return err
			}
			// Part of the file was sent: ending the connection is the only honest sign that it is not whole.
			s.log.ErrorContext(ctx, "export failed", "error", err, "register", register.Name)
			panic(http.ErrAbortHandler)
		}
		return nil
	}
}

// fileWriter answers with a file. Its head is sent with the first bytes, so that what is refused before becomes a page.
type fileWriter struct {
	http.ResponseWriter
	format, name string
	sent         bool
}

func (f *fileWriter) Write(b []byte) (int, error) {
	if !f.sent {
		f.sent = true
		h := f.Header()
		h.Set("Content-Type", contentTypes[f.format])
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
	}
	return f.ResponseWriter.Write(b)
}
