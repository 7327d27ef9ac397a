package web_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/web"
	"utile/internal/web/webtest"
)

// TestPhonesOverTwoServers has many telephones in one workshop, half of them at each of two servers that share nothing but the
// database: every vote is committed, and every telephone sees it. How fast is measured by internal/bench.
func TestPhonesOverTwoServers(t *testing.T) {
	t.Parallel()
	const phones, votes = 40, 20
	s := webtest.New(t)
	r := newRoom(t, s).start()
	var servers []string
	for range 2 {
		st, err := store.Open(t.Context(), s.Store.Pool().Config().ConnString())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(st.Close)
		handler := web.New(st, web.Options{})
		server := httptest.NewServer(handler)
		t.Cleanup(func() { handler.EndStreams(); server.Close() })
		servers = append(servers, server.URL)
	}
	by := s.Acme[domain.RoleFacilitator]
	shop, err := s.Store.WorkshopByID(t.Context(), by, r.id)
	if err != nil {
		t.Fatal(err)
	}
	tokens := make([]string, phones)
	for i := range tokens {
		sum := sha256.Sum256(fmt.Appendf(nil, "phone %d", i))
		tokens[i] = base64.RawURLEncoding.EncodeToString(sum[:])
		hash := sha256.Sum256([]byte(tokens[i]))
		if _, err := s.Store.Enter(t.Context(), store.Door{Workspace: by.Workspace, Workshop: shop}, domain.Participant{Role: "crm", Part: "voter"}, hash[:]); err != nil {
			t.Fatal(err)
		}
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: phones, MaxConnsPerHost: 0}}
	ask := func(ctx context.Context, phone int, method, path, accept string, form url.Values) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, method, servers[phone%2]+path, strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Accept", accept)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.AddCookie(&http.Cookie{Name: "utile-seat-" + itoa(r.id), Value: tokens[phone]})
		return client.Do(req)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	seen, ready := make([]int, phones), make(chan error, phones) // how many votes a telephone was told of
	var watching sync.WaitGroup
	for i := range phones {
		watching.Go(func() {
			res, err := ask(ctx, i, http.MethodGet, r.vote()+"/live", "text/event-stream", nil)
			if err != nil {
				ready <- err
				return
			}
			defer func() { _ = res.Body.Close() }()
			lines, told := bufio.NewReader(res.Body), false
			for seen[i] < votes {
				line, err := lines.ReadBytes('\n')
				if err != nil {
					if !told {
						ready <- err
					}
					return
				}
				data, ok := bytes.CutPrefix(line, []byte(`data: {`))
				if !ok {
					continue
				}
				if !told {
					told = true
					ready <- nil
				}
				var counts map[string]int
				if err := json.Unmarshal(append([]byte("{"), data...), &counts); err != nil {
					continue
				}
				if counts["voted"] < seen[i] {
					t.Errorf("telephone %d was told of %d votes after %d", i, counts["voted"], seen[i])
				}
				seen[i] = counts["voted"]
			}
		})
	}
	for range phones {
		if err := <-ready; err != nil {
			t.Fatal(err)
		}
	}
	for k := range votes {
		form := url.Values{"card": {itoa(r.cards["email"])}, "round": {"1"}, "sequence": {"1"}, "level." + itoa(r.programs[0]): {"2"}, "level." + itoa(r.programs[1]): {"0"}}
		res, err := ask(ctx, k, http.MethodPost, r.vote(), "text/plain", form)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusNoContent {
			t.Fatalf("vote %d: status %d", k, res.StatusCode)
		}
	}
	watching.Wait()
	if n := r.votes("true"); n != 2*votes {
		t.Errorf("%d votes are kept of %d", n, 2*votes)
	}
	for i, n := range seen {
		if n != votes {
			t.Errorf("telephone %d was told of %d votes of %d", i, n, votes)
		}
	}
}
