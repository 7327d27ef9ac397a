package store

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// reviewLocks is the class of advisory locks under which the questions of one workspace are made again.
const reviewLocks = 727014

// itemRow is a mapping that waits, with what its place in the queue is made of.
type itemRow struct {
	groundRow
	Application     int64      `db:"application_id"`
	Justification   string     `db:"justification"`
	ReopenedBecause string     `db:"reopened_because"`
	Since           time.Time  `db:"since"`
	Asked           bool       `db:"asked"`
	SnoozedUntil    *time.Time `db:"snoozed_until"`
}

// lineUp makes the place in the queue again of the mappings of those fields, or of the whole workspace where ids is nil. It must
// be called in the transaction of every change of what the queue shows of a mapping: judge does.
func (s *Store) lineUp(ctx context.Context, by domain.Actor, ids []int64) error {
	which := func(column string) string { return " and (@everything or " + column + " = any(@ids))" }
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids, "everything": ids == nil}
	questions, err := many[string](ctx, s, "review", `select distinct question from review_item where workspace_id = @ws`+which("field_id"), args)
	if err != nil {
		return err
	}
	// What came back is as old as its coming back: that is when the row became as it is.
	rows, err := many[itemRow](ctx, s, "review", `select `+groundCols+`, f.application_id, m.justification, m.reopened_because,
			case when m.reopened_because = '' then m.proposed_at else m.valid_from end as since,
			coalesce(t.id is not null and t.answered_at is null, false) as asked, z.until as snoozed_until`+groundFrom+`
		left join review_thread t on t.workspace_id = m.workspace_id and t.id = m.thread_id
		left join review_snooze z on z.workspace_id = m.workspace_id and z.mapping_id = m.id
		where m.workspace_id = @ws and m.state = 'proposed' and f.state = 'active'`+which("m.field_id"), args)
	if err != nil || len(questions)+len(rows) == 0 {
		return err
	}
	c, err := s.reviewContext(ctx, by)
	if err != nil {
		return err
	}
	if _, err := s.exec(ctx, "review", `select pg_advisory_xact_lock(@class, hashint8(@ws))`,
		pgx.StrictNamedArgs{"class": reviewLocks, "ws": int64(by.Workspace)}); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "review", `delete from review_item where workspace_id = @ws`+which("field_id"), args); err != nil {
		return err
	}
	for part := range slices.Chunk(rows, 20_000) {
		added, err := s.addItems(ctx, by, c, part)
		if err != nil {
			return err
		}
		questions = append(questions, added...)
	}
	slices.Sort(questions)
	args["questions"] = slices.Compact(questions)
	for _, sql := range []string{
		`delete from review_question where workspace_id = @ws and question = any(@questions)`,
		`insert into review_question (workspace_id, question, purpose_id, application_id, gdpr_class, reopened_because, standing, first, n, rank, since)
			select workspace_id, question, min(purpose_id), (array_agg(application_id order by mapping_id))[1], min(gdpr_class), min(reopened_because),
				min(standing), min(mapping_id), count(*), min(rank), min(since)
			from review_item where workspace_id = @ws and question = any(@questions) group by workspace_id, question`,
	} {
		if _, err := s.exec(ctx, "review", sql, pgx.StrictNamedArgs{"ws": by.Workspace, "questions": args["questions"]}); err != nil {
			return err
		}
	}
	return nil
}

// addItems puts mappings in the queue and returns the questions that they are part of.
func (s *Store) addItems(ctx context.Context, by domain.Actor, c *reviewContext, rows []itemRow) ([]string, error) {
	n := len(rows)
	ids, fields, applications, purposes := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	classes, causes, standings, questions := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	ranks, since := make([]int16, n), make([]time.Time, n)
	for i, r := range rows {
		f := c.facts(r.groundRow)
		standing := domain.StandingOf(r.Asked, r.SnoozedUntil, c.today)
		ids[i], fields[i], applications[i], purposes[i] = int64(r.ID), int64(r.Field), r.Application, int64(r.Purpose)
		classes[i], causes[i], standings[i], since[i], ranks[i] = r.Class, r.ReopenedBecause, string(standing), r.Since, int16(-f.Risk())
		questions[i] = domain.Question(domain.PurposeMapping{ID: r.ID, Purpose: r.Purpose, Justification: r.Justification, ReopenedBecause: r.ReopenedBecause},
			r.Category, f.Class, standing)
	}
	_, err := s.exec(ctx, "review", `insert into review_item (workspace_id, mapping_id, field_id, application_id, purpose_id, gdpr_class, reopened_because,
			standing, question, rank, since)
		select @ws, u.* from unnest(@ids::bigint[], @fields::bigint[], @applications::bigint[], @purposes::bigint[], @classes::text[], @causes::text[],
			@standings::text[], @questions::text[], @ranks::smallint[], @since::timestamptz[]) u`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids, "fields": fields, "applications": applications, "purposes": purposes, "classes": classes,
			"causes": causes, "standings": standings, "questions": questions, "ranks": ranks, "since": since})
	return questions, err
}

