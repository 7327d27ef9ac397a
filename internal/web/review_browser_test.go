package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"utile/internal/browsertest"
	"utile/internal/domain"
	"utile/internal/example"
	"utile/internal/web/webtest"
)

// exampleDPO makes the worked example and a DPO of it.
func exampleDPO(t *testing.T, s *webtest.Site, slug, lang string) domain.Actor {
	t.Helper()
	w, err := example.Create(t.Context(), s.Store, s.Admin(), slug, lang, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	dpo := s.Acme[domain.RoleDPO]
	dpo.Workspace, dpo.Slug, dpo.Lang = w.ID, slug, lang
	s.Exec(t, `insert into membership (workspace_id, user_id, role) values ($1, $2, 'dpo')`, w.ID, dpo.User)
	return dpo
}

// TestQueueClearedByKeyboard: a DPO clears a queue of more than 200 mappings of the worked example without touching the pointer,
// each question answered by one key or, where a check blocks, by a reasoned refusal; takes one answer back; and finds every key
// in the help.
func TestQueueClearedByKeyboard(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	dpo := exampleDPO(t, s, "lumiere", "en")
	count := func(sql string) (n int) {
		t.Helper()
		if err := s.Owner.QueryRow(t.Context(), sql, dpo.Workspace).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	// The recipients of the two purposes with the most approvals change: their approvals come back.
	purposes := []domain.PurposeID{}
	rows, err := s.Owner.Query(t.Context(), `select purpose_id from purpose_mapping where workspace_id = $1 and state = 'approved' group by 1 order by count(*) desc limit 2`, dpo.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var id domain.PurposeID
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		purposes = append(purposes, id)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	for _, id := range purposes {
		p, err := s.Store.PurposeByID(t.Context(), dpo, id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Store.ChangePurpose(t.Context(), dpo, id, p.Version, func(p domain.Purpose) (domain.Purpose, error) {
			p.Recipients = append(p.Recipients, domain.Recipient{Kind: "partner", Name: "Orion"})
			return domain.NewPurpose(p)
		}); err != nil {
			t.Fatal(err)
		}
	}
	// The first look ends what the days have ended: the purpose whose review was due comes back too.
	tab := browsertest.Browser(t).Cookie(s.URL, "utile", s.Token(t, dpo))
	tab.Open(s.URL + "/w/lumiere/review").Wait("[data-question]")
	const waiting = `select count(*) from purpose_mapping m join field f on f.id = m.field_id where m.workspace_id = $1 and m.state = 'proposed' and f.state = 'active'`
	before := count(waiting)
	if before < 200 {
		t.Fatalf("only %d mappings wait", before)
	}
	questions := count(`select count(*) from review_question where workspace_id = $1`)
	tab.Press("?").Wait("#keys[open]").Axe(t)
	tab.Press("\x1b")
	const open = `document.querySelector('[data-question]')?.dataset.question || ''`
	next := func(question string) {
		t.Helper()
		tab.Wait(fmt.Sprintf(`[data-question]:not([data-question="%s"]),#main .empty`, question))
	}
	// There and back again.
	first := tab.Eval(open)
	tab.Press("j")
	next(first)
	second := tab.Eval(open)
	tab.Press("k")
	next(second)
	if tab.Eval(open) != first || tab.Eval(`document.activeElement.id`) != "open" {
		t.Fatal("k does not lead back to the question before, or the focus is lost")
	}
	// What is typed after R goes into the reason and is no key of the desk, ready phrases or not; an answer that cannot be given
	// leaves open what was typed, with the focus on what is wrong.
	const reason = "A sentence with a, k, q, r, s and u."
	empty := func() { tab.Eval(`document.activeElement.value = ''`) } // of the key itself, which a keyboard would not write
	tab.Press("r")
	empty()
	tab.Press(reason)
	if got := tab.Eval(`document.querySelector('details[open] form [name=reason]').value`); got != reason || tab.Eval(open) != first {
		t.Fatalf("typed after R: %q", got)
	}
	tab.Press("\x1b")
	tab.Eval(`document.activeElement.blur()`)
	tab.Press("s")
	empty()
	tab.Press("01/01/2001")
	tab.Press("\r", chromedp.KeyModifiers(chromedp.ModifierCtrl)).Wait(".desk-a .summary")
	if got := tab.Eval(`document.querySelector('.desk-a details[open] [name=snooze_until]')?.value`); got != "01/01/2001" || tab.Eval(`document.activeElement.className`) != "summary" {
		t.Fatalf("what was typed is not open: %q, the focus is on %q", got, tab.Eval(`document.activeElement.className`))
	}
	if faults := tab.Faults(); len(faults) != 1 || !strings.HasPrefix(faults[0], "422 ") {
		t.Fatalf("faults: %v", faults)
	}
	tab.Eval(`performance.clearResourceTimings()`) // that one was asked for
	tab.Eval(`document.querySelector('.desk-a details[open] [name=snooze_until]').value = '` + time.Now().AddDate(0, 1, 0).Format(time.DateOnly) + `'`)
	tab.Eval(`document.querySelector('.desk-a details[open] [name=snooze_until]').focus()`)
	tab.Press("\r", chromedp.KeyModifiers(chromedp.ModifierCtrl))
	next(first)
	tab.Press("u").Wait(fmt.Sprintf(`[data-question="%s"]`, first))
	answers := 0
	for question := first; question != ""; question = tab.Eval(open) {
		if answers++; answers > questions+5 {
			t.Fatalf("%d answers to %d questions, and %d mappings still wait", answers, questions, count(waiting))
		}
		if tab.Eval(`document.querySelector('.desk-a > .card > .cardb > form .btn-primary') ? 'yes' : ''`) == "yes" {
			tab.Press("a")
		} else {
			tab.Press("r").Press("The purpose lacks its ground.")
			tab.Press("\r", chromedp.KeyModifiers(chromedp.ModifierCtrl))
		}
		next(question)
		if answers == 3 { // taken back, and answered again
			now := tab.Eval(open)
			tab.Press("u").Wait(fmt.Sprintf(`[data-question="%s"]`, question))
			if tab.Eval(open) != question {
				t.Fatalf("u opens %s, want %s; %s was open", tab.Eval(open), question, now)
			}
		}
	}
	if left := count(waiting); left != 0 {
		t.Errorf("%d mappings of %d still wait", left, before)
	}
	if bad := count(`select count(*) from purpose_mapping where workspace_id = $1 and (state = 'proposed' or state = 'approved' and approval_id is null)`); bad != 0 {
		t.Errorf("%d mappings wait or were approved without being frozen", bad)
	}
	if faults := tab.Faults(); len(faults) > 0 {
		t.Errorf("faults: %v", faults)
	}
}

// TestLooksOfTheReview looks at the desk with a question that came back, at one that is asked, and at the questions for the team.
func TestLooksOfTheReview(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	dpo := exampleDPO(t, s, "lumiere", "fr")
	page, err := s.Store.ReviewQueue(t.Context(), dpo, domain.ListQuery{}, 50)
	if err != nil {
		t.Fatal(err)
	}
	last := page.Questions[len(page.Questions)-1].First
	card, err := s.Store.ReviewCardOf(t.Context(), dpo, last)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.AskGroup(t.Context(), dpo, last, card.Seen, "À quoi sert cette donnée, si la précédente suffit ?", "a_consent"); err != nil {
		t.Fatal(err)
	}
	var reopened int64
	if err := s.Owner.QueryRow(t.Context(), `select purpose_id from purpose_mapping where workspace_id = $1 and state = 'approved' group by 1 order by count(*) desc limit 1`, dpo.Workspace).Scan(&reopened); err != nil {
		t.Fatal(err)
	}
	p, err := s.Store.PurposeByID(t.Context(), dpo, domain.PurposeID(reopened))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Store.ChangePurpose(t.Context(), dpo, p.ID, p.Version, func(p domain.Purpose) (domain.Purpose, error) {
		p.Recipients = append(p.Recipients, domain.Recipient{Kind: "partner", Name: "Orion"})
		return domain.NewPurpose(p)
	}); err != nil {
		t.Fatal(err)
	}
	tab := browsertest.Still(t).Cookie(s.URL, "utile", s.Token(t, dpo))
	tab.Looks(t, s.URL, "/w/lumiere/review", "review")
	tab.Looks(t, s.URL, "/w/lumiere/review?reopened_because=recipients&sort=application", "review-back")
	tab.Looks(t, s.URL, "/w/lumiere/review?standing=asked", "review-asked")
	tab.Looks(t, s.URL, "/w/lumiere/review/questions?of=all", "review-questions")
	tab.Looks(t, s.URL, "/w/lumiere/review?standing=snoozed", "review-empty")
}
