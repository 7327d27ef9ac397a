package store

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// NoticeFacts reads what the notice of a collection point is made of: approved mappings of the fields collected there, to
// purposes in force. NotFound where the workspace has no such point.
func (s *Store) NoticeFacts(ctx context.Context, by domain.Actor, id domain.CollectionPointID) (f domain.NoticeFacts, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		f, err = s.noticeFacts(ctx, by, id)
		return err
	})
	return f, err
}

func (s *Store) noticeFacts(ctx context.Context, by domain.Actor, id domain.CollectionPointID) (f domain.NoticeFacts, err error) {
	if f.Point, err = s.collectionPoint(ctx, by, id, ""); err != nil {
		return f, err
	}
	if f.Organisation, err = s.organisation(ctx, by); err != nil {
		return f, err
	}
	args := pgx.StrictNamedArgs{"ws": by.Workspace, "id": id}
	type data struct {
		Purpose domain.PurposeID       `db:"purpose_id"`
		FR      string                 `db:"label_fr"`
		EN      string                 `db:"label_en"`
		Rule    domain.RetentionRuleID `db:"rule_id"`
	}
	rows, err := many[data](ctx, s, "purpose", `select distinct m.purpose_id, coalesce(c.label_fr, '') as label_fr, coalesce(c.label_en, '') as label_en, coalesce(f.effective_rule_id, 0) as rule_id
		from field_collection x join field f on f.workspace_id = x.workspace_id and f.id = x.field_id and f.state = 'active'
		join purpose_mapping m on m.workspace_id = f.workspace_id and m.field_id = f.id and m.state = 'approved'
		join purpose p on p.workspace_id = m.workspace_id and p.id = m.purpose_id and `+inForce+`
		left join data_category c on c.workspace_id = f.workspace_id and c.id = f.category_id
		where x.workspace_id = @ws and x.collection_point_id = @id order by 2, 3, 4`, args)
	if err != nil {
		return f, err
	}
	answers, err := many[answerRow](ctx, s, "field", `select coalesce(c.label_fr, '') as label_fr, coalesce(c.label_en, '') as label_en,
			coalesce(nullif(f.label, ''), f.name) as field, x.answer, x.consequence
		from field_collection x join field f on f.workspace_id = x.workspace_id and f.id = x.field_id and f.state = 'active'
		left join data_category c on c.workspace_id = f.workspace_id and c.id = f.category_id
		where x.workspace_id = @ws and x.collection_point_id = @id and exists(select from purpose_mapping m
			join purpose p on p.workspace_id = m.workspace_id and p.id = m.purpose_id and `+inForce+`
			where m.workspace_id = f.workspace_id and m.field_id = f.id and m.state = 'approved')
		order by f.dataset_id, f.position, f.id`, args)
	if err != nil {
		return f, err
	}
	f.Answers = mapSlice(answers, func(r answerRow) domain.NoticeAnswer {
		return domain.NoticeAnswer{NoticeData: domain.NoticeData{FR: r.FR, EN: r.EN}, Field: r.Field, AskedAnswer: domain.AskedAnswer{Kind: r.Kind, Consequence: r.Consequence}}
	})
	held, ids := map[domain.PurposeID][]domain.NoticeData{}, []int64{}
	bound := map[domain.PurposeID]map[domain.RetentionRuleID][]domain.NoticeData{}
	for _, r := range rows {
		d := domain.NoticeData{FR: r.FR, EN: r.EN}
		if len(held[r.Purpose]) == 0 {
			ids, bound[r.Purpose] = append(ids, int64(r.Purpose)), map[domain.RetentionRuleID][]domain.NoticeData{}
		}
		if !slices.Contains(held[r.Purpose], d) {
			held[r.Purpose] = append(held[r.Purpose], d)
		}
		bound[r.Purpose][r.Rule] = append(bound[r.Purpose][r.Rule], d)
	}
	purposes, err := many[purposeRow](ctx, s, "purpose", `select `+purposeCols+` from purpose where workspace_id = @ws and id = any(@ids) order by fold(code), id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "ids": ids})
	if err != nil {
		return f, err
	}
	record, err := s.recordOf(ctx, by, s.recordParties, s.recordPurposes, s.recordPlaces, s.recordFlows) // what recipients and transfers are derived from
	if err != nil {
		return f, err
	}
	unsaid := map[domain.PurposeID]domain.Unsaid{}
	for _, sheet := range record.Sheets {
		unsaid[sheet.Purpose] = sheet.Unsaid()
	}
	for _, r := range purposes {
		p := domain.NoticePurpose{Purpose: r.purpose(), Data: held[r.ID], Unsaid: unsaid[r.ID]}
		if p.Purpose.Retention != 0 {
			if p.Rule, err = s.retentionRule(ctx, by, p.Purpose.Retention, ""); err != nil {
				return f, err
			}
		}
		var binding []domain.NoticePeriod
		for _, id := range slices.Sorted(maps.Keys(bound[r.ID])) {
			period := domain.NoticePeriod{Data: bound[r.ID][id]}
			if id != 0 {
				if period.Rule, err = s.retentionRule(ctx, by, id, ""); err != nil {
					return f, err
				}
			}
			binding = append(binding, period)
		}
		f.Purposes = append(f.Purposes, p.KeptBy(binding))
	}
	return f, nil
}

type answerRow struct {
	FR          string `db:"label_fr"`
	EN          string `db:"label_en"`
	Field       string `db:"field"`
	Kind        string `db:"answer"`
	Consequence string `db:"consequence"`
}

type noticeRow struct {
	ID          int64                    `db:"id"`
	Point       domain.CollectionPointID `db:"collection_point_id"`
	Number      int                      `db:"number"`
	Content     []byte                   `db:"content"`
	Gaps        []string                 `db:"gaps"`
	PublishedBy string                   `db:"published_by_name"`
	PublishedAt time.Time                `db:"published_at"`
}

func (r noticeRow) version() (v domain.NoticeVersion, err error) {
	v = domain.NoticeVersion{ID: r.ID, Point: r.Point, Number: r.Number, Gaps: r.Gaps, PublishedBy: r.PublishedBy, PublishedAt: r.PublishedAt}
	return v, json.Unmarshal(r.Content, &v.Texts)
}

// NoticeVersions returns what was published at a collection point, the newest first.
func (s *Store) NoticeVersions(ctx context.Context, by domain.Actor, id domain.CollectionPointID) (list []domain.NoticeVersion, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[noticeRow](ctx, s, "notice", `select id, collection_point_id, number, content, gaps, published_by_name, published_at
			from notice_version where workspace_id = @ws and collection_point_id = @id order by number desc`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		for _, r := range rows {
			v, bad := r.version()
			if bad != nil {
				return bad
			}
			list = append(list, v)
		}
		return err
	})
	return list, err
}

// PublishNotice freezes the notice of a collection point as write words it, under the next number. Seen is the number of
// the last version that the person saw: Conflict where somebody has published since.
func (s *Store) PublishNotice(ctx context.Context, by domain.Actor, id domain.CollectionPointID, seen int,
	write func(domain.NoticeFacts) map[string]domain.NoticeText) (number int, err error) {
	if err := by.Must(domain.EditPurpose); err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		c, err := s.collectionPoint(ctx, by, id, forUpdate) // whoever publishes the same notice waits
		if err != nil {
			return err
		}
		last, err := one[int](ctx, s, "notice", `select coalesce(max(number), 0) from notice_version where workspace_id = @ws and collection_point_id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		if err != nil {
			return err
		}
		if last != seen {
			return stale()
		}
		facts, err := s.noticeFacts(ctx, by, id)
		if err != nil {
			return err
		}
		content, err := json.Marshal(write(facts))
		if err != nil {
			return err
		}
		gaps := append([]string{}, facts.Gaps()...)
		number = last + 1
		if _, err := s.exec(ctx, "notice", `insert into notice_version (workspace_id, collection_point_id, number, content, gaps, published_by, published_by_name)
			values (@ws, @id, @number, @content::text::jsonb, @gaps, @actor, @actor_name)`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id, "number": number,
			"content": string(content), "gaps": gaps, "actor": zeroNull(by.User), "actor_name": by.Name}); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "collection_point.notice_published", Subject: c.Subject(), After: map[string]any{"notice_number": number, "notice_gaps": gaps}})
	})
	return number, err
}

// EachNotice gives every version of every notice that was published, the oldest first, as one line of JSON with its texts in
// both languages.
func (s *Store) EachNotice(ctx context.Context, by domain.Actor, f func(line string) error) error {
	return s.Read(ctx, by, func(s *Store) error {
		lines, err := many[string](ctx, s, "notice", `select jsonb_build_object('collection_point', p.name, 'number', v.number, 'published_at', v.published_at,
				'published_by', v.published_by_name, 'gaps', v.gaps, 'texts', v.content)::text
			from notice_version v join collection_point p on p.workspace_id = v.workspace_id and p.id = v.collection_point_id
			where v.workspace_id = @ws order by v.id`, pgx.StrictNamedArgs{"ws": by.Workspace})
		for _, line := range lines {
			if err == nil {
				err = f(line)
			}
		}
		return err
	})
}
