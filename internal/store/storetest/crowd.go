package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"utile/internal/domain"
)

// NewCrowd is NewWorld with a Crowd of n fields in the first workspace, and one of others in the second where that is not
// zero. It is judged once for all tests that ask for the same.
func NewCrowd(tb testing.TB, n, others int) *World {
	tb.Helper()
	return worldOn(tb, database(tb, func() (string, error) {
		from, err := peopled()
		if err != nil {
			return "", err
		}
		by, err := program()
		if err != nil {
			return "", err
		}
		name := fmt.Sprintf("utile_crowd_%d_%d_%s_%s", n, others, time.Now().UTC().Format("060102"), by)
		return name, makeTemplate(name, copyOf(from), func(_ context.Context, dsn string) error {
			var w *World
			defer func() { // a template that is connected to cannot be copied
				if w != nil {
					w.Store.Close()
					_ = w.Owner.Close(context.Background())
				}
			}()
			w = worldOn(tb, dsn)
			w.Crowd(tb, w.Admin(), n)
			if others > 0 {
				w.Crowd(tb, w.Other[domain.RoleAdmin], others)
			}
			return nil
		})
	}))
}

// program tells the states of this test program apart: what judges a crowd is part of it.
var program = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
})

// Crowd fills a workspace with n fields that differ in everything lists look at: five to a hundred applications, twenty
// times as many datasets, programs of every status, purposes, links, mappings, evidence of every grade, owners, origins
// and decisions. The same n gives the same fields.
func (w *World) Crowd(tb testing.TB, by domain.Actor, n int) {
	tb.Helper()
	ws := by.Workspace
	apps := min(max(n/1000, 5), 100)
	w.Exec(tb, `insert into application (workspace_id, name, hosting, country)
		select $1, (array['Salesforce', 'Braze', 'Magento', 'Comarch', 'Qualtrics'])[i % 5 + 1] || case when i < 5 then '' else ' ' || i end,
			(array['saas', 'on_premises', 'hosted', 'unknown'])[i % 4 + 1], (array['France', 'Ireland', ''])[i % 3 + 1]
		from generate_series(0, $2::int - 1) i`, ws, apps)
	w.Exec(tb, `insert into retention_rule (workspace_id, code, name, active_months) values ($1, 'PROSPECT', 'Prospects', 36)`, ws)
	w.Exec(tb, `insert into dataset (workspace_id, application_id, name, subjects, retention_rule_id, oldest_record_on, is_master)
		select $1, a.id, (array['Contact', 'Order', 'Événements', 'Utilisateurs'])[j % 4 + 1] || case when j < 4 then '' else '_' || j end,
			array['customers'], case j % 3 when 0 then (select id from retention_rule where workspace_id = $1) end, case j % 6 when 0 then current_date - 2000 end, false
		from application a, generate_series(0, 19) j where a.workspace_id = $1`, ws)
	w.Exec(tb, `insert into program (workspace_id, code, name, status, starts_on, paused_on)
		select $1, 'p' || i, (array['Newsletter', 'Relance panier', 'Anniversaire', 'Fidélité', 'Offres famille', 'Invitations boutique'])[i % 6 + 1]
				|| case when i < 6 then '' else ' ' || i end,
			(array['live', 'live', 'live', 'paused', 'planned', 'ended', 'idea'])[i % 7 + 1], current_date + 30, current_date - 10 * i
		from generate_series(0, 13) i`, ws)
	w.Exec(tb, `insert into purpose (workspace_id, code, name, legal_basis, state, needs_program)
		select $1, 'f' || i, 'Finalité ' || i, 'f_legitimate', (array['in_force', 'in_force', 'draft', 'retired'])[i % 4 + 1], i % 5 <> 0
		from generate_series(0, 7) i`, ws)
	w.Exec(tb, `insert into collection_point (workspace_id, name, notice, consent) values ($1, 'Formulaire web', 'yes', 'yes'), ($1, 'Caisse', 'no', 'unknown')`, ws)
	w.Exec(tb, `with d as (select row_number() over (order by id) - 1 as i, id, application_id, count(*) over () as n from dataset where workspace_id = $1),
		c as (select row_number() over (order by code) - 1 as i, id, gdpr_class, count(*) over () as n from data_category where workspace_id = $1),
		u as (select row_number() over (order by user_id) - 1 as i, user_id, count(*) over () as n from membership where workspace_id = $1)
		insert into field (workspace_id, dataset_id, application_id, name, label, description, data_type, position, category_id, gdpr_class, origin, owner_id, state)
		select $1, d.id, d.application_id,
			(array['email', 'birth_date', 'fax', 'first_name', 'marital_status', 'children_count', 'mobile', 'notes', 'loyalty_id', 'postcode', 'Prénom_2'])[k % 11 + 1] || '_' || k,
			case when k % 4 = 3 then '' else (array['Adresse e-mail', 'Date de naissance', 'Numéro de télécopie', 'Prénom', 'Situation familiale',
				'Nombre d’enfants', 'Téléphone mobile', 'Commentaire libre du conseiller', 'Carte de fidélité', 'Code postal', 'Prénom d’usage'])[k % 11 + 1] end,
			case when k % 13 = 0 then 'Saisie à l’inscription' else '' end, (array['varchar(255)', 'date', 'int', ''])[k % 4 + 1], k,
			c.id, coalesce(c.gdpr_class, 'unclassified'), (array['collected', 'received', 'observed', 'derived', 'technical', 'unknown'])[k % 6 + 1],
			u.user_id, case when k % 37 = 0 then 'archived' when k % 41 = 0 then 'gone' else 'active' end
		from generate_series(0, $2::int - 1) k
		join d on d.i = (k * 7919) % d.n
		left join c on c.i = (k * 31) % (c.n + 1)
		left join u on u.i = (k * 17) % (u.n * 2)`, ws, n)
	w.Exec(tb, `insert into program_link (workspace_id, field_id, program_id, level)
		select $1, f.id, p.id, (array['essential', 'useful', 'avoid'])[(f.position + p.i) % 3 + 1]
		from field f join (select row_number() over (order by id) - 1 as i, id from program where workspace_id = $1) p
			on (f.position * 13 + p.i * 7) % 11 = 0 and f.position % 5 <> 0
		where f.workspace_id = $1`, ws)
	w.Exec(tb, `insert into purpose_mapping (workspace_id, field_id, purpose_id, state)
		select $1, f.id, p.id, (array['approved', 'approved', 'proposed', 'rejected'])[(f.position / 3 + p.i) % 4 + 1]
		from field f join (select row_number() over (order by id) - 1 as i, id from purpose where workspace_id = $1) p
			on (f.position * 5 + p.i) % 9 = 0 and f.position % 7 <> 0
		where f.workspace_id = $1`, ws)
	w.Exec(tb, `insert into field_evidence (workspace_id, field_id, reads, window_days, last_read_at, reads_measured_at, row_count, non_null_count, distinct_count, fill_measured_at)
		select $1, id, case position % 8 when 0 then 0 when 1 then 3 when 2 then 40 when 3 then 900 when 4 then 25000 when 5 then 0 end, 90,
			case position % 8 when 1 then now() - interval '40 days' when 2 then now() - interval '9 days' when 3 then now() - interval '3 days' when 4 then now() - interval '2 hours' end,
			now() - interval '1 day', 10000, (position * 97) % 10001, 500, now() - interval '1 day'
		from field where workspace_id = $1 and position % 3 <> 0`, ws)
	w.Exec(tb, `insert into field_collection (workspace_id, field_id, collection_point_id)
		select $1, f.id, c.id from field f join collection_point c on c.workspace_id = $1 and (f.position + c.id) % 5 = 0 where f.workspace_id = $1`, ws)
	w.Exec(tb, `analyze`) // as the database does by itself before long
	// A workspace without a day is judged from nothing: what is approved is frozen, what waits is put in the queue.
	w.Exec(tb, `update workspace set judged_on = null where id = $1`, ws)
	if err := w.Store.JudgeIfDue(context.Background(), by, domain.Workspace{ID: ws}); err != nil {
		tb.Fatal(err)
	}
	w.Exec(tb, `update field set decision = (array['to_dpo', 'propose_deletion'])[position % 2 + 1]
		where workspace_id = $1 and verdict in ('delete', 'dormant') and position % 6 = 0`, ws)
	w.Exec(tb, `update field set decision = 'keep_until', decision_until = current_date + 90 where workspace_id = $1 and verdict = 'dormant' and position % 6 = 1`, ws)
	w.Exec(tb, `vacuum analyze field`)
}
