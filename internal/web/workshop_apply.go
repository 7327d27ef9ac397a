package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/export"
	"utile/internal/i18n"
	"utile/internal/sheet"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// applyView is the last reading before anything changes: every decision with all that it does.
type applyView struct {
	shell   ui.Shell
	crumbs  []ui.Link
	title   string
	moved   bool
	lines   []applyLine
	left    int // cards without a decision
	confirm ui.ConfirmSpec
}

type applyLine struct {
	card    cardView
	effects []applyEffect
}

type applyEffect struct {
	icon, text string
	refused    bool
}

var effectIcons = map[string]string{"linked": "link", "unlinked": "unlink", "mapped": "gavel", "reopened": "gavel", "decided": "flag", "target": "target", "required": "list-details"}

func (s *Server) reviewWorkshop(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID[domain.WorkshopID](r, "workshop")
	if err != nil {
		return err
	}
	plan, err := s.store.PlanWorkshop(r.Context(), actor(r), id)
	if err != nil {
		return err
	}
	return s.applyPage(w, r, http.StatusOK, id, plan)
}

func (s *Server) applyPage(w http.ResponseWriter, r *http.Request, status int, id domain.WorkshopID, plan store.WorkshopPlan) error {
	ctx, by := r.Context(), actor(r)
	l, err := s.store.LiveWorkshop(ctx, by, id)
	if err != nil {
		return err
	}
	names, err := s.store.Names(ctx, by)
	if err != nil {
		return err
	}
	v := applyView{title: i18n.T(ctx, "workshop.apply"), moved: status == http.StatusConflict, left: l.Counts.Left,
		crumbs: []ui.Link{{Href: workspacePath(by, "workshops"), Text: i18n.T(ctx, "workshops.title")}, {Href: workshopPath(by, id), Text: l.Workshop.Name}, {Text: i18n.T(ctx, "workshop.apply")}}}
	for _, line := range plan.Lines {
		out := applyLine{card: cardViewOf(ctx, l, line.CardLine)}
		for _, e := range line.Effects {
			out.effects = append(out.effects, planEffect(ctx, e, names))
		}
		v.lines = append(v.lines, out)
	}
	changed, refused := plan.Effects()
	impacts := []ui.Impact{{Kind: ui.OK, Text: i18n.T(ctx, "workshop.apply.changes", "n", changed)}}
	if refused > 0 {
		impacts = append(impacts, ui.Impact{Kind: ui.Warn, Text: i18n.T(ctx, "workshop.apply.refused", "n", refused)})
	}
	if n := plan.Reopened(); n > 0 {
		impacts = append(impacts, ui.Impact{Kind: ui.Review, Text: i18n.T(ctx, "effect.reopened", "n", n)})
	}
	if v.left > 0 {
		impacts = append(impacts, ui.Impact{Kind: ui.Neutral, Text: i18n.T(ctx, "workshop.apply.left", "n", v.left)})
	}
	v.confirm = ui.ConfirmSpec{Title: v.title, Text: i18n.T(ctx, "workshop.apply.text", "days", domain.UndoDays), Impacts: impacts, Action: workshopPath(by, id, "apply"),
		Values: []ui.Hidden{{Name: "seen", Value: plan.Fingerprint}},
		Submit: ui.ButtonSpec{Text: i18n.T(ctx, "workshop.do.apply"), Icon: "check", Variant: ui.Primary, Disabled: changed == 0},
		Cancel: ui.Link{Href: workshopPath(by, id), Text: i18n.T(ctx, "verb.cancel")}}
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.render(w, r, status, applyPage(v))
}

