package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"utile/internal/domain"
)

// What one workshop is measured with.
const (
	hallScreens = 200
	hallRate    = 5 // votes a second
	crowdPhones = 1_000
	crowdRate   = 25
)

// hall is a workshop under way as a benchmark sees it: where ballots go, and what its screens follow.
type hall struct {
	cast    func(ctx context.Context, voter int) error // returns when the ballot is acknowledged
	screens []hallScreen
}

// hallScreen is one screen; it comes back to the address of another server where it loses its own.
type hallScreen struct {
	addresses []string
	cookie    string
}

// sights is what was seen of some votes.
type sights struct {
	seen  []time.Duration // from the sending of a ballot to its count on one screen; sorted
	acked []time.Duration // from its sending to its acknowledgement; sorted
	lost  int             // counts that screens never showed
}

func at(list []time.Duration, share float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	return list[min(int(share*float64(len(list))), len(list)-1)]
}

// watch opens every screen, lets the voters vote at a rate, and waits until all screens have shown the last count. The n-th
// count is taken for the n-th ballot: they are sent one after the other. Halfway it calls halfway, where that is given.
func (h hall) watch(ctx context.Context, votes int, rate float64, halfway func() error) (s sights, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(float64(votes)/rate*float64(time.Second))+time.Minute)
	defer cancel()
	var mu sync.Mutex
	sent := make([]time.Time, votes)
	shown := make([][]time.Time, len(h.screens)) // by screen and count
	var watching sync.WaitGroup
	var ready sync.WaitGroup
	for i, screen := range h.screens {
		shown[i] = make([]time.Time, votes)
		ready.Add(1)
		watching.Go(func() {
			first, began := sync.OnceFunc(ready.Done), false
			defer first()
			screen.follow(ctx, func(count int) bool {
				if began = began || count == 0; !began { // it still shows the card before
					return false
				}
				first()
				now := time.Now()
				for n := min(count, votes); n > 0 && shown[i][n-1].IsZero(); n-- {
					shown[i][n-1] = now
				}
				return count >= votes
			})
		})
	}
	ready.Wait()
	var voting sync.WaitGroup
	var failed error
	tick := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer tick.Stop()
	for n := range votes {
		if n == votes/2 && halfway != nil {
			if err := halfway(); err != nil {
				return s, err
			}
		}
		<-tick.C
		mu.Lock()
		sent[n] = time.Now()
		mu.Unlock()
		voting.Go(func() {
			began := time.Now()
			err := h.cast(ctx, n)
			took := time.Since(began)
			mu.Lock()
			defer mu.Unlock()
			s.acked = append(s.acked, took)
			failed = errors.Join(failed, err)
		})
	}
	voting.Wait()
	watching.Wait()
	if failed != nil {
		return s, failed
	}
	for _, counts := range shown {
		for n, when := range counts {
			if when.IsZero() {
				s.lost++
				continue
			}
			s.seen = append(s.seen, max(when.Sub(sent[n]), 0))
		}
	}
	slices.Sort(s.seen)
	slices.Sort(s.acked)
	return s, nil
}

// follow reads the stream of a screen, and that of the next address when it breaks, until done says so or the context ends.
func (s hallScreen) follow(ctx context.Context, done func(count int) bool) {
	for n := 0; ctx.Err() == nil; n++ {
		if s.read(ctx, s.addresses[n%len(s.addresses)], done) {
			return
		}
		_ = pause(ctx, time.Second) // as the stream tells browsers to
	}
}

// read returns whether the count was reached.
func (s hallScreen) read(ctx context.Context, address string, done func(count int) bool) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Cookie", s.cookie)
	answer, err := hallClient.Do(r)
	if err != nil {
		return false
	}
	defer func() { _ = answer.Body.Close() }() // a stream is left, not read to its end
	if answer.StatusCode != http.StatusOK {
		return false
	}
	lines := bufio.NewReaderSize(answer.Body, 4096)
	tick := false
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return false
		}
		switch data, ok := bytes.CutPrefix(line, []byte("data: ")); {
		case bytes.HasPrefix(line, []byte("event: ")):
			tick = bytes.Equal(bytes.TrimSpace(line[7:]), []byte("tick"))
		case ok && tick:
			var counts struct{ Voted int }
			if json.Unmarshal(data, &counts) == nil && done(counts.Voted) {
				return true
			}
		}
	}
}

// hallClient keeps a connection for each screen.
var hallClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * crowdPhones, DisableCompression: true}}

