package web_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
	"utile/internal/web"
	"utile/internal/web/webtest"
)

var update = flag.Bool("update", false, "write the tables that reviewers read")

// golden compares text with a reviewed file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what was reviewed (- reviewed, + now); read the difference, then run the test with -update:\n%s", path, diff)
	}
}

// visitors are the columns of the table of routes.
var visitors = []string{"nobody", "admin", "editor", "dpo", "facilitator", "viewer", "stranger"}

// routeRecords make, for a parameter of a route, a record of that kind in the actor's workspace that nothing refers to,
// and return what stands in the path. A new kind of record needs a line here.
var routeRecords = map[string]func(t *testing.T, s *webtest.Site, by domain.Actor) string{
	"format": func(*testing.T, *webtest.Site, domain.Actor) string { return "csv" },
	"token": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		name := fresh("token")
		hash := sha256.Sum256([]byte(name))
		insert(t, s, `insert into invitation (workspace_id, token_hash, email, role, expires_at) values ($1, $2, $3, 'viewer', now() + interval '1 day') returning id`,
			by.Workspace, hash[:], name+"@example.com")
		return name
	},
	"session": func(*testing.T, *webtest.Site, domain.Actor) string { return "999999999" }, // nobody else's session is there to end
	"member": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		name := fresh("member")
		user := insert(t, s, `insert into app_user (email, name, password_hash) values ($1, $2, '!') returning id`, name+"@example.com", name)
		s.Exec(t, `insert into membership (workspace_id, user_id, role) values ($1, $2, 'viewer')`, by.Workspace, user)
		return itoa(user)
	},
	"invitation": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		name := fresh("invited")
		return itoa(insert(t, s, `insert into invitation (workspace_id, token_hash, email, role, expires_at) values ($1, $2, $3, 'viewer', now() + interval '1 day') returning id`,
			by.Workspace, []byte(name), name+"@example.com"))
	},
	"slug": func(_ *testing.T, _ *webtest.Site, by domain.Actor) string { return by.Slug }, // publishes nothing: its page is not there
	"client_processing": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		return itoa(insert(t, s, `insert into client_processing (workspace_id, code, client) values ($1, $2, $2) returning id`, by.Workspace, fresh("client")))
	},
	"team":             named("team"),
	"application":      named("application"),
	"objective":        named("objective"),
	"collection_point": named("collection_point"),
	"stage":            coded("journey_stage"),
	"program":          coded("program"),
	"purpose":          coded("purpose"),
	"retention_rule":   coded("retention_rule"),
	"segment":          named("segment"),
	"journey":          named("journey"),
	"workshop":         named("workshop"),
	"seat":             named("workshop"), // nobody who asks has a place in it
	"key": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		code := fmt.Sprint(100_000 + freshCount.Add(1))
		s.Exec(t, `update workshop_live set code = $2, token = $2 || 'secret', open_until = now() + interval '1 day' where workshop_id = $1::text::bigint`, named("workshop")(t, s, by), code)
		return code
	},
	"card": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		return itoa(insert(t, s, `insert into workshop_card (workspace_id, workshop_id, field_id, position) values ($1, $2::text::bigint, $3, 1) returning id`,
			by.Workspace, named("workshop")(t, s, by), routeField(t, s, by)))
	},
	"participant": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		return itoa(insert(t, s, `insert into workshop_participant (workspace_id, workshop_id, role) values ($1, $2::text::bigint, 'crm') returning id`,
			by.Workspace, named("workshop")(t, s, by)))
	},
	"scenario": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		return itoa(insert(t, s, `insert into scenario (workspace_id, program_id, name) values ($1, $2::text::bigint, $3) returning id`,
			by.Workspace, coded("program")(t, s, by), fresh("scenario")))
	},
	"target": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		return itoa(insert(t, s, `insert into target (workspace_id, field_id, target_action, reason) values ($1, $2, 'drop', 'Nobody reads it') returning id`,
			by.Workspace, routeField(t, s, by)))
	},
	"category": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		return itoa(insert(t, s, `insert into data_category (workspace_id, code, label_fr, label_en, gdpr_class) values ($1, $2, $2, $2, 'personal') returning id`, by.Workspace, fresh("c")))
	},
	"dataset": func(t *testing.T, s *webtest.Site, by domain.Actor) string { return itoa(routeDataset(t, s, by)) },
	"field":   func(t *testing.T, s *webtest.Site, by domain.Actor) string { return itoa(routeField(t, s, by)) },
	"thread": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		return itoa(insert(t, s, `insert into review_thread (workspace_id, asked_by_name) values ($1, 'A DPO') returning id`, by.Workspace))
	},
	"mapping": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		return itoa(insert(t, s, `insert into purpose_mapping (workspace_id, field_id, purpose_id) values ($1, $2, $3::text::bigint) returning id`,
			by.Workspace, routeField(t, s, by), coded("purpose")(t, s, by)))
	},
	"flow": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		return itoa(insert(t, s, `insert into flow (workspace_id, name, source_application_id, target_application_id)
			values ($1, $2, $3::text::bigint, $4::text::bigint) returning id`, by.Workspace, fresh("flow"), named("application")(t, s, by), named("application")(t, s, by)))
	},
	"batch": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		return itoa(insert(t, s, `insert into batch (workspace_id, kind) values ($1, 'keep_until') returning id`, by.Workspace))
	},
	"import": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		return itoa(insert(t, s, `insert into import (workspace_id, kind, file_name) values ($1, 'inventory', 'a.csv') returning id`, by.Workspace))
	},
	"file": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		return itoa(insert(t, s, `insert into record_import (workspace_id, file_name, file_size, found, created_by_name) values ($1, 'a.xlsx', 1, '{"parties": [], "sheets": [], "remarks": []}', 'A DPO') returning id`, by.Workspace))
	},
	"view": func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		return itoa(insert(t, s, `insert into saved_view (workspace_id, register, name, query) values ($1, 'fields', $2, '') returning id`, by.Workspace, fresh("view")))
	},
}