func planEffect(ctx context.Context, e store.PlanEffect, names store.Names) applyEffect {
	v := applyEffect{icon: effectIcons[e.Kind], refused: e.Refused != ""}
	switch e.Kind {
	case "linked", "required":
		v.text = i18n.T(ctx, "workshop.effect."+e.Kind, "program", names.Program(e.Program), "level", i18n.Lower(enumWord(ctx, "level", e.What)))
	case "unlinked":
		v.text = i18n.T(ctx, "workshop.effect.unlinked", "program", names.Program(e.Program))
	case "reopened":
		v.text = i18n.T(ctx, "workshop.effect.reopened", "n", e.N)
	case "mapped":
		v.text = i18n.T(ctx, "workshop.effect.mapped", "purpose", names.Purpose(e.Purpose))
	case "decided":
		v.text = enumWord(ctx, "decision", e.What)
	case "target":
		v.text = i18n.T(ctx, "workshop.effect.target", "action", i18n.Lower(enumWord(ctx, "target.action", e.What)))
	}
	if e.Refused != "" {
		why := i18n.T(ctx, "workshop.refused."+e.Refused)
		if !i18n.Has(ctx, "workshop.refused."+e.Refused) {
			why = bulkRefusal(ctx, e.Refused)
		}
		v.text, v.icon = v.text+" · "+why, "alert-triangle"
	}
	return v
}

func (s *Server) applyWorkshop(w http.ResponseWriter, r *http.Request) error {
	by := actor(r)
	id, err := pathID[domain.WorkshopID](r, "workshop")
	if err != nil {
		return err
	}
	f, _, err := decode[struct {
		Seen string `form:"seen"`
	}](r)
	if err != nil {
		return err
	}
	batch, plan, err := s.store.ApplyWorkshop(r.Context(), by, id, f.Seen)
	if errors.Is(err, domain.Conflict) && plan.Fingerprint != "" && plan.Fingerprint != f.Seen {
		return s.applyPage(w, r, http.StatusConflict, id, plan)
	}
	if err != nil {
		return err
	}
	changed, _ := plan.Effects()
	return s.seeOtherBatch(w, r, workshopPath(by, id), batch, "workshop.applied", "n", changed)
}

// minutesView is the record of a workshop: what was decided, by whom, and what is left.
type minutesView struct {
	shell      ui.Shell
	crumbs     []ui.Link
	path       string
	w          domain.Workshop
	badge      mark
	facts      []ui.Fact
	figures    []ui.FigureSpec
	parts      []minutesPart
	objections []minutesObjection
	people     []personLine
	byRole     [][]string // how each role voted: the words of the heads, then a line for each card and program
	files      []ui.Link
}

// minutesPart is one list of the minutes: a program's dictionary, the plan of collection, what goes, what is open.
type minutesPart struct {
	title   string
	program domain.ProgramID // whose dictionary it is; zero for the other lists
	rows    []minutesRow
}

type minutesRow struct {
	name, where, decision, need, reason, owner, due, votes string
	role, basis, retention                                 string // of data in a dictionary
}

type minutesObjection struct{ card, who, body string }

type minutesVotes struct {
	card    string
	program string
	roles   []roleVotes
}

// minutes puts a workshop into its lists.
func (s *Server) minutes(r *http.Request, id domain.WorkshopID) (v minutesView, err error) {
	ctx, by := r.Context(), actor(r)
	v.path = workshopPath(by, id)
	err = s.store.Read(ctx, by, func(st *store.Store) error {
		l, err := st.LiveWorkshop(ctx, by, id)
		if err != nil {
			return err
		}
		v.w = l.Workshop
		lines, err := st.Cards(ctx, by, id)
		if err != nil {
			return err
		}
		people, err := st.Participants(ctx, by, id)
		if err != nil {
			return err
		}
		objections, err := st.Objections(ctx, by, id)
		if err != nil {
			return err
		}
		grounds, err := st.CardGrounds(ctx, by, id)
		if err != nil {
			return err
		}
		names, err := st.Names(ctx, by)
		if err != nil {
			return err
		}
		v.facts = workshopFacts(ctx, l.Workshop, l.Programs, names)
		v.people = present(personLines(ctx, people))
		v.figures = minutesFigures(ctx, l.Counts)
		var votes []minutesVotes
		v.parts, votes = minutesParts(ctx, l, lines, grounds)
		v.byRole = votesByRole(ctx, votes)
		titles := map[domain.WorkshopCardID]string{}
		for _, line := range lines {
			titles[line.ID] = line.Title(string(i18n.Lang(ctx)))
		}
		for _, o := range objections {
			v.objections = append(v.objections, minutesObjection{titles[o.Card], strings.Join(nonEmpty(o.Name, enumWord(ctx, "workshop.role", o.Role)), ", "), o.Body})
		}
		return nil
	})
	return v, err
}

