package web

import (
	"encoding/json"
	"net/http"
	"time"

	"utile/internal/domain"
	"utile/internal/export"
	"utile/internal/i18n"
	"utile/internal/web/ui"
)

// Messages about what a check of the history found, put together from its kind.
//
//i18n:dynamic proof.problem.

func (s *Server) proofRoutes(r scope) {
	r.get("/proof", domain.ProveHistory, s.showProof)
	r.post("/proof", domain.ProveHistory, s.checkProof)
	r.get("/proof/head", domain.ProveHistory, s.takeHead)
	r.get("/proof/evidence", domain.ProveHistory, s.takeEvidence)
}

type proofView struct {
	formView
	shell        ui.Shell
	action, head string
	evidence     string // where the pack is
	today        string
	facts        []ui.Fact
	anchor       string // as it was pasted
	report       *domain.ChainReport
	problems     []string
}

// proofTime is how long a check may take before the connection is given up: about a minute for ten million entries.
const proofTime = 10 * time.Minute

func (s *Server) showProof(w http.ResponseWriter, r *http.Request) error {
	return s.proofPage(w, r, http.StatusOK, proofView{})
}

// checkProof hashes the history again, and compares it with the head that was pasted.
func (s *Server) checkProof(w http.ResponseWriter, r *http.Request) error {
	f, _, err := decode[struct {
		Anchor string `form:"anchor"`
	}](r)
	if err != nil {
		return err
	}
	by, v := actor(r), proofView{anchor: f.Anchor}
	var anchor *domain.SealHead
	if f.Anchor != "" {
		var p domain.Problems
		anchor, err = domain.ParseSealHead([]byte(f.Anchor))
		switch {
		case err != nil:
			p.Add("anchor", "proof.anchor.unreadable")
		case anchor.Workspace != by.Slug:
			p.Add("anchor", "proof.anchor.workspace", "workspace", anchor.Workspace)
		}
		if len(p) > 0 {
			v.formView.problems = p
			return s.proofPage(w, r, http.StatusUnprocessableEntity, v)
		}
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(proofTime)) // a server that cannot keeps its own limit
	report, err := s.store.CheckHistory(r.Context(), by, anchor)
	if err != nil {
		return err
	}
	v.report = &report
	return s.proofPage(w, r, http.StatusOK, v)
}

func (s *Server) proofPage(w http.ResponseWriter, r *http.Request, status int, v proofView) error {
	ctx, by := r.Context(), actor(r)
	head, err := s.store.SealHead(ctx, by)
	if err != nil {
		return err
	}
	v.ctx, v.area = ctx, "proof"
	v.action, v.evidence, v.today = workspacePath(by, "proof"), workspacePath(by, "proof", "evidence"), s.now().UTC().Format(time.DateOnly)
	if head.Number > 0 {
		v.head = workspacePath(by, "proof", "head")
		v.facts = []ui.Fact{
			{Term: i18n.T(ctx, "proof.head"), Text: i18n.Number(ctx, head.Number)},
			{Term: i18n.T(ctx, "proof.head.at"), Text: i18n.DateTimeText(ctx, head.At)},
			{Term: i18n.T(ctx, "proof.head.digest"), Value: digestText(head.Digest), Wide: true},
		}
	}
	if v.report != nil {
		for _, p := range v.report.Problems {
			v.problems = append(v.problems, i18n.T(ctx, "proof.problem."+string(p.Kind), "event", p.Event, "seal", p.Seal, "before", p.Seal-1))
		}
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "proof.title")); err != nil {
		return err
	}
	return s.render(w, r, status, proofPage(v))
}

// takeHead answers with the end of the chain as a small file, to be kept outside.
func (s *Server) takeHead(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	head, err := s.store.SealHead(r.Context(), by)
	if err != nil {
		return err
	}
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="`+by.Slug+`-head-`+itoa(head.Number)+`.json"`)
	_, err = w.Write(append(text, '\n'))
	return err
}

// proofAnchor is the box for a head that was kept.
func proofAnchor(v proofView) ui.Field {
	f := v.optional("anchor")
	f.Label, f.Hint = i18n.T(v.ctx, "proof.anchor"), i18n.T(v.ctx, "proof.anchor.hint")
	return f
}

// takeEvidence answers with an evidence pack, of today or of the day that the form names.
func (s *Server) takeEvidence(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	day, ok := parseDay(r.URL.Query().Get("day"))
	if !ok {
		return domain.Errorf(domain.Invalid, "as_of.day")
	}
	if day != nil && day.Before(domain.Day(s.now().UTC())) {
		var err error
		if by, err = s.store.LookAt(ctx, by, *day); err != nil {
			return err
		}
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportTime)) // a server that cannot keeps its own limit
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="`+export.EvidenceName(by.Slug, s.shownDay(by))+`"`)
	if err := export.Evidence(ctx, s.store, by, by.Slug, s.now(), w); err != nil {
		// Part of the file may have been sent: ending the connection is the only honest sign that it is not whole.
		s.log.ErrorContext(ctx, "evidence pack failed", "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}