// post sends a form and wants it taken.
func post(ctx context.Context, address, cookie string, form url.Values) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/plain")
	r.Header.Set("Cookie", cookie)
	answer, err := hallClient.Do(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1000))
	_ = answer.Body.Close() // read to its end
	if err == nil && answer.StatusCode >= 300 {
		err = fmt.Errorf("%s answered %s: %s", address, answer.Status, body)
	}
	return err
}

// crowd is a real workshop with people in it.
type crowd struct {
	id      domain.WorkshopID
	program int64
	cards   []domain.WorkshopCardID
	cookies []string // of each telephone
}

// gather prepares a workshop of so many cards, starts it and lets people in, as the server's own pages do.
func (b *bench) gather(ctx context.Context, cards, people int) (c crowd, err error) {
	st, by := b.db.store, b.db.by
	w, err := domain.NewWorkshop(domain.Workshop{Name: fmt.Sprintf("Target data for %d people", people), Template: "half_day", Roles: domain.VoterRoles, Programs: []domain.ProgramID{domain.ProgramID(b.db.firstProgram)}})
	if err != nil {
		return c, err
	}
	if c.id, err = st.AddWorkshop(ctx, by, w); err != nil {
		return c, err
	}
	rows, err := b.db.owner.Query(ctx, `select id from field where workspace_id = $1 and gdpr_class = 'personal' and state = 'active' order by id limit $2`, int64(by.Workspace), 2*cards)
	if err != nil {
		return c, err
	}
	var fields []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return c, err
		}
		fields = append(fields, id)
	}
	if _, err := st.AddCards(ctx, by, c.id, fields); err != nil {
		return c, err
	}
	lines, err := st.Cards(ctx, by, c.id)
	if err != nil {
		return c, err
	}
	for _, l := range lines {
		if l.DPO == domain.DPONotAsked && len(c.cards) < cards {
			c.cards = append(c.cards, l.ID)
		}
	}
	if len(c.cards) < cards {
		return c, fmt.Errorf("%d of %d cards may be voted on", len(c.cards), cards)
	}
	if err := st.StartWorkshop(ctx, by, c.id); err != nil {
		return c, err
	}
	live, err := st.LiveWorkshop(ctx, by, c.id)
	if err != nil {
		return c, err
	}
	door, err := st.Knock(ctx, live.Code, "127.0.0.1")
	if err != nil {
		return c, err
	}
	for i := range people {
		hash := sha256.Sum256([]byte(fmt.Sprintf("phone %d of %d", i, c.id)))
		token := base64.RawURLEncoding.EncodeToString(hash[:])
		hash = sha256.Sum256([]byte(token))
		if _, err := st.Enter(ctx, door, domain.Participant{Name: fmt.Sprintf("Voter %d", i), Role: "crm", Part: "voter"}, hash[:]); err != nil {
			return c, err
		}
		c.cookies = append(c.cookies, fmt.Sprintf("utile-seat-%d=%s", c.id, token))
	}
	c.program = b.db.firstProgram
	return c, nil
}

// show puts a card on the screen.
func (b *bench) show(ctx context.Context, c crowd, card int) error {
	return b.db.store.ShowCard(ctx, b.db.by, c.id, c.cards[card], 0)
}

// hall is the crowd with one card on the screen, its telephones spread over servers. A telephone whose server is gone sends its
// ballot to the next, as the script of the page does.
func (c crowd) hall(card int, servers ...*program) hall {
	path := fmt.Sprintf("/vote/%d", c.id)
	addresses := func(first int, path string) (list []string) {
		for i := range servers {
			list = append(list, servers[(first+i)%len(servers)].base+path)
		}
		return list
	}
	h := hall{cast: func(ctx context.Context, voter int) error {
		form := url.Values{"card": {fmt.Sprint(c.cards[card])}, "round": {"1"}, "sequence": {fmt.Sprint(time.Now().UnixMilli())},
			fmt.Sprintf("level.%d", c.program): {fmt.Sprint(voter % 3)}, fmt.Sprintf("gain.%d", c.program): {"+3 % opened"}}
		var err error
		for _, address := range addresses(voter, path) {
			if err = post(ctx, address, c.cookies[voter], form); err == nil {
				return nil
			}
		}
		return err
	}}
	for i, cookie := range c.cookies {
		h.screens = append(h.screens, hallScreen{addresses(i, path+"/live"), cookie})
	}
	return h
}

// kept counts the ballots of a card that the database holds.
func (b *bench) kept(ctx context.Context, c crowd, card int) (n int, err error) {
	err = b.db.owner.QueryRow(ctx, `select count(distinct participant_id) from workshop_vote where workspace_id = $1 and card_id = $2`, int64(b.db.by.Workspace), int64(c.cards[card])).Scan(&n)
	return n, err
}