func minutesFigures(ctx context.Context, c store.WorkshopCounts) []ui.FigureSpec {
	var out []ui.FigureSpec
	for _, f := range []struct {
		name string
		n    int
		kind ui.Kind
		icon string
	}{{"kept", c.Kept, ui.OK, "circle-check"}, {"dropped", c.Dropped, ui.Danger, "trash"}, {"collect", c.Collect, ui.Info, "download"},
		{"review", c.Review, ui.Review, "help-circle"}, {"left", c.Left, ui.Neutral, "circle-dashed"}} {
		out = append(out, ui.FigureSpec{Kind: f.kind, Icon: f.icon, Count: i18n.Number(ctx, f.n), Text: i18n.T(ctx, "workshop.count."+f.name)})
	}
	return out
}

func minutesParts(ctx context.Context, l store.WorkshopLive, lines []store.CardLine, grounds map[store.CardGround]store.Ground) (parts []minutesPart, votes []minutesVotes) {
	row := func(line store.CardLine) minutesRow {
		c := cardViewOf(ctx, l, line)
		m := minutesRow{name: c.title, where: joined(c.where, c.code), decision: c.decision.text, reason: joined(c.reason, dpoSaid(ctx, line)), owner: c.owner, due: c.due}
		if line.Decision != "" {
			m.votes = i18n.T(ctx, "workshop.heads", "keep", line.KeepN, "drop", line.DropN)
		}
		return m
	}
	for _, p := range l.Programs {
		part := minutesPart{title: i18n.T(ctx, "workshop.dictionary", "program", p.Name), program: domain.ProgramID(p.ID)}
		for _, line := range lines {
			for _, need := range line.Outcome {
				if line.Decision.Keeps() && need.Program == domain.ProgramID(p.ID) && need.Level > 0 {
					m := row(line)
					m.retention = line.Retention
					if g, ok := grounds[store.CardGround{Card: line.ID, Program: domain.ProgramID(p.ID)}]; ok {
						m.role, m.basis = enumWord(ctx, "link.role", g.Role), strings.Join(enumWords(ctx, "basis", g.Bases), ", ")
					}
					m.need = strings.Join(nonEmpty(needMark(ctx, need.Level).text, need.Note), " · ")
					part.rows = append(part.rows, m)
				}
			}
		}
		parts = append(parts, part)
	}
	for _, list := range []struct {
		key  string
		want func(store.CardLine) bool
	}{
		{"kept", func(c store.CardLine) bool {
			return c.Decision.Keeps() && !slices.ContainsFunc(c.Outcome, func(n domain.ProgramNeed) bool { return n.Level > 0 })
		}},
		{"collection", func(c store.CardLine) bool { return c.Decision == domain.CardCollect }},
		{"replaced", func(c store.CardLine) bool { return c.Decision == domain.CardReplace }},
		{"dropped", func(c store.CardLine) bool { return c.Decision == domain.CardDrop || c.Decision == domain.CardArchive }},
		{"open", func(c store.CardLine) bool { return c.Decision == domain.CardReview || c.Decision == "" }},
	} {
		part := minutesPart{title: i18n.T(ctx, "workshop.part."+list.key)}
		for _, line := range lines {
			if list.want(line) {
				m := row(line)
				if line.Decision == "" {
					m.reason = joined(line.ParkedNote, dpoSaid(ctx, line))
				}
				part.rows = append(part.rows, m)
			}
		}
		if list.key != "kept" || len(part.rows) > 0 { // which is rare
			parts = append(parts, part)
		}
	}
	for _, line := range lines {
		if !line.Revealed {
			continue
		}
		for _, v := range cardViewOf(ctx, l, line).rows {
			if len(v.byRole) > 0 {
				votes = append(votes, minutesVotes{line.Title(string(i18n.Lang(ctx))), v.name, v.byRole})
			}
		}
	}
	return parts, votes
}