var freshCount atomic.Int64

// fresh is a name that no other record has.
func fresh(kind string) string { return fmt.Sprintf("%s%d", kind, freshCount.Add(1)) }

func insert(t *testing.T, s *webtest.Site, sql string, args ...any) (id int64) {
	t.Helper()
	if err := s.Owner.QueryRow(t.Context(), sql, args...).Scan(&id); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return id
}

func named(table string) func(t *testing.T, s *webtest.Site, by domain.Actor) string {
	return func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		t.Helper()
		return itoa(insert(t, s, `insert into `+table+` (workspace_id, name) values ($1, $2) returning id`, by.Workspace, fresh(table)))
	}
}

func coded(table string) func(t *testing.T, s *webtest.Site, by domain.Actor) string {
	return func(t *testing.T, s *webtest.Site, by domain.Actor) string {
		t.Helper()
		return itoa(insert(t, s, `insert into `+table+` (workspace_id, code, name) values ($1, $2, $2) returning id`, by.Workspace, fresh("r")))
	}
}

func routeDataset(t *testing.T, s *webtest.Site, by domain.Actor) int64 {
	t.Helper()
	return insert(t, s, `insert into dataset (workspace_id, application_id, name) values ($1, $2::text::bigint, $3) returning id`, by.Workspace, named("application")(t, s, by), fresh("dataset"))
}

func routeField(t *testing.T, s *webtest.Site, by domain.Actor) int64 {
	t.Helper()
	return insert(t, s, `insert into field (workspace_id, dataset_id, application_id, name) select workspace_id, id, application_id, $2 from dataset where id = $1 returning id`,
		routeDataset(t, s, by), fresh("field"))
}

var trailingSpace = regexp.MustCompile(` +\n`)

var routeParameter = regexp.MustCompile(`\{([a-z_]+)\}`)

// routePath fills a pattern in, with fresh records of the actor's workspace.
func routePath(t *testing.T, s *webtest.Site, pattern string, by domain.Actor) string {
	t.Helper()
	return routeParameter.ReplaceAllStringFunc(pattern, func(p string) string {
		name := p[1 : len(p)-1]
		if name == "workspace" {
			return "acme"
		}
		record, known := routeRecords[name]
		if !known {
			t.Fatalf("%s: add %q to routeRecords, so that this route is tested for every visitor", pattern, name)
		}
		return record(t, s, by)
	})
}

// visit makes one request with the least that the route accepts: an empty form, or an empty file.
func visit(t *testing.T, s *webtest.Site, who, method, path string) *webtest.Page {
	t.Helper()
	v := s.Nobody(t)
	switch who {
	case "nobody":
	case "stranger":
		v = s.As(t, s.Other[domain.RoleAdmin])
	default:
		v = s.As(t, s.Acme[domain.Role(who)])
	}
	if method == http.MethodGet {
		return v.Get(path)
	}
	if strings.HasSuffix(path, "/imports") || strings.HasSuffix(path, "/record/import") {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		if err := form.Close(); err != nil {
			t.Fatal(err)
		}
		return v.Send(method, path, &body, form.FormDataContentType())
	}
	return v.Post(path)
}

