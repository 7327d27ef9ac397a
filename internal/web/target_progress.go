package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/sheet"
	"utile/internal/store"
	"utile/internal/web/ui"
)

type targetProgressView struct {
	formView
	shell    ui.Shell
	crumbs   []ui.Link
	count    string
	none     bool   // neither targets nor versions are there
	add      string // form of a first target; empty where the visitor may not
	first    string // where it began and where it is, in a sentence
	bars     []ui.BarSpec
	heads    []ui.HeaderSpec
	rows     []targetCountRow
	versions []targetVersionLine
	freeze   string // where a version is frozen; empty where the visitor may not, or nothing is there to freeze
	typed    versionForm
}

// targetCountRow is how far the targets of an action are.
type targetCountRow struct {
	action mark
	cells  []ui.Link
}

type targetVersionLine struct {
	href, name, note, day, by, targets string
	since, step                        string // comparisons: with today, with the version before
}

type versionForm struct {
	Name string `form:"name"`
	Note string `form:"note"`
}

// noteField is the box of a version's note, whose word differs from that of a link.
func (v targetProgressView) noteField() ui.Field {
	f := v.optional("note")
	f.Label = i18n.T(v.ctx, "target.version.note")
	return f
}

func (s *Server) showTargetProgress(w http.ResponseWriter, r *http.Request) error {
	return s.targetProgressPage(w, r, http.StatusOK, versionForm{}, nil)
}

func (s *Server) targetProgressPage(w http.ResponseWriter, r *http.Request, status int, typed versionForm, bad domain.Problems) error {
	ctx, by := r.Context(), actor(r)
	p, err := s.store.TargetProgress(ctx, by)
	if err != nil {
		return err
	}
	list := workspacePath(by, "targets")
	v := targetProgressView{formView: formView{ctx, "target_version", bad}, typed: typed,
		crumbs: []ui.Link{{Href: list, Text: i18n.T(ctx, "targets.title")}, {Text: i18n.T(ctx, "target.progress.title")}}}
	today := map[domain.TargetStanding]int64{}
	for _, counts := range p.Today {
		for standing, n := range counts {
			today[standing] += n
		}
	}
	v.draw(by, p, today, s.dayShown(ctx, by))
	v.table(by, p)
	v.list(by, p.Versions)
	v.count = i18n.T(ctx, "targets.count", "n", total(today))
	v.none = total(today) == 0 && len(p.Versions) == 0
	if by.Can(domain.EditPlan) {
		v.add = list + "/new"
		if total(today) > 0 {
			v.freeze = list + "/versions"
		}
	}
	if v.shell, err = s.shell(w, r, i18n.T(ctx, "target.progress.title")); err != nil {
		return err
	}
	return s.render(w, r, status, targetProgress(v))
}

// dayShown is the day that the page is of, as people read it.
func (s *Server) dayShown(ctx context.Context, by domain.Actor) string {
	if !by.AsOf.IsZero() {
		return i18n.Day(ctx, by.AsOf)
	}
	return i18n.Day(ctx, s.now())
}