// wake brings back what was put off until a day that has come.
func (s *Store) wake(ctx context.Context, by domain.Actor) error {
	fields, err := many[int64](ctx, s, "review", `with over as (
			delete from review_snooze where workspace_id = @ws and until <= @today returning mapping_id)
		select m.field_id from over join purpose_mapping m on m.workspace_id = @ws and m.id = over.mapping_id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "today": domain.Day(s.now().UTC())})
	if err != nil || len(fields) == 0 {
		return err
	}
	return s.lineUp(ctx, by, fields)
}

// ReviewQuestion is one question of the queue: a mapping, or several that ask the same.
type ReviewQuestion struct {
	ID              string                `db:"question"`
	First           domain.MappingID      `db:"first"` // the oldest of its mappings, which stands for all
	N               int64                 `db:"n"`
	Rank            int16                 `db:"rank"`
	Since           time.Time             `db:"since"`
	Standing        domain.ReviewStanding `db:"standing"`
	ReopenedBecause string                `db:"reopened_because"`
	Class           domain.GDPRClass      `db:"gdpr_class"`
	Category        string                `db:"category"` // label; empty for none
	Purpose         domain.PurposeID      `db:"purpose_id"`
	PurposeCode     string                `db:"purpose_code"`
	PurposeName     string                `db:"purpose_name"`
	Field           string                `db:"field"`
	Application     string                `db:"application"`
	TakenBy         string                `db:"taken_by"` // another reviewer who has it before them; empty for nobody
	Replied         bool                  `db:"replied"`  // what a DPO had asked about it has been answered
}

// questionOwn is what a question q has of its own; questionCols and questionJoins show it.
const (
	questionOwn  = `q.workspace_id, q.question, q.purpose_id, q.application_id, q.gdpr_class, q.reopened_because, q.standing, q.first, q.n, q.rank, q.since`
	questionCols = `q.question, q.first, q.n, q.rank, q.since, q.standing, q.reopened_because, q.gdpr_class,
		coalesce(case when current_setting('app.lang', true) = 'fr' then c.label_fr else c.label_en end, '') as category,
		q.purpose_id, p.code as purpose_code, p.name as purpose_name, f.name as field, a.name as application, coalesce((select u.name
			from review_lease l join app_user u on u.id = l.user_id
			where l.workspace_id = q.workspace_id and l.question = q.question and l.user_id <> @me and l.until > @now limit 1), '') as taken_by,
		exists (select from review_thread t join remark r on r.workspace_id = t.workspace_id and r.subject_kind = 'thread' and r.subject_id = t.id
			where t.workspace_id = q.workspace_id and t.id = m.thread_id and t.answered_at is not null and r.created_at > t.asked_at
				and r.author_id is distinct from t.asked_by) as replied`
	questionJoins = `
		join purpose p on p.workspace_id = q.workspace_id and p.id = q.purpose_id
		join purpose_mapping m on m.workspace_id = q.workspace_id and m.id = q.first
		join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
		join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
		left join data_category c on c.workspace_id = f.workspace_id and c.id = f.category_id`
)

// ReviewPage is one page of the queue.
type ReviewPage struct {
	Questions []ReviewQuestion
	Next      string           // cursor of the next page; empty on the last
	Mappings  int64            // that the filters leave
	Total     int64            // questions that the filters leave; -1 where the filter is one that only mappings are counted by
	Standings map[string]int64 // mappings by standing, whatever the other filters
	Facets    []domain.Facet   // in mappings
}

// reviewPlace is where a page of the queue begins: behind that question of that purpose or application.
type reviewPlace struct {
	Sort     string    `json:"s"`
	Over     string    `json:"o,omitempty"` // folded name of the purpose or application
	OverID   int64     `json:"i,omitempty"`
	Rank     int16     `json:"r"`
	Since    time.Time `json:"t"`
	Question string    `json:"q"`
}

func (p reviewPlace) encode() string {
	b, _ := json.Marshal(p) // texts, numbers and a time always marshal
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseReviewPlace(text, sort string) (p reviewPlace, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	return p, err == nil && json.Unmarshal(b, &p) == nil && p.Sort == sort
}

// ReviewQueue returns a page of what waits for a DPO. Its counts come from counters; no page reads the whole queue.
func (s *Store) ReviewQueue(ctx context.Context, by domain.Actor, q domain.ListQuery, most int) (page ReviewPage, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		if page.Questions, page.Next, err = s.reviewQuestions(ctx, by, q, most); err != nil {
			return err
		}
		return s.countReview(ctx, by, q, &page)
	})
	return page, err
}

// reviewOrders are the orders of the queue, each with the place at which a page begins. By purpose and by application each has its
// questions in the order of risk.
var reviewOrders = map[string]struct{ by, behind string }{
	"risk":  {"q.rank, q.since, q.question", "@rank::smallint, @since::timestamptz, @question"},
	"since": {"q.since, q.question", "@since::timestamptz, @question"},
}

func (s *Store) reviewQuestions(ctx context.Context, by domain.Actor, q domain.ListQuery, most int) (list []ReviewQuestion, next string, err error) {
	sort, _ := q.Order(domain.ReviewRegister)
	c := conditions{args: pgx.StrictNamedArgs{"ws": by.Workspace, "me": int64(by.User), "now": s.now(), "standing": domain.StandingShown(q)}}
	c.add("q.workspace_id = @ws and q.standing = @standing")
	for _, f := range []struct{ key, condition string }{
		{"purpose", "q.purpose_id::text = any(%s)"}, {"gdpr_class", "q.gdpr_class = any(%s)"}, {"reopened_because", "q.reopened_because = any(%s)"},
		{"application", "q.question in (select question from review_item where workspace_id = @ws and application_id::text = any(%s))"},
	} {
		if values := q.Filters[f.key]; len(values) > 0 {
			c.add(fmt.Sprintf(f.condition, c.arg(values)))
		}
	}
	at, placed := parseReviewPlace(q.After, sort)
	if placed {
		c.args["rank"], c.args["since"], c.args["question"], c.args["over"], c.args["over_id"] = at.Rank, at.Since, at.Question, at.Over, at.OverID
	}
	sql := reviewSQL(sort, placed, c.sql(), most+1)
	type row struct {
		ReviewQuestion
		Over   string `db:"over_name"`
		OverID int64  `db:"over_id"`
	}
	rows, err := loose[row](ctx, s, sql, pgx.NamedArgs(c.args))
	if err != nil {
		return nil, "", err
	}
	if len(rows) > most {
		rows = rows[:most]
		last := rows[most-1]
		next = reviewPlace{sort, last.Over, last.OverID, last.Rank, last.Since, last.ID}.encode()
	}
	return mapSlice(rows, func(r row) ReviewQuestion { return r.ReviewQuestion }), next, nil
}

// reviewSQL reads a page of questions in an order, from the beginning or from a place on.
func reviewSQL(sort string, placed bool, where string, most int) string {
	limit := " limit " + strconv.Itoa(most) // in the statement, because a plan for any number of rows reads them all
	if o, plain := reviewOrders[sort]; plain {
		if placed {
			where += " and (" + o.by + ") > (" + o.behind + ")"
		}
		return `select ` + questionCols + `, '' as over_name, 0::bigint as over_id
			from (select ` + questionOwn + ` from review_question q where ` + where + ` order by ` + o.by + limit + `) q` + questionJoins + ` order by ` + o.by
	}
	// Purpose by purpose, or application by application: of each no more than a page is read.
	risk, from := reviewOrders["risk"], ""
	if placed {
		from = " and (fold(name), id) >= (@over, @over_id)"
		where += " and ((o.over_name, o.over_id) > (@over, @over_id) or (" + risk.by + ") > (" + risk.behind + "))"
	}
	return `select ` + questionCols + `, q.over_name, q.over_id from (
			select ` + questionOwn + `, o.over_name, o.over_id from (select fold(name) as over_name, id as over_id from ` + sort + ` where workspace_id = @ws` + from + `) o
			cross join lateral (select ` + questionOwn + ` from review_question q where ` + where + ` and q.` + sort + `_id = o.over_id order by ` + risk.by + limit + `) q
			order by o.over_name, o.over_id, ` + risk.by + limit + `
		) q` + questionJoins + ` order by q.over_name, q.over_id, ` + risk.by
}

// countReview counts what the filters leave, and how many mappings each value of a filter would.
func (s *Store) countReview(ctx context.Context, by domain.Actor, q domain.ListQuery, page *ReviewPage) error {
	type tally struct {
		Standing    string `db:"standing"`
		Purpose     int64  `db:"purpose_id"`
		Application int64  `db:"application_id"`
		Class       string `db:"gdpr_class"`
		Because     string `db:"reopened_because"`
		N           int64  `db:"n"`
		Questions   int64  `db:"questions"`
	}
	rows, err := many[tally](ctx, s, "review", `select standing, purpose_id, application_id, gdpr_class, reopened_because, sum(n)::bigint as n,
			sum(questions)::bigint as questions
		from review_tally where workspace_id = @ws group by 1, 2, 3, 4, 5 having sum(n) <> 0 or sum(questions) <> 0`, pgx.StrictNamedArgs{"ws": by.Workspace})
	if err != nil {
		return err
	}
	type label struct {
		Key  string `db:"key"`
		Name string `db:"name"`
	}
	labels, err := many[label](ctx, s, "review", `select 'purpose ' || id as key, code || ' · ' || name as name from purpose where workspace_id = @ws
		union all select 'application ' || id, name from application where workspace_id = @ws`, pgx.StrictNamedArgs{"ws": by.Workspace})
	if err != nil {
		return err
	}
	names := make(map[string]string, len(labels))
	for _, l := range labels {
		names[l.Key] = l.Name
	}
	page.Standings = map[string]int64{}
	standing, counts := domain.StandingShown(q), map[string]map[string]int64{}
	for _, r := range rows {
		page.Standings[r.Standing] += r.N
		if r.Standing != standing {
			continue
		}
		values := map[string]string{"purpose": strconv.FormatInt(r.Purpose, 10), "application": strconv.FormatInt(r.Application, 10),
			"gdpr_class": r.Class, "reopened_because": r.Because}
		wanted := func(except string) bool {
			for key, value := range values {
				if asked := q.Filters[key]; key != except && len(asked) > 0 && !slices.Contains(asked, value) {
					return false
				}
			}
			return true
		}
		if wanted("") {
			page.Mappings += r.N
		}
		if wanted("application") {
			page.Total += r.Questions
		}
		for key, value := range values {
			if value != "" && wanted(key) {
				if counts[key] == nil {
					counts[key] = map[string]int64{}
				}
				counts[key][value] += r.N
			}
		}
	}
	if len(q.Filters["application"]) > 0 {
		page.Total = -1
	}
	for _, f := range domain.ReviewRegister.Filters {
		if f.Facet {
			page.Facets = append(page.Facets, facetOf(f, q, counts[f.Key], names))
		}
	}
	return nil
}

// facetOf orders the counted values of a filter: those of a closed list as it says, others by how many there are.
func facetOf(f domain.RegisterFilter, q domain.ListQuery, counts map[string]int64, names map[string]string) domain.Facet {
	for _, v := range q.Filters[f.Key] { // what was chosen stays in sight
		if _, counted := counts[v]; !counted && counts != nil {
			counts[v] = 0
		}
	}
	out := domain.Facet{Filter: f}
	for v, n := range counts {
		if n > 0 || slices.Contains(q.Filters[f.Key], v) {
			out.Values = append(out.Values, domain.FacetValue{Value: v, Label: names[f.Key+" "+v], N: n})
		}
	}
	slices.SortFunc(out.Values, func(a, b domain.FacetValue) int {
		if f.Ref {
			return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Label, b.Label))
		}
		return cmp.Compare(slices.Index(f.Values, a.Value), slices.Index(f.Values, b.Value))
	})
	return out
}

// ReviewCard is one question with everything that its answer depends on.
type ReviewCard struct {
	MappingCase // that stands for all
	Question    ReviewQuestion
	Seen        string   // changes with anything in the question
	Own         int64    // of its mappings, how many the reader proposed
	Proposers   []string // some of them
	Fields      []string // some, as application › dataset.field
	Frozen      *domain.Approval
	Thread      *domain.ReviewThread
	Evidence    FieldUse
	Other       bool // somebody else may answer
	// Until when it is put off, and by whom; nil and empty where it is not.
	SnoozedUntil *time.Time
	SnoozedBy    string
}

// FieldUse is what was measured of the field that stands for a question, and what is known of where it is.
type FieldUse struct {
	Grade       domain.Grade `db:"grade"`
	Reads       *int64       `db:"reads"`
	WindowDays  *int         `db:"window_days"`
	LastReadAt  *time.Time   `db:"last_read_at"`
	MeasuredAt  *time.Time   `db:"reads_measured_at"`
	Rows        *int64       `db:"row_count"`
	Filled      *int64       `db:"non_null_count"`
	DatasetRule string       `db:"dataset_rule"` // name of its retention rule; empty for none
	Verdict     string       `db:"verdict"`
}

// ReviewCardOf returns the question that a mapping is part of. NotFound where the workspace has no such mapping, or where it
// does not wait for an answer.
func (s *Store) ReviewCardOf(ctx context.Context, by domain.Actor, id domain.MappingID) (card ReviewCard, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		card.Question, err = one[ReviewQuestion](ctx, s, "mapping", `select `+questionCols+` from review_question q`+questionJoins+`
			where q.workspace_id = @ws and q.question = (select question from review_item where workspace_id = @ws and mapping_id = @id)`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "me": int64(by.User), "now": s.now()})
		if err != nil {
			return err
		}
		return s.fillCard(ctx, by, &card)
	})
	return card, err
}

func (s *Store) fillCard(ctx context.Context, by domain.Actor, card *ReviewCard) (err error) {
	if card.MappingCase, err = s.MappingByID(ctx, by, card.Question.First); err != nil {
		return err
	}
	type rest struct {
		Seen      string   `db:"seen"`
		Own       int64    `db:"own"`
		Proposers []string `db:"proposers"`
		Fields    []string `db:"fields"`

		SnoozedUntil *time.Time `db:"snoozed_until"`
		SnoozedBy    string     `db:"snoozed_by"`
	}
	r, err := one[rest](ctx, s, "mapping", `select `+groupSeen+` as seen, count(*) filter (where m.proposed_by = @me) as own,
			(array_agg(distinct u.name) filter (where u.name is not null))[1:3] as proposers,
			array(select a.name || ' › ' || d.name || '.' || f.name from review_item i
				join field f on f.workspace_id = i.workspace_id and f.id = i.field_id
				join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
				join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
				where i.workspace_id = @ws and i.question = @question order by i.mapping_id limit 8) as fields,
			min(z.until) as snoozed_until, coalesce(min(zu.name), '') as snoozed_by
		from review_item i join purpose_mapping m on m.workspace_id = i.workspace_id and m.id = i.mapping_id
		left join app_user u on u.id = m.proposed_by
		left join review_snooze z on z.workspace_id = i.workspace_id and z.mapping_id = i.mapping_id
		left join app_user zu on zu.id = z.snoozed_by
		where i.workspace_id = @ws and i.question = @question`, pgx.StrictNamedArgs{"ws": by.Workspace, "question": card.Question.ID, "me": int64(by.User)})
	if err != nil {
		return err
	}
	card.Seen, card.Own, card.Proposers, card.Fields = r.Seen, r.Own, r.Proposers, r.Fields
	card.SnoozedUntil, card.SnoozedBy = r.SnoozedUntil, r.SnoozedBy
	if card.Other, err = s.otherReviewer(ctx, by); err != nil {
		return err
	}
	if card.Evidence, err = one[FieldUse](ctx, s, "field", `select f.grade, f.verdict, e.reads, e.window_days, e.last_read_at, e.reads_measured_at, e.row_count,
			e.non_null_count, coalesce(t.name, '') as dataset_rule
		from field f join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
		left join retention_rule t on t.workspace_id = d.workspace_id and t.id = d.retention_rule_id
		left join field_evidence e on e.workspace_id = f.workspace_id and e.field_id = f.id
		where f.workspace_id = @ws and f.id = @id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": card.Field}); err != nil {
		return err
	}
	if card.Approval != 0 {
		a, err := s.approvals(ctx, by, "k.id = @id", pgx.StrictNamedArgs{"id": card.Approval})
		if err != nil {
			return err
		}
		card.Frozen = &a[0]
	}
	if card.PurposeMapping.Thread != 0 {
		card.Thread, err = s.reviewThread(ctx, by, card.PurposeMapping.Thread)
	}
	return err
}
