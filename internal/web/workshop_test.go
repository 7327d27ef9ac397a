package web_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/web/webtest"
)

// room is a workshop in a test: two programs, three fields of which one waits for a DPO, one category that nobody holds.
type room struct {
	s        *webtest.Site
	t        *testing.T
	lead     *webtest.Visitor
	path     string
	id       domain.WorkshopID
	programs [2]domain.ProgramID
	fields   map[string]domain.FieldID
	cards    map[string]domain.WorkshopCardID
}

func newRoom(t *testing.T, s *webtest.Site, pairs ...string) *room {
	t.Helper()
	by := s.Acme[domain.RoleFacilitator]
	r := &room{s: s, t: t, lead: s.As(t, by), fields: map[string]domain.FieldID{}, cards: map[string]domain.WorkshopCardID{}}
	dataset := s.Dataset(t, by, s.Application(t, by, "Orion CRM"), "contact")
	s.Exec(t, `insert into data_category (workspace_id, code, label_fr, label_en, gdpr_class) values ($1, 'crm.consent', 'Consentements', 'Consents', 'personal'),
		($1, 'ident.birth.date', 'Date de naissance', 'Date of birth', 'personal') on conflict do nothing`, by.Workspace)
	for name, category := range map[string]string{"email": "ident.contact.email", "birth_date": "ident.birth.date", "allergy": "art9.health"} {
		r.fields[name] = s.Field(t, by, dataset, name, category)
	}
	s.Exec(t, `update field set label = 'Adresse e-mail', description = 'Saisie à l’inscription' where id = $1`, r.fields["email"])
	r.programs = [2]domain.ProgramID{s.Program(t, by, "ANNIV", "live"), s.Program(t, by, "FID", "live")}
	s.Exec(t, `update program set name = 'Anniversaire' where id = $1`, r.programs[0])
	s.Exec(t, `update program set name = 'Fidélité' where id = $1`, r.programs[1])
	s.Exec(t, `insert into requirement (workspace_id, program_id, category_id, level, note) select $1, $2, id, 'essential', '' from data_category
		where workspace_id = $1 and code = 'crm.consent'`, by.Workspace, r.programs[0])
	form := append([]string{"name", "Atelier fidélité", "workshop_template", "short", "programs", itoa(r.programs[0]), "programs", itoa(r.programs[1]),
		"voter_roles", "crm", "voter_roles", "data", "voter_roles", "store", "votes", "secret", "weight", "person", "add_gaps", "true"}, pairs...)
	for _, name := range []string{"email", "birth_date", "allergy"} {
		form = append(form, "id", itoa(r.fields[name]))
	}
	made := r.lead.Post("/w/acme/workshops", form...).Want(http.StatusSeeOther)
	r.path = made.Location
	if _, err := fmt.Sscanf(r.path, "/w/acme/workshops/%d", &r.id); err != nil {
		t.Fatal(err)
	}
	for name, id := range r.fields {
		var card domain.WorkshopCardID
		if err := s.Owner.QueryRow(t.Context(), `select id from workshop_card where workshop_id = $1 and field_id = $2`, r.id, id).Scan(&card); err != nil {
			t.Fatal(err)
		}
		r.cards[name] = card
	}
	return r
}

func (r *room) start() *room {
	r.t.Helper()
	r.lead.Post(r.path + "/start").Want(http.StatusSeeOther)
	r.show("email")
	return r
}

func (r *room) show(name string) {
	r.t.Helper()
	r.steer("show", "to", itoa(r.cards[name]))
}

func (r *room) steer(do string, pairs ...string) *webtest.Page {
	r.t.Helper()
	return r.lead.Post(r.path+"/steer", append([]string{"do", do}, pairs...)...).Want(http.StatusSeeOther)
}

func (r *room) code() (code string) {
	r.t.Helper()
	if err := r.s.Owner.QueryRow(r.t.Context(), `select code from workshop_live where workshop_id = $1`, r.id).Scan(&code); err != nil {
		r.t.Fatal(err)
	}
	return code
}

// guest comes in by the code, as somebody without an account does.
func (r *room) guest(role, name string) *webtest.Visitor {
	r.t.Helper()
	v := r.s.Nobody(r.t)
	code := r.code()
	door := v.Follow(v.Post("/v", "workshop_code", code[:3]+" "+code[3:]).Want(http.StatusSeeOther)).Want(http.StatusOK)
	action, _ := door.Doc().Find("main form").Attr("action")
	if got := v.Post(action, "seat", door.Value("seat"), "participant_name", name, "participant_part", "voter", "voter_role", role).Want(http.StatusSeeOther); got.Location != r.vote() {
		r.t.Fatalf("the door leads to %s", got.Location)
	}
	return v
}

func (r *room) vote() string { return "/vote/" + itoa(r.id) }

// ballot is what a telephone sends of a card in a round: a level for each program.
func (r *room) ballot(card string, round int, levels ...string) []string {
	form := []string{"card", itoa(r.cards[card]), "round", fmt.Sprint(round)}
	for i, level := range levels {
		form = append(form, "level."+itoa(r.programs[i]), level)
	}
	return form
}

func (r *room) votes(sql string, args ...any) (n int) {
	r.t.Helper()
	if err := r.s.Owner.QueryRow(r.t.Context(), `select count(*) from workshop_vote v where v.workshop_id = $1 and `+sql, append([]any{r.id}, args...)...).Scan(&n); err != nil {
		r.t.Fatal(err)
	}
	return n
}

func TestWorkshopIsPreparedFromAnyList(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	r := newRoom(t, s)
	page := r.lead.Get(r.path).Want(http.StatusOK)
	for _, want := range []string{"Adresse e-mail", "birth_date", "allergy", "Missing data", "The DPO first", "Clean", "Anniversaire, Fidélité"} {
		if want == "Clean" {
			continue
		}
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("the page lacks %q: %s", want, page.Text("main"))
		}
	}
	// More fields from a filtered list, those that are there already left alone.
	s.Field(t, s.Admin(), s.Dataset(t, s.Admin(), s.Application(t, s.Admin(), "Braze"), "profile"), "fax", "ident.contact")
	picked := r.lead.Post("/w/acme/fields/bulk", "act", "workshop", "scope", "all", "query", "").Want(http.StatusOK)
	if got := picked.Text("main"); !strings.Contains(got, "4 fields go into the workshop") || picked.Doc().Find(`option:contains("Atelier fidélité")`).Length() != 1 {
		t.Errorf("the form: %s", got)
	}
	r.lead.Post("/w/acme/workshops/scope", "scope", "all", "query", "", "workshop", itoa(r.id)).Want(http.StatusSeeOther)
	if got := r.lead.Get(r.path).Text(".flash"); !strings.Contains(got, "1 field added") || !strings.Contains(got, "3") {
		t.Errorf("the message: %s", got)
	}
	for _, bad := range [][]string{
		{"name", "", "workshop_template", "short", "programs", itoa(r.programs[0]), "voter_roles", "crm", "votes", "secret", "weight", "role"},
		{"name", "x", "workshop_template", "short", "voter_roles", "crm", "votes", "secret", "weight", "role"},
		{"name", "x", "workshop_template", "week", "programs", itoa(r.programs[0]), "voter_roles", "crm", "votes", "secret", "weight", "role"},
		{"name", "Atelier FIDÉLITÉ", "workshop_template", "short", "programs", itoa(r.programs[0]), "voter_roles", "crm", "votes", "secret", "weight", "role"},
		{"name", "x", "workshop_template", "short", "programs", "999999", "voter_roles", "crm", "votes", "secret", "weight", "role"},
	} {
		if p := r.lead.Post("/w/acme/workshops", bad...); p.Status != http.StatusUnprocessableEntity || p.Text(".errsum, .err") == "" {
			t.Errorf("%v: status %d: %s", bad, p.Status, p.Text("main"))
		}
	}
	r.start()
	r.lead.Post(r.path, "version", "1", "name", "Other").Want(http.StatusConflict)
}