// TestRoutes asks for every route as every kind of visitor and compares the answers with a table that people review: who
// gets in where is read there, and a route that is missing from it fails.
func TestRoutes(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	var b strings.Builder
	fmt.Fprintf(&b, "# Answer of every route to every kind of visitor: an empty form is sent, so 422 means that the visitor may.\n")
	fmt.Fprintf(&b, "# Written by: go test ./internal/web -run TestRoutes -update\n")
	fmt.Fprintf(&b, "%-5s %-52s %-17s %s\n", "", "", "asks for", strings.Join(visitors, " "))
	routes := slices.Clone(s.Server.Routes())
	slices.SortStableFunc(routes, func(a, b web.Route) int { return strings.Compare(a.Pattern, b.Pattern) })
	for _, route := range routes {
		fmt.Fprintf(&b, "%-5s %-52s %-17s", route.Method, route.Pattern, route.Action)
		for _, who := range visitors {
			p := visit(t, s, who, route.Method, routePath(t, s, route.Pattern, s.Admin()))
			fmt.Fprintf(&b, " %-*s", len(who), answer(p))
			checkAnswer(t, route, who, p)
		}
		b.WriteString("\n")
	}
	golden(t, "routes.golden", trailingSpace.ReplaceAllString(b.String(), "\n"))
}

// Monitors and balancers ask by HEAD: it is answered as GET is, without a body.
func TestHead(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	for _, path := range []string{"/healthz", "/readyz", "/sign-in", "/nowhere", "/w/acme", "/w/acme/fields", "/w/acme/fields.csv", "/w/acme@2020-01-01/fields"} {
		v := s.As(t, s.Admin())
		if path == "/sign-in" {
			v = s.Nobody(t)
		}
		get := v.Get(path)
		head := v.Send(http.MethodHead, path, nil, "")
		if head.Status != get.Status || head.Location != get.Location || head.Body != "" {
			t.Errorf("HEAD %s: status %d to %q and %d bytes, GET %d to %q", path, head.Status, head.Location, len(head.Body), get.Status, get.Location)
		}
	}
}

// answer is a status, with "in" for a redirect to the sign-in page.
func answer(p *webtest.Page) string {
	if strings.HasPrefix(p.Location, "/sign-in") && !strings.HasSuffix(p.Location, "?out=1") {
		return "in"
	}
	return fmt.Sprint(p.Status)
}

// checkAnswer holds what must be true whatever the table says: nobody gets past a door that their role does not open, a
// workspace is not there for strangers, and nothing fails.
func checkAnswer(t *testing.T, route web.Route, who string, p *webtest.Page) {
	t.Helper()
	where := route.Method + " " + route.Pattern + " as " + who
	if p.Status >= 500 {
		t.Errorf("%s: status %d", where, p.Status)
	}
	inside := strings.HasPrefix(route.Pattern, "/w/{workspace}")
	open := route.Action == domain.Public || route.Action == domain.SignedIn && who != "nobody"
	switch {
	case open:
	case who == "nobody":
		if route.Method == http.MethodGet && answer(p) != "in" || route.Method != http.MethodGet && p.Status != http.StatusUnauthorized {
			t.Errorf("%s: %s, want to be sent to sign in", where, answer(p))
		}
	case inside && who == "stranger":
		if p.Status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", where, p.Status)
		}
	default:
		may := domain.Actor{User: 1, Workspace: 1, Role: domain.Role(who)}.Can(route.Action)
		if may == (p.Status == http.StatusForbidden) {
			t.Errorf("%s: status %d, and the role allows %s: %v", where, p.Status, route.Action, may)
		}
	}
}

// TestRoutesKeepToTheirWorkspace puts the ids of one workspace's records in the paths of another: they are not there,
// whatever the visitor may do in either.
func TestRoutesKeepToTheirWorkspace(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	elsewhere := s.Other[domain.RoleAdmin]
	for _, route := range s.Server.Routes() {
		inside, ok := strings.CutPrefix(route.Pattern, "/w/{workspace}")
		if !ok || !routeParameter.MatchString(strings.ReplaceAll(inside, "{format}", "")) {
			continue
		}
		path := routePath(t, s, route.Pattern, elsewhere)
		if p := visit(t, s, "admin", route.Method, path); p.Status != http.StatusNotFound {
			t.Errorf("%s %s: status %d with the id of another workspace, want 404", route.Method, route.Pattern, p.Status)
		}
	}
}
