package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// waitingMappings is how many mappings wait for a DPO when the queue is measured.
const waitingMappings = 100_000

// reviewBare is what a page of the queue asks, as one would write it with nothing around it: the first questions, the counters,
// and what is known of the mapping that is open.
var reviewBare = []string{
	`select q.question, q.first, q.n, q.rank, q.since, q.reopened_because, q.gdpr_class, c.label_en, p.code, p.name, f.name, a.name
		from (select question, first, n, rank, since, reopened_because, gdpr_class, workspace_id, purpose_id from review_question
			where workspace_id = $1 and standing = 'open' order by rank, since, question limit 26) q
		join purpose p on p.workspace_id = q.workspace_id and p.id = q.purpose_id
		join purpose_mapping m on m.workspace_id = q.workspace_id and m.id = q.first
		join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
		join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
		left join data_category c on c.workspace_id = f.workspace_id and c.id = f.category_id
		order by q.rank, q.since, q.question`,
	`select standing, purpose_id, application_id, gdpr_class, reopened_because, sum(n), sum(questions) from review_tally
		where workspace_id = $1 group by 1, 2, 3, 4, 5`,
	`select m.id, m.justification, m.state, m.proposed_at, f.name, f.label, d.name, a.name, p.legal_basis, p.recipients, p.transfers, e.reads, e.row_count
		from purpose_mapping m join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
		join dataset d on d.workspace_id = f.workspace_id and d.id = f.dataset_id
		join application a on a.workspace_id = f.workspace_id and a.id = f.application_id
		join purpose p on p.workspace_id = m.workspace_id and p.id = m.purpose_id
		left join field_evidence e on e.workspace_id = f.workspace_id and e.field_id = f.id
		where m.workspace_id = $1 and m.id = (select first from review_question where workspace_id = $1 and standing = 'open'
			order by rank, since, question limit 1)`,
}

// listBare is a page of the list of mappings: the newest with what they belong to, how many there are, and how many by each value
// that narrows the list.
var listBare = []string{
	`select m.id, m.state, m.justification, m.proposed_at, f.name, f.gdpr_class, f.verdict, d.name, d.subjects, a.name, c.label_en, p.name, p.legal_basis, p.transfers, u.name
		from (select * from purpose_mapping where workspace_id = $1 order by proposed_at desc, id desc limit 51) m
		join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
		join dataset d on d.workspace_id = m.workspace_id and d.id = f.dataset_id
		join application a on a.workspace_id = m.workspace_id and a.id = f.application_id
		join purpose p on p.workspace_id = m.workspace_id and p.id = m.purpose_id
		left join data_category c on c.workspace_id = m.workspace_id and c.id = f.category_id
		left join app_user u on u.id = m.proposed_by
		order by m.proposed_at desc, m.id desc`,
	`select count(*) from purpose_mapping where workspace_id = $1`,
	`select m.state, m.purpose_id, f.application_id, f.gdpr_class, f.dataset_id, m.proposed_by, m.reopened_because, m.self_approved, count(*)
		from purpose_mapping m join field f on f.workspace_id = m.workspace_id and f.id = m.field_id
		where m.workspace_id = $1 group by 1, 2, 3, 4, 5, 6, 7, 8`,
}

// linksBare is a page of the list of links: the first by program with what they tie, how many there are, and how many by each
// value that narrows the list.
var linksBare = []string{
	`select l.level, l.role, l.note, f.name, d.name, a.name, p.name
		from program_link l join program p on p.workspace_id = l.workspace_id and p.id = l.program_id
		join field f on f.workspace_id = l.workspace_id and f.id = l.field_id
		join dataset d on d.workspace_id = l.workspace_id and d.id = f.dataset_id
		join application a on a.workspace_id = l.workspace_id and a.id = f.application_id
		where l.workspace_id = $1 order by fold(p.name), l.field_id, l.program_id limit 51`,
	`select count(*) from program_link where workspace_id = $1`,
	`select l.program_id, l.level, l.role, l.source, l.note <> '', f.application_id, count(*)
		from program_link l join field f on f.workspace_id = l.workspace_id and f.id = l.field_id where l.workspace_id = $1 group by 1, 2, 3, 4, 5, 6`,
}