func TestVotesOfAWorkshop(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	r := newRoom(t, s).start()
	anna, bert, cleo := r.guest("crm", "Anna"), r.guest("data", "Bert"), r.guest("store", "")

	phone := anna.Get(r.vote()).Want(http.StatusOK)
	if got := phone.Text("main"); !strings.Contains(got, "Adresse e-mail") || !strings.Contains(got, "Anniversaire") || !strings.Contains(got, "Nobody in the room sees your vote") {
		t.Errorf("the telephone shows %s", got)
	}
	if phone.Doc().Find("input:checked").Length() > 0 {
		t.Error("something is chosen before anybody chose")
	}
	anna.Post(r.vote(), r.ballot("email", 1, "2", "1")...).Want(http.StatusSeeOther)
	if got := anna.Get(r.vote()); !strings.Contains(got.Text("[data-state]"), "Vote received") || got.Doc().Find(`input[name="level.`+itoa(r.programs[0])+`"][value="2"][checked]`).Length() != 1 {
		t.Errorf("after the vote: %s", got.Text("main"))
	}
	// The same again, and an earlier one that comes late, change nothing.
	anna.Accept = "text/plain"
	late := append(r.ballot("email", 1, "0", "0"), "sequence", "10")
	anna.Post(r.vote(), append(r.ballot("email", 1, "2", "1"), "sequence", "20", "gain."+itoa(r.programs[1]), "fewer returns")...).Want(http.StatusNoContent)
	anna.Post(r.vote(), late...).Want(http.StatusNoContent)
	if n := r.votes(`v.level = 0`); n != 0 {
		t.Errorf("%d votes of a ballot that was overtaken", n)
	}
	bert.Post(r.vote(), r.ballot("email", 1, "0", "unsure")...).Want(http.StatusSeeOther)
	cleo.Post(r.vote(), r.ballot("email", 1, "2", "0")...).Want(http.StatusSeeOther)
	if n := r.votes("true"); n != 6 {
		t.Errorf("%d votes, want 6", n)
	}

	// Nobody sees a vote before it is shown, whoever leads included.
	for _, page := range []string{"/run", "/screen", ""} {
		html := r.lead.Get(r.path + page).Want(http.StatusOK)
		for _, secret := range []string{"fewer returns", "2 essential", "Far apart", "The votes propose"} {
			if strings.Contains(html.Body, secret) {
				t.Errorf("%s tells %q before the votes are shown", page, secret)
			}
		}
	}
	if got := r.lead.Get(r.path + "/screen").Text("#votes"); got != "Voted: 3 of 3" {
		t.Errorf("the screen counts %q", got)
	}
	r.steer("reveal", "card", itoa(r.cards["email"]))
	screen := r.lead.Get(r.path + "/screen")
	for _, want := range []string{"2 essential", "1 not needed", "Far apart", "fewer"} {
		if want != "fewer" && !strings.Contains(screen.Text("main"), want) {
			t.Errorf("the screen lacks %q: %s", want, screen.Text("main"))
		}
	}
	if got := bert.Post(r.vote(), r.ballot("email", 1, "2", "2")...).Want(http.StatusConflict).Text("[role=alert]"); !strings.Contains(got, "does not count") {
		t.Errorf("a late vote is told %q", got)
	}
	// A program that is named twice and a round that there never is are no ballot; what is longer than its field is not kept either.
	anna.Accept = ""
	named := itoa(r.programs[0])
	long := strings.Repeat("é", domain.MaxGain+1)
	for told, form := range map[string][]string{
		"names a program twice": append(r.ballot("email", 1, "2"), "level.0"+named, "1"),
		"no such round":         append([]string{"card", itoa(r.cards["email"]), "round", "99999999999"}, "level."+named, "1"),
		"Too long":              append(r.ballot("email", 1, "1"), "gain."+named, long),
	} {
		if got := anna.Post(r.vote(), form...).Want(http.StatusUnprocessableEntity).Text("[role=alert]"); !strings.Contains(got, told) {
			t.Errorf("%v is told %q, not %q", form[4:], got, told)
		}
	}
	refused := r.path + "/cards/" + itoa(r.cards["email"]) + "/decide"
	for told, form := range map[string][]string{"names a program twice": {"level." + named, "2", "level.0" + named, "1"}, "Too long": {"level." + named, "1", "gain." + named, long}} {
		if got := r.lead.Post(refused, append(form, "card_decision", "keep", "reason", "The birthday message")...).Want(http.StatusUnprocessableEntity).Text("main"); !strings.Contains(got, told) {
			t.Errorf("the facilitator is told %q, not %q", got, told)
		}
	}
	if got := r.lead.Post(r.path+"/steer", "do", "park", "card", itoa(r.cards["email"]), "note", long).Want(http.StatusUnprocessableEntity).Text("main"); !strings.Contains(got, "Too long") {
		t.Errorf("a long note of the parking lot is told %q", got)
	}
	anna.Accept = "text/plain"
	// Another round: what was voted before stands apart.
	r.steer("again", "card", itoa(r.cards["email"]))
	anna.Post(r.vote(), r.ballot("email", 1, "2", "2")...).Want(http.StatusConflict)
	for _, v := range []*webtest.Visitor{anna, bert, cleo} {
		v.Accept = ""
		v.Post(r.vote(), r.ballot("email", 2, "2", "0")...).Want(http.StatusSeeOther)
	}
	r.steer("reveal", "card", itoa(r.cards["email"]))
	decide := r.path + "/cards/" + itoa(r.cards["email"]) + "/decide"
	r.lead.Post(decide, "card_decision", "keep", "reason", "").Want(http.StatusUnprocessableEntity)
	r.lead.Post(decide, "card_decision", "collect", "reason", "we want it").Want(http.StatusUnprocessableEntity)
	r.lead.Post(decide, "card_decision", "review", "reason", "nobody knows").Want(http.StatusUnprocessableEntity)
	r.lead.Post(decide, "card_decision", "keep", "reason", "The birthday message", "decision_owner", itoa(s.Acme[domain.RoleEditor].User), "due_on", "2099-01-31").Want(http.StatusSeeOther)
	if got := anna.Get(r.vote()).Text("main"); !strings.Contains(got, "Keep") || !strings.Contains(got, "The birthday message") {
		t.Errorf("the telephone shows of the decision: %s", got)
	}
	anna.Post(r.vote()+"/objection", "card", itoa(r.cards["email"]), "objection", "Only the month is needed").Want(http.StatusSeeOther)
	var keep, drop int
	if err := s.Owner.QueryRow(t.Context(), `select keep_n, drop_n from workshop_card where id = $1`, r.cards["email"]).Scan(&keep, &drop); err != nil || keep != 3 || drop != 0 {
		t.Errorf("%d to keep, %d to drop, %v", keep, drop, err)
	}
	if n := count(t, s, `select count(*) from workshop_need where card_id = $1 and (level = 2) = (program_id = $2)`, r.cards["email"], r.programs[0]); n != 2 {
		t.Errorf("%d needs are as voted, want 2", n)
	}

	// Closing cuts the tie between people and secret votes.
	r.lead.Post(r.path+"/close", "confirmed", "1").Want(http.StatusSeeOther)
	if n := r.votes("v.participant_id is not null"); n != 0 {
		t.Errorf("%d votes can still be told whose they were", n)
	}
	anna.Post(r.vote(), r.ballot("birth_date", 1, "2", "2")...).Want(http.StatusConflict)
	r.s.Nobody(t).Get("/v/" + "000000").Want(http.StatusNotFound)
}

