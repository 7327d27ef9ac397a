package web

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"utile/internal/domain"
	"utile/internal/export"
	"utile/internal/i18n"
)

// Words of the files of the record.
//
//i18n:dynamic record_file.

// recordWords are the words of the record's files in the language of the page.
func recordWords(ctx context.Context) export.RecordWords {
	return export.RecordWords{Lang: string(i18n.Lang(ctx)),
		Word:     func(prefix, code string) string { return enumWord(ctx, prefix, code) },
		Question: func(q domain.OpenQuestion) string { return questionWord(ctx, q) },
		Period:   func(r domain.RetentionRule) string { return periodWords(ctx, r) },
		Text:     func(key string, args ...any) string { return i18n.T(ctx, key, args...) }}
}

// RecordWords are the words of the record's files in a language, for the command line.
func RecordWords(lang string) export.RecordWords {
	return recordWords(i18n.WithLang(context.Background(), i18n.Language(lang)))
}

// exportRecord answers with the record as a file.
func (s *Server) exportRecord(w http.ResponseWriter, r *http.Request) error {
	record, err := s.store.Record(r.Context(), actor(r))
	if err != nil {
		return err
	}
	return s.recordFile(w, r, record, "")
}

// exportRecordSheet answers with one sheet as a file.
func (s *Server) exportRecordSheet(w http.ResponseWriter, r *http.Request) error {
	v, record, err := s.sheetOf(r)
	if err != nil {
		return err
	}
	return s.recordFile(w, r, record, v.s.Code)
}

func (s *Server) recordFile(w http.ResponseWriter, r *http.Request, record domain.Record, code string) error {
	format := chi.URLParam(r, "format")
	if !slices.Contains(export.RecordFormats, format) {
		return domain.Errorf(domain.NotFound, "error.not_found", "noun", "page")
	}
	var out bytes.Buffer // a record is a page or a hundred: it is made before anything is sent
	if err := export.Record(&out, record, format, recordWords(r.Context())); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", contentTypes[format])
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="`+export.RecordName(visitOf(r).Workspace.Slug, code, record.Day, format)+`"`)
	_, err := w.Write(out.Bytes())
	return err
}

// publicSheet is what nobody in particular may read of a sheet: no person, no application, no volume.
type publicSheet struct {
	name, description, basis, kept string
	subjects, data, to, abroad     []string
	unsaid                         domain.Unsaid
}

func publicSheets(ctx context.Context, record domain.Record) (out []publicSheet) {
	lang := string(i18n.Lang(ctx))
	for _, s := range record.Sheets {
		if !s.Published || s.Standing != string(domain.PurposeInForce) {
			continue
		}
		p := publicSheet{name: s.Name, description: s.Description, basis: enumWord(ctx, "basis", s.LegalBasis), kept: recordSheetView{s: s}.period(ctx), unsaid: s.Unsaid()}
		for _, x := range s.Subjects {
			if x.Declared {
				p.subjects = append(p.subjects, enumWord(ctx, "subject", x.Subject))
			}
		}
		for _, d := range s.Data {
			if word := enumWord(ctx, "data_kind", d.Kind); d.Approved > 0 && !slices.Contains(p.data, word) {
				p.data = append(p.data, word)
			}
		}
		for _, d := range s.DeclaredData {
			if word := enumWord(ctx, "data_kind", d.Kind); !slices.Contains(p.data, word) {
				p.data = append(p.data, word)
			}
		}
		for _, x := range s.Recipients { // categories, not names: those are told on demand
			if word := enumWord(ctx, "recipient", x.Kind); x.Declared && !slices.Contains(p.to, word) {
				p.to = append(p.to, word)
			}
		}
		for _, x := range s.Transfers {
			if x.Declared && x.Country != "" {
				p.abroad = append(p.abroad, strings.Join(nonEmpty(domain.CountryName(lang, x.Country), enumWord(ctx, "safeguard", x.Safeguard)), ", "))
			}
		}
		out = append(out, p)
	}
	return out
}