// dpoSaid is what a DPO said of a card, or that they are asked first; empty where neither is so.
func dpoSaid(ctx context.Context, l store.CardLine) string {
	switch l.DPO {
	case domain.DPONeeded:
		return i18n.T(ctx, "workshop.dpo_needed")
	case domain.DPOVetoed:
		return strings.Join(nonEmpty(i18n.T(ctx, "workshop.dpo_vetoed", "name", l.DPOBy), enumWord(ctx, "workshop.ground", l.DPOGround), l.DPOReason), " ")
	case domain.DPOAllowed:
		if l.DPOReason != "" { // under what condition
			return i18n.T(ctx, "workshop.dpo_allowed", "name", l.DPOBy) + " " + l.DPOReason
		}
	case domain.DPONotAsked:
	}
	return ""
}

func (s *Server) showMinutes(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	id, err := pathID[domain.WorkshopID](r, "workshop")
	if err != nil {
		return err
	}
	v, err := s.minutes(r, id)
	if err != nil {
		return err
	}
	state := string(v.w.State)
	if v.w.Batch != 0 {
		state = domain.WorkshopApplied
	}
	kind, icon := workshopTone(state)
	v.badge = mark{kind, icon, enumWord(ctx, "workshop.state", state)}
	v.files = []ui.Link{{Href: v.path + "/minutes.docx", Text: i18n.T(ctx, "workshop.docx"), Icon: "file-text"}, {Href: v.path + "/minutes.csv", Text: i18n.T(ctx, "export.csv"), Icon: "download"}}
	v.crumbs = []ui.Link{{Href: workspacePath(by, "workshops"), Text: i18n.T(ctx, "workshops.title")}, {Href: v.path, Text: v.w.Name}, {Text: i18n.T(ctx, "workshop.minutes_title")}}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "workshop.minutes_title")+" · "+v.w.Name); err != nil {
		return err
	}
	v.shell.PrintNote = v.w.Name + " · " + v.shell.PrintNote
	return s.ok(w, r, minutesPage(v))
}