func total(counts map[domain.TargetStanding]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// draw makes a bar of each version and one of today, on one scale, the oldest first.
func (v *targetProgressView) draw(by domain.Actor, p store.TargetProgress, today map[domain.TargetStanding]int64, day string) {
	most := total(today)
	for _, f := range p.Versions {
		most = max(most, total(f.Standings))
	}
	bar := func(title, note, path string, counts map[domain.TargetStanding]int64) ui.BarSpec {
		b := ui.BarSpec{Title: title, Note: note, Href: path, Scale: int(max(most, 1))}
		for _, code := range slices.Backward(domain.TargetStandings) {
			standing := domain.TargetStanding(code)
			kind, _ := standingTone(code)
			b.Segments = append(b.Segments, ui.Segment{Kind: kind, Value: int(counts[standing]), Count: i18n.Number(v.ctx, counts[standing]),
				Text: i18n.T(v.ctx, "target.standing."+code), Href: withQuery(path, "target_standing", code)})
		}
		return b
	}
	for _, f := range p.Versions {
		v.bars = append(v.bars, bar(versionName(v.ctx, f), i18n.Day(v.ctx, f.FrozenAt), frozenPath(by, f.ID), f.Standings))
	}
	v.bars = append(v.bars, bar(i18n.T(v.ctx, "target.today"), day, workspacePath(by, "targets"), today))
	if len(p.Versions) > 0 {
		first := p.Versions[0]
		v.first = i18n.T(v.ctx, "target.progress.first", "day", i18n.Day(v.ctx, first.FrozenAt), "name", first.Name, "was", first.Standings[domain.TargetReached],
			"of", total(first.Standings), "n", today[domain.TargetReached], "all", total(today))
	}
}

func withQuery(path, name, value string) string {
	if strings.Contains(path, "?") {
		return path + "&" + name + "=" + value
	}
	return path + "?" + name + "=" + value
}

func frozenPath(by domain.Actor, id domain.TargetVersionID) string {
	return workspacePath(by, "targets", "frozen") + "?target_version=" + itoa(id)
}

func versionName(ctx context.Context, f domain.TargetVersion) string {
	return i18n.T(ctx, "target.version.name", "n", f.Number, "name", f.Name)
}

// table counts the targets of today by action and standing; every figure opens its list.
func (v *targetProgressView) table(by domain.Actor, p store.TargetProgress) {
	v.heads = plainHeads(v.ctx, "column.target_action")
	for _, code := range domain.TargetStandings {
		v.heads = append(v.heads, ui.HeaderSpec{Text: i18n.T(v.ctx, "target.standing."+code), Class: "c-num"})
	}
	v.heads = append(v.heads, ui.HeaderSpec{Text: i18n.T(v.ctx, "target.total"), Class: "c-num"})
	for _, code := range domain.TargetActions {
		action := domain.TargetAction(code)
		counts, path := p.Today[action], withQuery(workspacePath(by, "targets"), "target_action", code)
		if total(counts) == 0 {
			continue
		}
		row := targetCountRow{action: targetMark(v.ctx, action)}
		for _, standing := range domain.TargetStandings {
			n := counts[domain.TargetStanding(standing)]
			cell := ui.Link{Text: i18n.Number(v.ctx, n)}
			if n > 0 {
				cell.Href = withQuery(path, "target_standing", standing)
			}
			row.cells = append(row.cells, cell)
		}
		v.rows = append(v.rows, targetCountRow{row.action, append(row.cells, ui.Link{Href: path, Text: i18n.Number(v.ctx, total(counts))})})
	}
}

// list names the versions, the newest first.
func (v *targetProgressView) list(by domain.Actor, versions []domain.TargetVersion) {
	compare := workspacePath(by, "targets", "compare")
	for i, f := range slices.Backward(versions) {
		line := targetVersionLine{href: frozenPath(by, f.ID), name: versionName(v.ctx, f), note: f.Note, day: i18n.Day(v.ctx, f.FrozenAt), by: actorWord(v.ctx, f.FrozenByName),
			targets: i18n.Number(v.ctx, total(f.Standings)), since: compare + "?from=" + itoa(f.ID)}
		if i > 0 {
			line.step = compare + "?from=" + itoa(versions[i-1].ID) + "&to=" + itoa(f.ID)
		}
		v.versions = append(v.versions, line)
	}
}

func versionHeads(ctx context.Context) []ui.HeaderSpec {
	heads := plainHeads(ctx, "column.target_version", "column.frozen_at", "column.frozen_by", "column.targets", "target.compare")
	heads[3].Class = "c-num"
	return heads
}

func (s *Server) freezeTargets(w http.ResponseWriter, r *http.Request) error {
	f, bad, err := decode[versionForm](r)
	if err != nil {
		return err
	}
	version, err := domain.NewTargetVersion(domain.TargetVersion{Name: f.Name, Note: f.Note})
	if err == nil && len(bad) == 0 {
		_, err = s.store.FreezeTargets(r.Context(), actor(r), version)
	}
	if problems, isForm := withProblems(bad, err); isForm {
		return s.targetProgressPage(w, r, http.StatusUnprocessableEntity, f, problems)
	}
	if err != nil {
		return err
	}
	return s.seeOther(w, r, workspacePath(actor(r), "targets", "progress")+"#versions", "target.frozen", "name", version.Name)
}

type targetChangesView struct {
	shell                  ui.Shell
	crumbs                 []ui.Link
	title, summary, action string
	from, to               string
	choices                []ui.Option
	groups                 []targetChangeGroup
	file                   string
}

// targetChangeGroup are the targets whose weightiest difference is of one kind.
type targetChangeGroup struct {
	id, title, count, rest string
	lines                  []targetChangeLine
}

type targetChangeLine struct {
	about, place, scope string
	words               []string
}

// changesShown is how many differences of a kind a page shows; the file has them all.
const changesShown = 200

// targetsCompared reads the two versions that the address names: without from the first, without to today.
func (s *Server) targetsCompared(r *http.Request) (from, to domain.TargetVersion, versions []domain.TargetVersion, changes []domain.TargetChange, err error) {
	ctx, by := r.Context(), actor(r)
	err = s.store.Read(ctx, by, func(st *store.Store) error {
		p, err := st.TargetProgress(ctx, by)
		if err != nil {
			return err
		}
		versions = p.Versions
		pick := func(name string, otherwise domain.TargetVersion) (domain.TargetVersion, error) {
			value := r.URL.Query().Get(name)
			if value == "" {
				return otherwise, nil
			}
			for _, v := range append(versions, domain.TargetVersion{}) {
				if itoa(v.ID) == value {
					return v, nil
				}
			}
			return otherwise, domain.Errorf(domain.NotFound, "error.not_found", "noun", "target_version")
		}
		first := domain.TargetVersion{}
		if len(versions) > 0 {
			first = versions[0]
		}
		if from, err = pick("from", first); err != nil {
			return err
		}
		if to, err = pick("to", domain.TargetVersion{}); err != nil {
			return err
		}
		before, err := st.FrozenTargets(ctx, by, from.ID)
		if err != nil {
			return err
		}
		after, err := st.FrozenTargets(ctx, by, to.ID)
		changes = domain.CompareTargets(before, after)
		return err
	})
	return from, to, versions, changes, err
}

func (s *Server) compareTargets(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), actor(r)
	from, to, versions, changes, err := s.targetsCompared(r)
	if err != nil {
		return err
	}
	name := func(v domain.TargetVersion) string {
		if v.ID == 0 {
			return i18n.T(ctx, "target.today")
		}
		return versionName(ctx, v)
	}
	v := targetChangesView{title: i18n.T(ctx, "target.changes.title"), action: workspacePath(by, "targets", "compare"), from: itoa(from.ID), to: itoa(to.ID),
		crumbs: []ui.Link{{Href: workspacePath(by, "targets"), Text: i18n.T(ctx, "targets.title")},
			{Href: workspacePath(by, "targets", "progress"), Text: i18n.T(ctx, "target.progress.title")}, {Text: i18n.T(ctx, "target.changes.title")}}}
	v.file = v.action + ".csv?from=" + v.from + "&to=" + v.to
	for _, f := range append(slices.Clone(versions), domain.TargetVersion{}) {
		v.choices = append(v.choices, ui.Option{Value: itoa(f.ID), Text: name(f)})
	}
	var said []string
	for _, kind := range domain.TargetChangeKinds {
		g := targetChangeGroup{id: kind}
		n := 0
		for _, c := range changes {
			if c.Kinds[0] != kind {
				continue
			}
			if n++; n <= changesShown {
				g.lines = append(g.lines, changeLine(ctx, c))
			}
		}
		if n == 0 {
			continue
		}
		g.title, g.count = i18n.T(ctx, "target.change."+kind), i18n.Number(ctx, n)
		if n > changesShown {
			g.rest = i18n.T(ctx, "effect.rest", "n", n-changesShown)
		}
		v.groups = append(v.groups, g)
		said = append(said, i18n.T(ctx, "target.change.count."+kind, "n", n))
	}
	v.summary = i18n.T(ctx, "target.changes.same", "from", name(from), "to", name(to))
	if len(said) > 0 {
		v.summary = i18n.T(ctx, "target.changes.summary", "from", name(from), "to", name(to), "changes", strings.Join(said, ", "))
	}
	if v.shell, err = s.shell(w, r, v.title); err != nil {
		return err
	}
	return s.ok(w, r, targetChanges(v))
}

