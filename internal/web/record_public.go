package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

// Words of the public page of the record.
//
//i18n:dynamic public_record.

type publicRecordView struct {
	shell        ui.Shell
	name         string
	introduction string
	contact      string
	sheets       []publicSheet
}

// showPublicRecord shows what a workspace publishes of its record, to anybody. A workspace that publishes nothing is, from
// outside, none.
func (s *Server) showPublicRecord(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	none := domain.Errorf(domain.NotFound, "error.not_found", "noun", "page")
	record, o, err := s.store.PublicRecord(ctx, chi.URLParam(r, "slug"), string(i18n.Lang(ctx)))
	if err != nil {
		return err
	}
	if !o.Published {
		return none
	}
	v := publicRecordView{shell: s.bareShell(r, i18n.T(ctx, "public_record.title")), introduction: o.Introduction, sheets: publicSheets(ctx, record)}
	v.shell.NoIndex = false
	if p, ok := o.Party("controller"); ok {
		v.name = p.Name
	}
	for _, role := range []string{"dpo", "controller"} {
		if p, ok := o.Party(role); ok && p.Email != "" && v.contact == "" {
			v.contact = p.Email
		}
	}
	var page strings.Builder
	if err := publicRecord(v).Render(ctx, &page); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(page.String()))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("Vary", "Accept-Language, Cookie")
	h.Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	if r.Header.Get("If-None-Match") == h.Get("ETag") {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	_, err = w.Write([]byte(page.String()))
	return err
}

// facts are what is told of a purpose. What nobody has said yet is told as such: an empty line would look like nothing to tell.
func (p publicSheet) facts(ctx context.Context) []ui.Fact {
	fact := func(key, text string) ui.Fact {
		f := ui.Fact{Term: i18n.T(ctx, "public_record."+key), Text: text}
		if text == "" {
			f.Note = i18n.T(ctx, "record.unknown")
		}
		return f
	}
	list := func(key string, texts []string, none string) ui.Fact {
		f := fact(key, none)
		if len(texts) > 0 {
			f.Text, f.Note, f.Value, f.Wide = "", "", textList(texts), true
		}
		return f
	}
	kept := fact("kept", p.kept)
	kept.Wide = true
	nowhere := i18n.T(ctx, "public_record.none")
	if p.unsaid.Transfers { // the inventory shows some, which nobody has declared or set aside
		nowhere = ""
	}
	return []ui.Fact{fact("why", p.basis), fact("who", strings.Join(p.subjects, ", ")), list("data", p.data, ""), fact("to", strings.Join(p.to, ", ")),
		list("abroad", p.abroad, nowhere), kept}
}