// minutesFile answers with the minutes as a document or as rows.
func (s *Server) minutesFile(format string) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx, by := r.Context(), actor(r)
		id, err := pathID[domain.WorkshopID](r, "workshop")
		if err != nil {
			return err
		}
		v, err := s.minutes(r, id)
		if err != nil {
			return err
		}
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-workshop-%d.%s"`, by.Slug, int64(id), format))
		if format == "docx" {
			h.Set("Content-Type", "application/vnd.openxmlformats-officedocument.wordprocessingml.document")
			return sheet.WriteDocument(w, minutesDocument(ctx, v, i18n.DayText(ctx, s.now().UTC())))
		}
		h.Set("Content-Type", contentTypes["csv"])
		out, err := export.NewWriter(w, "csv", string(i18n.Lang(ctx)), i18n.T(ctx, "workshop.minutes_title"))
		if err != nil {
			return err
		}
		register := domain.Register{Name: "minutes", Columns: []domain.RegisterColumn{{Key: "part", Kind: domain.CellText}, {Key: "field", Kind: domain.CellText}, {Key: "place", Kind: domain.CellText},
			{Key: "card_decision", Kind: domain.CellText}, {Key: "need", Kind: domain.CellText}, {Key: "role", Kind: domain.CellText}, {Key: "legal_basis", Kind: domain.CellText},
			{Key: "retention", Kind: domain.CellText}, {Key: "reason", Kind: domain.CellText}, {Key: "decision_owner", Kind: domain.CellText},
			{Key: "due_on", Kind: domain.CellText}, {Key: "votes", Kind: domain.CellText}}}
		words := export.Words{Title: func(column string) string { return columnWord(ctx, column) }, Word: func(prefix, code string) string { return enumWord(ctx, prefix, code) }}
		return export.Rows(register, nil, out, words, func(write func(domain.Row) error) error {
			for _, part := range v.parts {
				for _, m := range part.rows {
					if err := write(domain.Row{Cells: map[string]any{"part": part.title, "field": m.name, "place": m.where, "card_decision": m.decision, "need": m.need, "role": m.role, "legal_basis": m.basis, "retention": m.retention,
						"reason": m.reason, "decision_owner": m.owner, "due_on": m.due, "votes": m.votes}}); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
}

// votesByRole has heads, a line for each card and program, and a column for each role; nothing where nobody voted.
func votesByRole(ctx context.Context, list []minutesVotes) [][]string {
	if len(list) == 0 {
		return nil
	}
	var roles []string
	for _, votes := range list {
		for _, r := range votes.roles {
			if !slices.Contains(roles, r.role) {
				roles = append(roles, r.role)
			}
		}
	}
	rows := [][]string{append([]string{columnWord(ctx, "field"), columnWord(ctx, "program")}, roles...)}
	for _, votes := range list {
		row := make([]string, len(roles))
		for _, r := range votes.roles {
			var said []string
			for level := 2; level >= 0; level-- {
				if n := r.counts[level]; n > 0 {
					said = append(said, i18n.T(ctx, "workshop.said."+strconv.Itoa(level), "n", n))
				}
			}
			row[slices.Index(roles, r.role)] = strings.Join(said, ", ")
		}
		rows = append(rows, append([]string{votes.card, votes.program}, row...))
	}
	return rows
}

// minutesDocument is the record as a document to sign.
func minutesDocument(ctx context.Context, v minutesView, day string) sheet.Document {
	d := sheet.Document{Title: v.w.Name, Lang: string(i18n.Lang(ctx))}
	d.Heading(0, v.w.Name)
	d.Text(i18n.T(ctx, "workshop.minutes_title") + " · " + day)
	if v.w.Note != "" {
		d.Text(v.w.Note)
	}
	for _, f := range v.facts {
		if f.Text != "" && f.Text != v.w.Note {
			d.Text(i18n.T(ctx, "workshop.fact", "name", f.Term, "value", f.Text))
		}
	}
	d.Heading(1, i18n.T(ctx, "workshop.participants"))
	for _, p := range v.people {
		d.Text(strings.Join(nonEmpty(p.name, p.role, p.part), " · "))
	}
	d.Heading(1, i18n.T(ctx, "workshop.summary"))
	for _, f := range v.figures {
		d.Text(f.Count + " " + f.Text)
	}
	decided := []string{columnWord(ctx, "field"), columnWord(ctx, "card_decision"), columnWord(ctx, "reason"), columnWord(ctx, "decision_owner"), columnWord(ctx, "due_on"), columnWord(ctx, "votes")}
	dictionary := []string{columnWord(ctx, "field"), columnWord(ctx, "need"), columnWord(ctx, "role"), columnWord(ctx, "legal_basis"), columnWord(ctx, "retention"), columnWord(ctx, "decision_owner"), columnWord(ctx, "due_on"), columnWord(ctx, "votes")}
	for _, part := range v.parts {
		d.Heading(1, part.title)
		if len(part.rows) == 0 {
			d.Text(i18n.T(ctx, "workshop.part.none"))
			continue
		}
		rows, widths := [][]string{decided}, []int{24, 13, 27, 14, 10, 12}
		if part.program != 0 {
			rows, widths = [][]string{dictionary}, []int{18, 17, 9, 11, 13, 12, 10, 10}
		}
		for _, m := range part.rows {
			if part.program != 0 {
				rows = append(rows, []string{joined(m.name, m.where), strings.Join(nonEmpty(m.need, m.decision, m.reason), " · "), m.role, m.basis, m.retention, m.owner, m.due, m.votes})
			} else {
				rows = append(rows, []string{joined(m.name, m.where), m.decision, m.reason, m.owner, m.due, m.votes})
			}
		}
		d.Table(rows, widths...)
	}
	d.Heading(1, i18n.T(ctx, "workshop.objections"))
	if len(v.objections) == 0 {
		d.Text(i18n.T(ctx, "workshop.part.none"))
	}
	for _, o := range v.objections {
		d.Text(i18n.T(ctx, "workshop.fact", "name", o.card+" · "+o.who, "value", o.body))
	}
	d.Heading(1, i18n.T(ctx, "workshop.by_role_title"))
	if len(v.byRole) == 0 {
		d.Text(i18n.T(ctx, "workshop.part.none"))
	} else {
		d.Table(v.byRole)
	}
	d.Heading(1, i18n.T(ctx, "workshop.signatures"))
	sign := [][]string{{i18n.T(ctx, "column.name"), i18n.T(ctx, "column.voter_role"), i18n.T(ctx, "workshop.signature")}}
	for _, p := range v.people {
		sign = append(sign, []string{p.name, p.role, ""})
	}
	d.Table(sign)
	return d
}