func changeLine(ctx context.Context, c domain.TargetChange) targetChangeLine {
	about := c.After
	if about == nil {
		about = c.Before
	}
	return targetChangeLine{about: about.About, place: about.Place, scope: targetScope(ctx, about.For), words: changeWords(ctx, c)}
}

// changeWords says each way in which a target differs in a sentence.
func changeWords(ctx context.Context, c domain.TargetChange) []string {
	action := func(t *domain.FrozenTarget) string { return i18n.T(ctx, "target.action."+string(t.Action)) }
	var words []string
	for _, kind := range c.Kinds {
		key := "target.words." + kind
		switch kind {
		case "added":
			words = append(words, i18n.T(ctx, key, "action", action(c.After)), c.After.Reason)
		case "removed":
			words = append(words, i18n.T(ctx, key, "action", action(c.Before)))
		case "redecided":
			words = append(words, i18n.T(ctx, key, "was", action(c.Before), "is", action(c.After)))
			if c.Before.Reason != c.After.Reason {
				words = append(words, c.After.Reason)
			}
		case "moved":
			words = append(words, i18n.T(ctx, key, "was", dueWord(ctx, c.Before.Due), "is", dueWord(ctx, c.After.Due)))
		case "handed":
			words = append(words, i18n.T(ctx, key, "was", actorWord(ctx, c.Before.Owner), "is", actorWord(ctx, c.After.Owner)))
		case "detailed":
			words = append(words, detailWords(ctx, c)...)
		default:
			words = append(words, i18n.T(ctx, key, "day", dueWord(ctx, c.After.Due)))
		}
	}
	return nonEmpty(words...)
}