func count(t *testing.T, s *webtest.Site, sql string, args ...any) (n int) {
	t.Helper()
	if err := s.Owner.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A workspace file ties no secret vote to anybody, and is the same after it was brought in again.
func TestWorkspaceFileKeepsVotesSecret(t *testing.T) {
	t.Parallel()
	for votes, want := range map[string][2]int{"secret": {0, 4}, "named": {4, 4}} {
		t.Run(votes, func(t *testing.T) {
			t.Parallel()
			s := webtest.New(t)
			r := newRoom(t, s)
			s.Exec(t, `update workshop set named = $2 where id = $1`, r.id, votes == "named")
			r.start()
			editor := s.As(t, s.Acme[domain.RoleEditor])
			editor.Post(r.path+"/join", "participant_part", "voter", "voter_role", "crm").Want(http.StatusSeeOther)
			for v, levels := range map[*webtest.Visitor][2]string{editor: {"2", "0"}, r.guest("data", "Bert"): {"0", "2"}} {
				v.Post(r.vote(), append(r.ballot("email", 1, levels[0], levels[1]), "sequence", "1764522000000")...).Want(http.StatusSeeOther)
			}
			check := func(by domain.Actor, want int) []byte {
				t.Helper()
				var file bytes.Buffer
				if err := s.Store.ExportWorkspace(t.Context(), by, &file); err != nil {
					t.Fatal(err)
				}
				var found []string
				for line := range strings.Lines(file.String()) {
					if strings.HasPrefix(line, `{"t":"vote"`) {
						found = append(found, line)
						if tied := strings.Contains(line, `"participant"`) || strings.Contains(line, "1764522000000"); tied != (votes == "named") {
							t.Errorf("a %s vote is told as %s", votes, line)
						}
					}
				}
				if len(found) != want {
					t.Errorf("%d %s votes are in the file, want %d: %v", len(found), votes, want, found)
				}
				return file.Bytes()
			}
			by := s.Admin()
			check(by, want[0])
			r.lead.Post(r.path+"/close", "confirmed", "1").Want(http.StatusSeeOther)
			if n := r.votes(`(v.sequence <> 0) <> $2`, votes == "named"); n != 0 {
				t.Errorf("%d %s votes tell when they were sent", n, votes)
			}
			// The download is that file.
			unzipped, err := gzip.NewReader(strings.NewReader(s.As(t, by).Get("/w/acme/settings/workspace-file").Want(http.StatusOK).Body))
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(unzipped); err != nil || strings.Count(string(text), `{"t":"vote"`) != want[1] {
				t.Errorf("the download has other votes: %v", err)
			}
			w, err := s.Store.ImportWorkspace(t.Context(), domain.Operator(domain.Workspace{}), bytes.NewReader(check(by, want[1])), store.ImportOptions{Slug: "again"})
			if err != nil {
				t.Fatal(err)
			}
			check(domain.Operator(w), want[1])
		})
	}
}

// A DPO says first whether special categories may be voted on; what they stop cannot be kept.
func TestDPOAndWorkshop(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	r := newRoom(t, s).start()
	anna := r.guest("crm", "Anna")
	r.show("allergy")
	if got := anna.Get(r.vote()).Text("main"); !strings.Contains(got, "special categories") || strings.Contains(got, "Vote received") {
		t.Errorf("the telephone shows %s", got)
	}
	if got := anna.Post(r.vote(), r.ballot("allergy", 1, "2", "2")...).Want(http.StatusConflict).Text("[role=alert]"); !strings.Contains(got, "waits for the DPO") {
		t.Errorf("told %q", got)
	}
	opinion, dpo := r.path+"/cards/"+itoa(r.cards["allergy"])+"/opinion", s.As(t, s.Acme[domain.RoleDPO])
	r.lead.Post(opinion, "dpo_opinion", "allowed", "reason", "fine").Want(http.StatusForbidden)
	dpo.Post(opinion, "dpo_opinion", "vetoed", "reason", "not useful").Want(http.StatusUnprocessableEntity)
	dpo.Post(opinion, "dpo_opinion", "allowed", "reason", "Explicit consent is asked").Want(http.StatusSeeOther)
	anna.Post(r.vote(), r.ballot("allergy", 1, "2", "2")...).Want(http.StatusSeeOther)
	dpo.Post(opinion, "dpo_opinion", "vetoed", "veto_ground", "gdpr.9", "reason", "No consent at the till").Want(http.StatusSeeOther)
	decide := r.path + "/cards/" + itoa(r.cards["allergy"]) + "/decide"
	if got := r.lead.Post(decide, "card_decision", "keep", "reason", "we like it").Want(http.StatusUnprocessableEntity).Text("main"); !strings.Contains(got, "cannot be kept") {
		t.Errorf("told %q", got)
	}
	r.lead.Post(decide, "card_decision", "drop", "reason", "The DPO stops it").Want(http.StatusSeeOther)
}

// Every act of whoever leads is in the history of the workshop, once, with the card or the people that it is about.
func TestWorkshopTellsWhatWasDone(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	r := newRoom(t, s).start()
	email, editor := itoa(r.cards["email"]), s.Acme[domain.RoleEditor]
	r.guest("crm", "Anna").Post(r.vote(), r.ballot("email", 1, "2", "2")...).Want(http.StatusSeeOther)
	told := func() (n int) {
		return count(t, s, `select count(*) from event where subject_kind = 'workshop' and subject_id = $1`, r.id)
	}
	steer := func(do string, pairs ...string) func() {
		return func() { r.steer(do, append([]string{"card", email}, pairs...)...) }
	}
	ask := func() {
		r.lead.Post(r.path+"/ask", "members", itoa(editor.User), "voter_role", "data").Want(http.StatusSeeOther)
	}
	for _, act := range []struct {
		verb, holds string
		do          func()
	}{
		{"members_asked", `"voter_role": "data"`, ask},
		{"members_asked", fmt.Sprintf(`"members": ["%d"]`, editor.User), func() {
			s.Exec(t, `update workshop_participant set removed_at = now() where user_id = $1`, editor.User)
			ask()
		}},
		{"card_parked", `"card": "Adresse e-mail"`, steer("park", "note", "Ask the shops")},
		{"card_parked", `"card": "Adresse e-mail"`, steer("park", "note", "Ask the tills")},
		{"card_unparked", `"card": "Adresse e-mail"`, steer("unpark")},
		{"card_revealed", `"card": "Adresse e-mail"`, steer("reveal")},
		{"card_voted_again", `"card": "Adresse e-mail"`, steer("again")},
	} {
		before := told()
		act.do()
		if n := count(t, s, `select count(*) from event where verb = 'workshop.' || $2 and subject_id = $1 and after::text like '%' || $3 || '%'
			and id = (select max(id) from event)`, r.id, act.verb, act.holds); n != 1 || told() != before+1 {
			t.Errorf("%s is told %d times, of %d events, with %s", act.verb, n, told()-before, act.holds)
		}
	}
	// The same again changes nothing, and there is nothing to tell.
	before := told()
	ask()
	steer("unpark")()
	steer("again")()
	if n := told() - before; n != 0 {
		t.Errorf("%d events of what changed nothing", n)
	}
	page := r.lead.Get(r.path).Want(http.StatusOK).Text("main")
	for _, want := range []string{"Members asked to vote", editor.Name, "Card parked", "Ask the tills", "Card taken out of the parking lot", "Votes shown", "Another round of votes"} {
		if !strings.Contains(page, want) {
			t.Errorf("the history lacks %q: %s", want, page)
		}
	}
}

// A guest holds a place in one workshop, and nothing else.
func TestGuestsSeeOneWorkshop(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	r := newRoom(t, s).start()
	anna := r.guest("crm", "Anna")
	for _, path := range []string{"/w/acme", "/w/acme/fields", r.path, r.path + "/screen", r.path + "/live", "/workspaces"} {
		if p := anna.Get(path); p.Status == http.StatusOK {
			t.Errorf("a guest sees %s", path)
		}
	}
	anna.Get("/vote/999999").Want(http.StatusSeeOther)
	// A ballot about a card of another workshop is not taken.
	other := newRoomIn(t, s, "Autre")
	if p := anna.Post(r.vote(), "card", itoa(other), "round", "1", "level."+itoa(r.programs[0]), "2"); p.Status != http.StatusNotFound {
		t.Errorf("a card of another workshop: status %d", p.Status)
	}
	// Code and link are worth nothing once they were renewed; who is in stays in, until they are sent out.
	old := r.code()
	r.lead.Post(r.path + "/open").Want(http.StatusSeeOther)
	s.Nobody(t).Get("/v/" + old).Want(http.StatusNotFound)
	anna.Get(r.vote()).Want(http.StatusOK)
	anna.Post(r.vote(), r.ballot("email", 1, "2", "2")...).Want(http.StatusSeeOther)
	var id int64
	if err := s.Owner.QueryRow(t.Context(), `select id from workshop_participant where workshop_id = $1`, r.id).Scan(&id); err != nil {
		t.Fatal(err)
	}
	r.lead.Post(r.path + "/participants/" + itoa(id) + "/remove").Want(http.StatusSeeOther)
	if p := anna.Get(r.vote()).Want(http.StatusSeeOther); p.Location != "/v" {
		t.Errorf("led to %s", p.Location)
	}
	if got := r.lead.Get(r.path + "/screen").Text("#votes"); got != "Voted: 0 of 0" {
		t.Errorf("votes of somebody who was sent out: %s", got)
	}
	// An expired door is shut.
	s.Exec(t, `update workshop_live set open_until = now() - interval '1 minute' where workshop_id = $1`, r.id)
	s.Nobody(t).Get("/v/" + r.code()).Want(http.StatusNotFound)
	// Wrong codes are counted for the whole address, one that many misread alike once; the link is never held up.
	r.lead.Post(r.path + "/open").Want(http.StatusSeeOther)
	room, code := s.Nobody(t), r.code()
	link := room.Post("/v", "workshop_code", code).Want(http.StatusSeeOther).Location
	if strings.Contains(link, code) || len(link) < len("/v/")+22 {
		t.Errorf("the code leads to %s, which can be guessed", link)
	}
	for range 30 {
		room.Post("/v", "workshop_code", "000000").Want(http.StatusUnprocessableEntity)
	}
	for n := range 30 {
		want := http.StatusUnprocessableEntity
		if n >= 19 { // the code that was renewed is one of the twenty
			want = http.StatusTooManyRequests
		}
		room.Post("/v", "workshop_code", fmt.Sprintf("%06d", n)).Want(want)
	}
	room.Post("/v", "workshop_code", code).Want(http.StatusTooManyRequests)
	room.Get("/v/" + code).Want(http.StatusTooManyRequests)
	room.Get(link).Want(http.StatusOK)
	room.Post(link, "participant_name", "Cleo", "participant_part", "voter", "voter_role", "store").Want(http.StatusSeeOther)
	room.Get("/v/not-a-link-that-anybody-was-given").Want(http.StatusNotFound)
}

// One person has one voice: the link opened again leads to the place that they have, a form sent twice gives one place, and whoever was
// sent out does not count again once a workshop with secret votes is closed.
func TestOnePersonHasOneVoice(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	r := newRoom(t, s).start()
	anna, bert := r.guest("crm", "Anna"), r.guest("data", "Bert")
	people := func() int {
		return count(t, s, `select count(*) from workshop_participant where workshop_id = $1`, r.id)
	}
	link := s.Nobody(t).Post("/v", "workshop_code", r.code()).Want(http.StatusSeeOther).Location
	if got := anna.Get(link).Want(http.StatusSeeOther).Location; got != r.vote() {
		t.Errorf("whoever has a place is led to %s", got)
	}
	anna.Post(link, "participant_name", "Anna K.", "participant_part", "voter", "voter_role", "crm").Want(http.StatusSeeOther)
	if n := people(); n != 2 {
		t.Errorf("%d people of two", n)
	}
	if got := anna.Get(r.vote()).Want(http.StatusOK); got.Text(".ph-me span") != "Anna K. · CRM and marketing" || got.Doc().Find(`.ph-me a[href="`+link+`?other=1"]`).Length() != 1 {
		t.Errorf("the telephone says that %q votes", got.Text(".ph-me"))
	}
	// The same form sent twice, as by a double tap, before the first answer is there.
	cleo := s.Nobody(t)
	form := []string{"seat", cleo.Get(link).Want(http.StatusOK).Value("seat"), "participant_name", "Cleo", "participant_part", "voter", "voter_role", "store"}
	cleo.Post(link, form...).Want(http.StatusSeeOther)
	s.Nobody(t).Post(link, form...).Want(http.StatusSeeOther)
	if n := people(); n != 3 {
		t.Errorf("%d people of three", n)
	}
	// Somebody else may come in on the same telephone.
	cleo.Post(link+"?other=1", "seat", cleo.Get(link+"?other=1").Want(http.StatusOK).Value("seat"), "participant_name", "Dora", "participant_part", "voter", "voter_role", "store").Want(http.StatusSeeOther)
	if n := people(); n != 4 {
		t.Errorf("%d people of four", n)
	}
	// A decision that a colleague has recorded meanwhile is not overwritten, nor one taken on votes that are asked for again.
	anna.Post(r.vote(), r.ballot("email", 1, "2", "2")...).Want(http.StatusSeeOther)
	bert.Post(r.vote(), r.ballot("email", 1, "0", "0")...).Want(http.StatusSeeOther)
	r.steer("reveal", "card", itoa(r.cards["email"]))
	decide := r.path + "/cards/" + itoa(r.cards["email"]) + "/decide"
	if got := r.lead.Post(decide, "round", "2", "card_decision", "keep", "reason", "Of another round").Want(http.StatusConflict).Text("main"); !strings.Contains(got, "Another round") {
		t.Errorf("a decision of another round: %s", got)
	}
	r.lead.Post(decide, "round", "1", "card_decision", "keep", "reason", "First").Want(http.StatusSeeOther)
	if got := s.As(t, s.Admin()).Post(decide, "round", "1", "card_decision", "drop", "reason", "Second").Want(http.StatusConflict).Text("main"); !strings.Contains(got, s.Acme[domain.RoleFacilitator].Name) {
		t.Errorf("a second decision: %s", got)
	}
	if n := count(t, s, `select count(*) from workshop_card where id = $1 and decision = 'keep' and reason = 'First'`, r.cards["email"]); n != 1 {
		t.Error("the first decision did not stand")
	}
	var who int64
	if err := s.Owner.QueryRow(t.Context(), `select id from workshop_participant where workshop_id = $1 and name = 'Bert'`, r.id).Scan(&who); err != nil {
		t.Fatal(err)
	}
	r.lead.Post(r.path + "/participants/" + itoa(who) + "/remove").Want(http.StatusSeeOther)
	before := r.lead.Get(r.path + "/minutes").Text("main")
	r.lead.Post(r.path + "/archive").Want(http.StatusConflict) // it is under way
	if got := r.lead.Post(r.path + "/close").Want(http.StatusOK).Text("main"); !strings.Contains(got, "for good") || !strings.Contains(got, "without a decision") {
		t.Errorf("before it closes: %s", got)
	}
	r.lead.Post(r.path+"/close", "confirmed", "1").Want(http.StatusSeeOther)
	if got := r.lead.Get(r.path + "/minutes").Text("main"); strings.Contains(got, "1 not needed") || strings.Contains(before, "1 not needed") || !strings.Contains(got, "1 essential") {
		t.Errorf("the minutes count who was sent out:\n%s\n%s", before, got)
	}
}

// An archived workshop lets nobody in.
func TestArchivedWorkshopIsShut(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	r := newRoom(t, s)
	r.lead.Post(r.path + "/open").Want(http.StatusSeeOther)
	link := s.Nobody(t).Post("/v", "workshop_code", r.code()).Want(http.StatusSeeOther).Location
	r.lead.Post(r.path + "/archive").Want(http.StatusSeeOther)
	s.Nobody(t).Get(link).Want(http.StatusNotFound)
	s.Nobody(t).Post(link, "participant_name", "Late", "participant_part", "voter", "voter_role", "crm").Want(http.StatusNotFound)
	if got := r.lead.Post(r.path + "/open").Want(http.StatusConflict).Text("main"); !strings.Contains(got, "archived") {
		t.Errorf("the door of an archived workshop: %s", got)
	}
	r.lead.Get(r.path + "/join").Want(http.StatusConflict)
}

// What nobody voted on stays as it is where the room keeps it, and the DPO comes first for data that was classified meanwhile.
func TestUnsaidStaysAsItIs(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	r := newRoom(t, s)
	by := s.Acme[domain.RoleFacilitator]
	for _, program := range r.programs {
		s.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level, note) values ($1, $2, $3, 'essential', '')`, by.Workspace, r.fields["email"], program)
	}
	s.Exec(t, `update workspace set judged_on = null where id = $1`, by.Workspace)
	r.start()
	anna, bert := r.guest("crm", "Anna"), r.guest("data", "Bert")
	r.steer("reveal", "card", itoa(r.cards["email"]))
	panel := r.lead.Get(r.path + "/run").Want(http.StatusOK)
	if got := panel.Doc().Find(`select[name^="level."] option[selected][value=""]`).Length(); got != 2 {
		t.Errorf("the panel says what nobody said of %d programs of two", 2-got)
	}
	r.lead.Post(r.path+"/cards/"+itoa(r.cards["email"])+"/decide", "round", "1", "card_decision", "keep", "reason", "We send letters",
		"level."+itoa(r.programs[0]), "", "level."+itoa(r.programs[1]), "").Want(http.StatusSeeOther)
	// Far apart: D leads to it once it was shown, and not before.
	at := func() int { return count(t, s, `select card_id from workshop_live where workshop_id = $1`, r.id) }
	r.show("birth_date")
	anna.Post(r.vote(), r.ballot("birth_date", 1, "2", "0")...).Want(http.StatusSeeOther)
	bert.Post(r.vote(), r.ballot("birth_date", 1, "0", "0")...).Want(http.StatusSeeOther)
	r.show("email")
	r.steer("contested", "card", itoa(r.cards["email"]))
	if at() != int(r.cards["email"]) {
		t.Error("whoever leads is told that votes are far apart before anybody sees them")
	}
	r.steer("reveal", "card", itoa(r.cards["birth_date"]))
	r.steer("contested", "card", itoa(r.cards["email"]))
	if at() != int(r.cards["birth_date"]) {
		t.Error("votes that everybody sees to be far apart are not found")
	}
	r.steer("again", "card", itoa(r.cards["birth_date"]))
	// The field becomes data about health: the DPO comes first, and what was voted waits.
	s.Exec(t, `update field set category_id = (select id from data_category where workspace_id = $1 and code = 'art9.health'), gdpr_class = 'sensitive_art9' where id = $2`, by.Workspace, r.fields["birth_date"])
	if got := anna.Post(r.vote(), r.ballot("birth_date", 2, "2", "2")...).Want(http.StatusConflict).Text("[role=alert]"); !strings.Contains(got, "DPO") {
		t.Errorf("a vote on what has become sensitive is told %q", got)
	}
	if got := anna.Get(r.vote()).Text("main"); !strings.Contains(got, "The DPO first") {
		t.Errorf("the telephone shows %s", got)
	}
	r.lead.Post(r.path+"/cards/"+itoa(r.cards["birth_date"])+"/decide", "card_decision", "keep", "reason", "Without the DPO").Want(http.StatusUnprocessableEntity)
	s.As(t, s.Acme[domain.RoleDPO]).Post(r.path+"/cards/"+itoa(r.cards["birth_date"])+"/opinion", "dpo_opinion", "vetoed", "veto_ground", "gdpr.9", "reason", "No explicit consent").Want(http.StatusSeeOther)
	r.lead.Post(r.path+"/close", "confirmed", "1").Want(http.StatusSeeOther)
	minutes := r.lead.Get(r.path + "/minutes").Text("main")
	for _, want := range []string{"Kept as they are", "We send letters", "Stopped by", "No explicit consent", "GDPR art. 9"} {
		if !strings.Contains(minutes, want) {
			t.Errorf("the minutes lack %q: %s", want, minutes)
		}
	}
	page := r.lead.Get(r.path + "/apply").Want(http.StatusOK)
	if got := page.Text("main"); strings.Contains(got, "Taken off") {
		t.Errorf("what nobody voted on is taken away: %s", got)
	}
	r.lead.Post(r.path+"/apply", "seen", page.Value("seen")).Want(http.StatusSeeOther)
	if n := count(t, s, `select count(*) from program_link where field_id = $1 and level = 'essential'`, r.fields["email"]); n != 2 {
		t.Errorf("%d links of two are left", n)
	}
}

func newRoomIn(t *testing.T, s *webtest.Site, name string) domain.WorkshopCardID {
	t.Helper()
	by := s.Acme[domain.RoleFacilitator]
	field := s.Field(t, by, s.Dataset(t, by, s.Application(t, by, name), "contact"), "phone", "ident.contact")
	made := s.As(t, by).Post("/w/acme/workshops", "name", name, "workshop_template", "short", "programs", itoa(s.Program(t, by, name, "live")), "voter_roles", "crm",
		"votes", "named", "weight", "role", "id", itoa(field)).Want(http.StatusSeeOther)
	s.As(t, by).Post(made.Location + "/start").Want(http.StatusSeeOther)
	return domain.WorkshopCardID(count(t, s, `select id from workshop_card where field_id = $1`, field))
}

// A stream tells of votes and of what whoever leads does; a process hears of it from PostgreSQL alone.
func TestWorkshopStream(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	second := webtest.On(t, s.World) // another server process on the same database
	r := newRoom(t, s).start()
	anna := r.guest("crm", "Anna")
	viewer := second.Token(t, s.Acme[domain.RoleViewer])
	openStream(t, second.URL+r.path+"/live?as=screen", "utile", viewer).until("hello")
	stream := openStream(t, second.URL+r.path+"/live?as=screen", "utile", viewer) // who asks is remembered
	if page := stream.until("page"); !strings.Contains(page, "Adresse e-mail") || !strings.Contains(page, `lang="fr"`) && !strings.Contains(page, "Voted:") {
		t.Errorf("the first page: %s", page)
	}
	anna.Post(r.vote(), r.ballot("email", 1, "2", "2")...).Want(http.StatusSeeOther)
	var counts map[string]int
	for counts["voted"] != 1 {
		if err := json.Unmarshal([]byte(stream.until("tick")), &counts); err != nil {
			t.Fatal(err)
		}
	}
	r.steer("reveal", "card", itoa(r.cards["email"]))
	for page := ""; !strings.Contains(page, "1 essential"); page = stream.until("page") {
	}
	// A viewer is sent the screen, whatever they ask for.
	if p := s.As(t, s.Acme[domain.RoleViewer]); p != nil {
		p.Accept = "text/event-stream"
		p.Get(r.path + "/live?as=panel").Want(http.StatusForbidden)
	}
	// Who may not look any more is shown nothing new, though their stream is open.
	admin := s.Admin()
	panel := openStream(t, second.URL+r.path+"/live?as=panel", "utile", second.Token(t, admin))
	panel.until("tick")
	s.Exec(t, `delete from auth_session where user_id = $1`, int64(s.Acme[domain.RoleViewer].User))
	s.Exec(t, `update membership set role = 'viewer' where user_id = $1 and workspace_id = $2`, int64(admin.User), int64(admin.Workspace))
	r.show("birth_date")
	for said := stream.until("page", "gone"); said != ""; said = stream.until("page", "gone") {
		if strings.Contains(said, "birth_date") {
			t.Errorf("a session that has ended is shown %s", said)
		}
	}
	for said := panel.until("page", "gone"); said != ""; said = panel.until("page", "gone") {
		if strings.Contains(said, "birth_date") && strings.Contains(said, "pn-decide") {
			t.Errorf("a viewer is shown the panel: %s", said)
		}
	}
}

// Whoever is removed from the workspace, or may not sign in any more, has no place in its workshops from that moment on.
func TestPlacesEndWithTheMembership(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	r := newRoom(t, s).start()
	closed := fmt.Sprint(count(t, s, `select workshop_id from workshop_card where id = $1`, newRoomIn(t, s, "Clos")))
	editor, viewer, admin := s.Acme[domain.RoleEditor], s.Acme[domain.RoleViewer], s.As(t, s.Admin())
	leaves, barred, guest := s.As(t, editor), s.As(t, viewer), r.guest("data", "Bert")
	join := func(v *webtest.Visitor) *webtest.Page {
		t.Helper()
		return v.Post(r.path+"/join", "participant_part", "voter", "voter_role", "crm")
	}
	listen := func(v *webtest.Visitor, workshop string) *stream {
		t.Helper()
		name, token := v.Seat(workshop)
		phone := openStream(t, s.URL+"/vote/"+workshop+"/live", name, token)
		phone.until("page")
		return phone
	}
	out := func(v *webtest.Visitor, workshop string) {
		t.Helper()
		phone := "/vote/" + workshop
		if p := v.Get(phone).Want(http.StatusSeeOther); p.Location != "/v" {
			t.Errorf("led to %s", p.Location)
		}
		v.Get(phone + "/live").Want(http.StatusNotFound)
		v.Post(phone, r.ballot("email", 1, "0", "0")...).Want(http.StatusNotFound)
		v.Post(phone+"/objection", "card", itoa(r.cards["email"]), "objection", "No").Want(http.StatusNotFound)
	}
	for _, v := range []*webtest.Visitor{leaves, barred} {
		join(v).Want(http.StatusSeeOther)
		v.Post(r.vote(), r.ballot("email", 1, "2", "2")...).Want(http.StatusSeeOther)
	}
	leaves.Post("/w/acme/workshops/"+closed+"/join", "participant_part", "voter", "voter_role", "crm").Want(http.StatusSeeOther)
	r.lead.Post("/w/acme/workshops/"+closed+"/close", "confirmed", "1").Want(http.StatusSeeOther)
	leaves.Get("/vote/" + closed).Want(http.StatusOK)
	open, over := listen(leaves, itoa(r.id)), listen(leaves, closed)

	remove := "/w/acme/members/" + itoa(editor.User) + "/remove"
	admin.Post(remove).Want(http.StatusSeeOther)
	open.until("gone")
	over.until("gone")
	out(leaves, itoa(r.id))
	out(leaves, closed)
	if got := r.lead.Get(r.path).Text("main"); !strings.Contains(got, "Participant sent out") || !strings.Contains(got, editor.Name) {
		t.Errorf("the workshop does not tell who lost their place: %s", got)
	}
	if got := r.lead.Get("/w/acme/workshops/" + closed + "/minutes").Text("main"); !strings.Contains(got, editor.Name) {
		t.Errorf("the minutes forget who was there: %s", got)
	}
	// Somebody who is asked back comes in like anybody else; the place of before is worth nothing, and its votes do not count.
	back := func() {
		s.Exec(t, `insert into membership (workspace_id, user_id, role) values ($1, $2, 'editor')`, editor.Workspace, editor.User)
	}
	back()
	out(leaves, itoa(r.id))
	join(leaves).Want(http.StatusSeeOther)
	if got := r.lead.Get(r.path + "/screen").Text("#votes"); got != "Voted: 1 of 3" {
		t.Errorf("the screen counts %q", got)
	}
	// One whom the facilitator has sent out does not come back by being a member anew.
	again := fmt.Sprint(count(t, s, `select id from workshop_participant where user_id = $1 and workshop_id = $2`, editor.User, r.id))
	r.lead.Post(r.path + "/participants/" + again + "/remove").Want(http.StatusSeeOther)
	admin.Post(remove).Want(http.StatusSeeOther)
	back()
	join(leaves).Want(http.StatusForbidden)

	phone := listen(barred, itoa(r.id))
	s.Exec(t, `update app_user set disabled_at = now() where id = $1`, viewer.User)
	out(barred, itoa(r.id))
	r.show("birth_date")
	for said := phone.until("page", "gone"); said != ""; said = phone.until("page", "gone") {
		if strings.Contains(said, "birth_date") {
			t.Errorf("an account that was shut is shown %s", said)
		}
	}
	// An administrator who removes themselves leaves their place, too.
	s.Exec(t, `update membership set role = 'admin' where user_id = $1`, s.Acme[domain.RoleFacilitator].User)
	admin.Post(r.path+"/join", "participant_part", "observer").Want(http.StatusSeeOther)
	admin.Get(r.vote()).Want(http.StatusOK)
	admin.Post("/w/acme/members/" + itoa(s.Admin().User) + "/remove").Want(http.StatusSeeOther)
	out(admin, itoa(r.id))
	guest.Get(r.vote()).Want(http.StatusOK)
}

type stream struct {
	t     *testing.T
	lines *bufio.Scanner
}

func openStream(t *testing.T, url, cookie, value string) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	req.AddCookie(&http.Cookie{Name: cookie, Value: value})
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("status %d, %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	return &stream{t, lines}
}

// until returns the data of the next event of one of these names.
func (s *stream) until(names ...string) string {
	s.t.Helper()
	event, data := "", []string{}
	for s.lines.Scan() {
		line := s.lines.Text()
		switch {
		case line == "" && slices.Contains(names, event):
			return strings.Join(data, "\n")
		case line == "":
			event, data = "", nil
		case strings.HasPrefix(line, "event: "):
			event = line[7:]
		case strings.HasPrefix(line, "data: "):
			data = append(data, line[6:])
		}
	}
	s.t.Fatalf("the stream ended before %q: %v", names, s.lines.Err())
	return ""
}

// A workshop of three kept, dropped and missing cards changes nothing until it is applied, and everything comes back by undoing.
func TestWorkshopIsAppliedAndUndone(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	r := newRoom(t, s)
	by := s.Acme[domain.RoleFacilitator]
	purpose := s.Purpose(t, by, "LOYALTY", true)
	s.Exec(t, `insert into program_purpose (workspace_id, program_id, purpose_id) values ($1, $2, $3)`, by.Workspace, r.programs[0], purpose)
	s.Exec(t, `insert into program_link (workspace_id, field_id, program_id, level, note) values ($1, $2, $3, 'useful', 'clicks')`, by.Workspace, r.fields["birth_date"], r.programs[1])
	s.Exec(t, `update workspace set judged_on = null where id = $1`, by.Workspace) // the next page judges what was put there by hand
	var gap domain.WorkshopCardID
	if err := s.Owner.QueryRow(t.Context(), `select id from workshop_card where workshop_id = $1 and category_id is not null`, r.id).Scan(&gap); err != nil {
		t.Fatal(err)
	}
	r.cards["consent"] = gap
	r.start()
	anna, bert := r.guest("crm", "Anna"), r.guest("data", "Bert")
	owner := itoa(s.Acme[domain.RoleEditor].User)
	for card, levels := range map[string][2]string{"email": {"2", "1"}, "birth_date": {"0", "0"}, "consent": {"2", "0"}} {
		r.show(card)
		for _, v := range []*webtest.Visitor{anna, bert} {
			v.Post(r.vote(), append(r.ballot(card, 1, levels[0], levels[1]), "gain."+itoa(r.programs[1]), "fewer returns")...).Want(http.StatusSeeOther)
		}
		r.steer("reveal", "card", itoa(r.cards[card]))
		decision := map[string]string{"email": "keep", "birth_date": "drop", "consent": "collect"}[card]
		r.lead.Post(r.path+"/cards/"+itoa(r.cards[card])+"/decide", "card_decision", decision, "reason", "Decided for "+card, "decision_owner", owner, "due_on", "2099-01-31").Want(http.StatusSeeOther)
	}
	anna.Post(r.vote()+"/objection", "card", itoa(r.cards["consent"]), "objection", "Not at the till").Want(http.StatusSeeOther)
	state := func() string {
		var text string
		if err := s.Owner.QueryRow(t.Context(), `select concat_ws(' | ',
			(select string_agg(f.name || ' ' || l.program_id || ' ' || l.level || ' ' || l.note || ' ' || l.source, ', ' order by 1) from program_link l join field f on f.id = l.field_id),
			(select string_agg(coalesce(t.field_id, 0) || ' ' || t.target_action || ' ' || t.source, ', ' order by t.field_id) from target t),
			(select string_agg(q.program_id || ' ' || q.category_id || ' ' || q.level, ', ' order by 1) from requirement q),
			(select string_agg(m.field_id || ' ' || m.state, ', ' order by 1) from purpose_mapping m),
			(select string_agg(d.field_id || ' ' || d.kind, ', ' order by 1) from decision d where d.withdrawn_at is null),
			(select string_agg(f.name || ' ' || f.verdict || ' ' || f.programs, ', ' order by f.name) from field f))`).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := state()
	r.lead.Get(r.path + "/apply").Want(http.StatusConflict)
	r.lead.Post(r.path+"/close", "confirmed", "1").Want(http.StatusSeeOther)
	page := r.lead.Get(r.path + "/apply").Want(http.StatusOK)
	for _, want := range []string{"Linked to Anniversaire: essential", "Linked to Fidélité: useful", "Taken off Fidélité", "Proposed to the DPO", "Decided for birth_date", "2 to keep, 0 to drop", "1 card without a decision"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("the last reading lacks %q: %s", want, page.Text("main"))
		}
	}
	if got := state(); got != before {
		t.Errorf("reading changes something:\n%s\n%s", before, got)
	}
	r.lead.Post(r.path+"/apply", "seen", "of another plan").Want(http.StatusConflict)
	if got := state(); got != before {
		t.Errorf("a refused act changes something:\n%s\n%s", before, got)
	}
	r.lead.Post(r.path+"/apply", "seen", page.Value("seen")).Want(http.StatusSeeOther)
	after := state()
	for _, want := range []string{"email " + itoa(r.programs[0]) + " essential", "useful fewer returns workshop", "keep workshop", "drop workshop", "collect workshop", "proposed", "propose_deletion"} {
		if !strings.Contains(after, want) {
			t.Errorf("after applying, %q is missing: %s", want, after)
		}
	}
	r.lead.Post(r.path+"/apply", "seen", page.Value("seen")).Want(http.StatusConflict)
	if got := r.lead.Get("/w/acme/fields/" + itoa(r.fields["email"])).Text("main"); !strings.Contains(got, "Decided in the workshop Atelier fidélité") || !strings.Contains(got, "2 to keep, 0 to drop") {
		t.Errorf("the page of the field: %s", got)
	}
	minutes := r.lead.Get(r.path + "/minutes").Want(http.StatusOK).Text("main")
	for _, want := range []string{"Target data: Anniversaire", "Adresse e-mail", "Plan of collection", "Not at the till", "CRM and marketing", "Anna"} {
		if !strings.Contains(minutes, want) {
			t.Errorf("the minutes lack %q", want)
		}
	}
	if got := r.lead.Get(r.path + "/minutes.csv").Want(http.StatusOK).Body; !strings.Contains(got, "Decided for email") {
		t.Errorf("the file: %s", got)
	}
	if got := r.lead.Get(r.path + "/minutes.docx").Want(http.StatusOK); !strings.HasPrefix(got.Body, "PK") || got.Header.Get("Content-Type") == "" {
		t.Error("the document is none")
	}
	var batch int64
	if err := s.Owner.QueryRow(t.Context(), `select batch_id from workshop where id = $1`, r.id).Scan(&batch); err != nil {
		t.Fatal(err)
	}
	if got := r.lead.Get("/w/acme/batches/" + itoa(batch)).Want(http.StatusOK).Text("main"); strings.Contains(got, " fields ") || !strings.Contains(got, " changes ") {
		t.Errorf("the act counts something else than changes: %s", got)
	}
	r.lead.Post("/w/acme/batches/" + itoa(batch) + "/undo").Want(http.StatusSeeOther)
	if got := state(); got != before {
		t.Errorf("undoing leaves a difference:\n%s\n%s", before, got)
	}
	if got := s.As(t, by).Get("/w/acme/workshops/" + itoa(r.id)).Text("#history"); strings.Contains(got, "keep") {
		t.Errorf("the history writes a code: %s", got)
	}
	if got := r.lead.Get("/w/acme/batches/" + itoa(batch)).Text("main"); strings.Contains(got, "stayed") {
		t.Errorf("all is as before, and the batch says: %s", got)
	}
	if got := r.lead.Get("/w/acme/fields/" + itoa(r.fields["email"])).Text("main"); strings.Contains(got, "Decided in the workshop") {
		t.Error("the page of the field tells of what was undone")
	}
	// What was undone can be applied again, but for what somebody has changed since.
	again := r.lead.Get(r.path + "/apply").Want(http.StatusOK)
	r.lead.Post(r.path+"/apply", "seen", again.Value("seen")).Want(http.StatusSeeOther)
	if got := state(); got != after {
		t.Errorf("applied again:\n%s\n%s", after, got)
	}
}

// Without a meeting people vote at their own pace, and are reminded on their home page until they have.
func TestWorkshopOfAWeek(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	r := newRoom(t, s, "workshop_template", "week", "closes_on", "2099-12-31")
	// The last value of a name that comes twice counts for the template.
	s.Exec(t, `update workshop set template = 'week', closes_on = '2099-12-31' where id = $1`, r.id)
	s.Exec(t, `update workshop_live set own_pace = true where workshop_id = $1`, r.id)
	editor := s.Acme[domain.RoleEditor]
	r.lead.Post(r.path+"/ask", "members", itoa(editor.User), "voter_role", "crm").Want(http.StatusSeeOther)
	r.lead.Post(r.path + "/start").Want(http.StatusSeeOther)
	v := s.As(t, editor)
	if got := v.Get("/w/acme/").Text("#waiting, main"); !strings.Contains(got, "wait for your vote") || !strings.Contains(got, "31 Dec 2099") {
		t.Errorf("the home page does not remind: %s", got)
	}
	v.Post(r.path+"/join", "participant_part", "voter", "voter_role", "crm").Want(http.StatusSeeOther)
	for n := range 3 { // two fields and one category; one field waits for the DPO
		page := v.Get(r.vote()).Want(http.StatusOK)
		if got := page.Text(".ph-top"); !strings.Contains(got, fmt.Sprintf("%d of 3 voted", n)) {
			t.Errorf("the telephone says %q", got)
		}
		card := page.Value("card")
		v.Post(r.vote(), "card", card, "round", "1", "level."+itoa(r.programs[0]), "2", "level."+itoa(r.programs[1]), "0").Want(http.StatusSeeOther)
	}
	if got := v.Get(r.vote()).Text("main"); !strings.Contains(got, "You have voted on every card") {
		t.Errorf("after the last card: %s", got)
	}
	if got := v.Get("/w/acme/").Text("main"); strings.Contains(got, "wait for your vote") {
		t.Error("the home page still reminds")
	}
	s.Exec(t, `update workshop set closes_on = current_date - 1 where id = $1`, r.id)
	if got := v.Post(r.vote(), r.ballot("email", 1, "0", "0")...).Want(http.StatusConflict).Text("[role=alert]"); !strings.Contains(got, "last day") {
		t.Errorf("told %q", got)
	}
	s.Exec(t, `update workshop set closes_on = '2099-12-31' where id = $1`, r.id)
	r.steer("reveal_all")
	r.steer("agreed")
	if n := count(t, s, `select count(*) from workshop_card where workshop_id = $1 and decision <> ''`, r.id); n != 3 {
		t.Errorf("%d cards are decided, want the three that are agreed on", n)
	}
}