// measureWorkshop lets 200 screens follow one workshop with five votes a second, each committed before it is acknowledged; the
// floor keeps the same row, tells it the same way and sends the bare count.
func measureWorkshop(ctx context.Context, b *bench) error {
	votes := max(int(hallRate*4*b.window.Seconds()), 2*hallRate)
	c, err := b.gather(ctx, b.rounds+1, hallScreens)
	if err != nil {
		return err
	}
	var ours, theirs, p50, p95 []time.Duration
	var ratios []float64
	for round := range b.rounds + 1 {
		if err := b.show(ctx, c, round); err != nil {
			return err
		}
		app, err := c.hall(round, b.app).watch(ctx, votes, hallRate, nil)
		if err != nil {
			return err
		}
		bare, err := b.bareHall(round, votes).watch(ctx, votes, hallRate, nil)
		if err != nil {
			return err
		}
		if app.lost+bare.lost > 0 {
			return fmt.Errorf("%d counts of the server and %d of the floor were never shown", app.lost, bare.lost)
		}
		if round == 0 { // caches fill and connections open in it
			continue
		}
		ours, theirs = append(ours, at(app.seen, 0.95)), append(theirs, at(bare.seen, 0.95))
		p50, p95 = append(p50, at(app.seen, 0.5)), append(p95, at(bare.seen, 0.5))
		ratios = append(ratios, at(app.seen, 0.95).Seconds()/at(bare.seen, 0.95).Seconds())
	}
	ratio := median(ratios)
	b.report.note(fmt.Sprintf("workshop, %d screens, %d votes a second: from the ballot to each screen, median; 95 %%", hallScreens, hallRate), "%.1f / %.1f ms; %.1f / %.1f ms, %.1f ×",
		ms(median(p50)), ms(median(p95)), ms(median(ours)), ms(median(theirs)), ratio)
	b.report.atMost("workshop, 95 % of what 200 screens see", ratio, "×", 3)
	return nil
}

// bareHall is the same with the floor.
func (b *bench) bareHall(card, votes int) hall {
	h := hall{cast: func(ctx context.Context, voter int) error {
		return post(ctx, b.floor.base+"/vote", "", url.Values{"card": {fmt.Sprint(card)}, "voter": {fmt.Sprint(voter)}})
	}}
	for range hallScreens {
		h.screens = append(h.screens, hallScreen{addresses: []string{b.floor.base + fmt.Sprintf("/live?card=%d", card)}})
	}
	return h
}

// measureCrowd lets 1,000 telephones follow one workshop and vote once each, spread over two server processes; then once more,
// with one of the two killed halfway.
func measureCrowd(ctx context.Context, b *bench) error {
	if b.profile != "" {
		return nil // the program under measurement is not the real one
	}
	phones := crowdPhones
	if b.window < time.Second {
		phones /= 4
	}
	c, err := b.gather(ctx, 2, phones)
	if err != nil {
		return err
	}
	second, err := startProgram(ctx, b.server, nil, serverEnv(b.dsn))
	if err != nil {
		return err
	}
	defer func() { _ = second.stop() }() // it is gone by then
	for card, name := range []string{"two servers", "one of two servers killed halfway"} {
		if err := b.show(ctx, c, card); err != nil {
			return err
		}
		var halfway func() error
		if card == 1 {
			halfway = func() error { return second.cmd.Process.Signal(syscall.SIGKILL) }
		}
		s, err := c.hall(card, b.app, second).watch(ctx, phones, crowdRate, halfway)
		if err != nil {
			return err
		}
		kept, err := b.kept(ctx, c, card)
		if err != nil {
			return err
		}
		b.report.note(fmt.Sprintf("%d telephones, %s, %d votes a second: from the ballot to every screen, median; 99 %%; worst", phones, name, crowdRate), "%.0f ms; %.0f ms; %.0f ms",
			ms(at(s.seen, 0.5)), ms(at(s.seen, 0.99)), ms(at(s.seen, 1)))
		b.report.note("the same: acknowledged, median; 99 %; ballots kept; counts never shown", "%.0f ms; %.0f ms; %d of %d; %d of %d",
			ms(at(s.acked, 0.5)), ms(at(s.acked, 0.99)), kept, phones, s.lost, phones*phones)
		b.report.atMost("votes lost, "+name, float64(phones-kept+s.lost), "", 0)
	}
	return nil
}