// detailWords say what else was written of a target, part by part. A reason is told with the decision that it is of.
func detailWords(ctx context.Context, c domain.TargetChange) []string {
	b, a := c.Before, c.After
	var words []string
	for _, d := range []struct{ name, was, is string }{
		{"cause", enumWord(ctx, "target.cause", b.Cause), enumWord(ctx, "target.cause", a.Cause)}, {"how", b.How, a.How}, {"instead", b.Instead, a.Instead},
		{"collection_point", b.Point, a.Point}, {"wording", b.Wording, a.Wording}, {"consent_category", b.Consent, a.Consent}, {"reason", b.Reason, a.Reason},
	} {
		if d.was != d.is && (d.name != "reason" || !slices.Contains(c.Kinds, "redecided")) {
			key := "target.words.detailed"
			switch {
			case d.was == "":
				key = "target.words.told"
			case d.is == "":
				key = "target.words.untold"
			}
			words = append(words, i18n.T(ctx, key, "name", i18n.T(ctx, "column."+d.name), "was", strings.TrimSuffix(d.was, "."), "is", strings.TrimSuffix(d.is, ".")))
		}
	}
	return words
}

// said is a text, or that nothing was said.
func said(ctx context.Context, text string) string {
	if text == "" {
		return i18n.T(ctx, "record.unknown")
	}
	return text
}

func dueWord(ctx context.Context, due *time.Time) string { return said(ctx, shownDay(ctx, due)) }

func changeHeads(ctx context.Context) []ui.HeaderSpec {
	return plainHeads(ctx, "column.about", "column.program", "target.changes.what")
}

// exportTargetChanges answers with every difference between two versions as a table.
func (s *Server) exportTargetChanges(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	from, to, _, changes, err := s.targetsCompared(r)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", contentTypes["csv"])
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="`+visitOf(r).Workspace.Slug+"-targets-"+strconv.Itoa(from.Number)+"-"+strconv.Itoa(to.Number)+`.csv"`)
	out := sheet.NewCSV(w, string(i18n.Lang(ctx)))
	var heads []sheet.Column
	for _, key := range []string{"column.about", "column.place", "column.program", "target.changes.how", "target.changes.what"} {
		heads = append(heads, sheet.Column{Key: key, Title: i18n.T(ctx, key)})
	}
	if err := out.Header(heads); err != nil {
		return err
	}
	for _, c := range changes {
		line := changeLine(ctx, c)
		if err := out.Row([]any{line.about, line.place, line.scope, i18n.T(ctx, "target.change."+c.Kinds[0]), strings.Join(line.words, " ")}); err != nil {
			return err
		}
	}
	return out.Close()
}