// recordBare is what the record of processing is made of, and conflictBare what conflicts of retention are found in.
var (
	recordBare = []string{
		`select m.purpose_id, f.category_id, f.gdpr_class, f.application_id, count(*) filter (where m.state = 'approved'), count(*) filter (where m.state = 'proposed')
			from purpose_mapping m join field f on f.workspace_id = m.workspace_id and f.id = m.field_id and f.state = 'active'
			where m.workspace_id = $1 and m.state <> 'rejected' and f.gdpr_class <> 'non_personal' group by 1, 2, 3, 4`,
		`select m.purpose_id, f.application_id, f.dataset_id, count(*)
			from purpose_mapping m join field f on f.workspace_id = m.workspace_id and f.id = m.field_id and f.state = 'active'
			where m.workspace_id = $1 and m.state = 'approved' and f.gdpr_class <> 'non_personal' group by 1, 2, 3`,
		`select m.purpose_id, x.collection_point_id, count(*)
			from purpose_mapping m join field_collection x on x.workspace_id = m.workspace_id and x.field_id = m.field_id
			where m.workspace_id = $1 and m.state = 'approved' group by 1, 2`,
		`select * from purpose where workspace_id = $1`,
	}
	conflictBare = []string{
		`select purpose_id, count(*) from purpose_mapping where workspace_id = $1 and state = 'approved' group by 1`,
		`select x.flow_id, o.effective_rule_id, t.effective_rule_id, count(*) from flow_field x
			join field o on o.workspace_id = x.workspace_id and o.id = x.source_field_id join field t on t.workspace_id = x.workspace_id and t.id = x.target_field_id
			where x.workspace_id = $1 and o.effective_rule_id <> t.effective_rule_id group by 1, 2, 3`,
		`select distinct application_id, category_id from field where workspace_id = $1 and state = 'active'`,
		`select distinct application_id, effective_rule_id from field where workspace_id = $1 and state = 'active' and effective_rule_id is not null`,
	}
)

// deskPages are the pages of a DPO, each with its SQL and how many times that it may cost.
var deskPages = []struct {
	name, path string
	sql        []string
	most       float64
}{
	{"review desk", "/review", reviewBare, 10},
	{"list of mappings", "/mappings", listBare, 3},
	{"list of links", "/links", linksBare, 3},
	{"record of processing", "/record", recordBare, 4},
	{"conflicts of retention", "/retention/conflicts", conflictBare, 3},
}

// measureReview compares the page of the review desk, with so many mappings waiting, with its SQL alone.
func measureReview(ctx context.Context, b *bench) error {
	ws := int64(b.db.by.Workspace)
	for _, sql := range []string{
		`insert into purpose_mapping (workspace_id, field_id, purpose_id, justification)
			select $1, f.id, p.id, 'It serves the purpose for reason ' || (f.id + p.id) % 40
			from field f cross join purpose p where f.workspace_id = $1 and p.workspace_id = $1 and (f.id + p.id) % 11 = 0
			on conflict (workspace_id, field_id, purpose_id) do nothing`,
		`with extra as (select id from purpose_mapping where workspace_id = $1 and state = 'proposed' order by id offset ` + fmt.Sprint(waitingMappings) + `)
			update purpose_mapping m set state = 'rejected' from extra where m.workspace_id = $1 and m.id = extra.id`,
		`update workspace set judged_on = null where id = $1`,
	} {
		if _, err := b.db.owner.Exec(ctx, sql, ws); err != nil {
			return err
		}
	}
	if err := b.db.store.JudgeIfDue(ctx, b.db.by, domain.Workspace{ID: b.db.by.Workspace}); err != nil {
		return err
	}
	if err := b.clean(ctx); err != nil {
		return err
	}
	for _, table := range []string{"purpose_mapping", "review_item", "review_question", "review_tally"} {
		if _, err := b.db.owner.Exec(ctx, "vacuum (analyze) "+table); err != nil {
			return err
		}
	}
	var waiting, questions int64
	if err := b.db.owner.QueryRow(ctx, `select coalesce(sum(n), 0), coalesce(sum(questions), 0) from review_tally where workspace_id = $1`, ws).Scan(&waiting, &questions); err != nil {
		return err
	}
	if waiting != waitingMappings {
		return fmt.Errorf("%d mappings wait, not %d", waiting, waitingMappings)
	}
	var all int64
	if err := b.db.owner.QueryRow(ctx, `select count(*) from purpose_mapping where workspace_id = $1`, ws).Scan(&all); err != nil {
		return err
	}
	b.report.note("the DPO's desk", "%d mappings, of which %d wait in %d questions", all, waiting, questions)
	for _, p := range deskPages {
		bare := side{do: func(ctx context.Context, _ int) error {
			batch := &pgx.Batch{}
			for _, sql := range p.sql {
				batch.Queue(sql, ws)
			}
			return b.db.owner.SendBatch(ctx, batch).Close()
		}}
		compared, err := b.compare(ctx, 1, b.side(b.app, b.db.cookie, []string{"/w/bench" + p.path}), bare)
		if err != nil {
			return err
		}
		b.report.loads = append(b.report.loads, loadRow{p.name + " against its SQL alone", 1, compared})
		b.report.atMost(p.name+" against its SQL, time", compared.p50, "×", p.most)
		b.report.atMost(p.name+" against its SQL, processor time", compared.cpu, "×", p.most)
	}
	return nil
}
