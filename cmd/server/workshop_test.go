package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"utile/internal/domain"
	"utile/internal/store"
)

// Two servers serve one workshop; one is killed while people vote. What was acknowledged is kept, what was not is sent again by
// the telephones and counted once, and every telephone is shown all votes by the server that is left.
func TestVotesOutliveAServer(t *testing.T) {
	t.Parallel()
	const phones = 16
	in := newInstallation(t)
	in.must("", "migrate")
	in.must("", "workspace", "add", "acme", "-locale", "en")
	in.must(password, "user", "add", "anna@example.com", "-workspace", "acme", "-role", "facilitator")
	w := gatherWorkshop(t, strings.TrimPrefix(in.environ[0], "DATABASE_URL="), phones)
	servers := []*served{in.start(1), in.start(1)}

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var acknowledged atomic.Int32
	var watching, entered, voting sync.WaitGroup
	halfway := make(chan struct{})
	for n := range phones {
		p := workshopPhone{servers: []*served{servers[n%2], servers[(n+1)%2]}, path: fmt.Sprintf("/vote/%d", w.id), cookie: w.cookies[n]}
		entered.Add(1)
		watching.Go(func() {
			if err := p.watch(ctx, sync.OnceFunc(entered.Done), phones); err != nil {
				t.Errorf("telephone %d: %v", n, err)
			}
		})
		voting.Go(func() {
			if n >= phones/2 { // half of the votes are on their way when the server dies, and after
				<-halfway
			}
			if err := p.vote(ctx, w); err != nil {
				t.Errorf("vote %d: %v", n, err)
				return
			}
			if acknowledged.Add(1) == phones/4 {
				close(halfway)
			}
		})
	}
	entered.Wait()
	<-halfway
	if err := servers[1].cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	voting.Wait()
	watching.Wait()
	var kept, voters int
	if err := w.conn.QueryRow(t.Context(), `select count(*), count(distinct participant_id) from workshop_vote where workshop_id = $1`, int64(w.id)).Scan(&kept, &voters); err != nil {
		t.Fatal(err)
	}
	if n := acknowledged.Load(); n != phones || kept != phones || voters != phones {
		t.Errorf("%d ballots were acknowledged, %d are kept, of %d people; want %d of each", n, kept, voters, phones)
	}
}

// gatheredWorkshop is a workshop under way, of one card and one program.
type gatheredWorkshop struct {
	conn    *pgx.Conn
	id      domain.WorkshopID
	card    domain.WorkshopCardID
	program int64
	cookies []string
}

func gatherWorkshop(t *testing.T, dsn string, people int) (w gatheredWorkshop) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	config, err := pgxpool.ParseConfig(dsn) // the address tells how large a pool may be
	must(err)
	w.conn, err = pgx.ConnectConfig(ctx, config.ConnConfig)
	must(err)
	t.Cleanup(func() { _ = w.conn.Close(context.WithoutCancel(ctx)) }) // the database goes with the test
	by := domain.Actor{Name: "Anna", Role: domain.RoleFacilitator, Lang: "en", Slug: "acme"}
	must(w.conn.QueryRow(ctx, `select workspace_id, user_id from membership`).Scan(&by.Workspace, &by.User))
	var field int64
	must(w.conn.QueryRow(ctx, `with a as (insert into application (workspace_id, name) values ($1, 'Orion') returning id),
			d as (insert into dataset (workspace_id, application_id, name) select $1, id, 'contact' from a returning id, application_id)
		insert into field (workspace_id, dataset_id, application_id, name, gdpr_class) select $1, id, application_id, 'email', 'personal' from d returning id`,
		by.Workspace).Scan(&field))
	must(w.conn.QueryRow(ctx, `insert into program (workspace_id, code, name, status) values ($1, 'WELCOME', 'Welcome', 'live') returning id`, by.Workspace).Scan(&w.program))
	st, err := store.Open(ctx, dsn)
	must(err)
	defer st.Close()
	workshop, err := domain.NewWorkshop(domain.Workshop{Name: "Target data", Template: "short", Roles: domain.VoterRoles, Programs: []domain.ProgramID{domain.ProgramID(w.program)}})
	must(err)
	w.id, err = st.AddWorkshop(ctx, by, workshop)
	must(err)
	_, err = st.AddCards(ctx, by, w.id, []int64{field})
	must(err)
	must(st.StartWorkshop(ctx, by, w.id))
	live, err := st.LiveWorkshop(ctx, by, w.id)
	must(err)
	w.card = live.Card.ID
	door, err := st.Knock(ctx, live.Code, "127.0.0.1")
	must(err)
	for i := range people {
		token := fmt.Sprintf("%043d", i)
		hash := sha256.Sum256([]byte(token))
		_, err := st.Enter(ctx, door, domain.Participant{Name: fmt.Sprintf("Voter %d", i), Role: "crm", Part: "voter"}, hash[:])
		must(err)
		w.cookies = append(w.cookies, fmt.Sprintf("utile-seat-%d=%s", w.id, token))
	}
	return w
}

// workshopPhone does what the script of a telephone does: it comes back to a server that answers, and sends a ballot until it is
// acknowledged.
type workshopPhone struct {
	servers      []*served
	path, cookie string
}

func (p workshopPhone) ask(ctx context.Context, server int, method, path, accept, body string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.servers[server%len(p.servers)].url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", accept)
	r.Header.Set("Cookie", p.cookie)
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return http.DefaultClient.Do(r)
}

func (p workshopPhone) vote(ctx context.Context, w gatheredWorkshop) error {
	form := url.Values{"card": {fmt.Sprint(w.card)}, "round": {"1"}, "sequence": {"1"}, fmt.Sprintf("level.%d", w.program): {"2"}}
	for server := 0; ; server++ {
		answer, err := p.ask(ctx, server, http.MethodPost, p.path, "text/plain", form.Encode())
		if err == nil {
			_ = answer.Body.Close() // the status says all
			if answer.StatusCode < 300 {
				return nil
			}
			if answer.StatusCode < 500 {
				return errors.New(answer.Status)
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// watch returns when the telephone was shown that so many have voted.
func (p workshopPhone) watch(ctx context.Context, entered func(), want int) error {
	defer entered()
	for server := 0; ctx.Err() == nil; server++ {
		answer, err := p.ask(ctx, server, http.MethodGet, p.path+"/live", "text/event-stream", "")
		if err != nil {
			continue
		}
		lines, tick, last := bufio.NewScanner(answer.Body), false, 0
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				tick = name == "tick"
			}
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok || !tick {
				continue
			}
			var counts struct{ Voted int }
			if err := json.Unmarshal([]byte(data), &counts); err != nil {
				return err
			}
			entered()
			if counts.Voted < last {
				return fmt.Errorf("%d have voted after %d had", counts.Voted, last)
			}
			if last = counts.Voted; last == want {
				return answer.Body.Close()
			}
		}
		_ = answer.Body.Close() // the server is gone
	}
	return ctx.Err()
}
