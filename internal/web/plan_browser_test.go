package web_test

import (
	"testing"

	"utile/internal/browsertest"
	"utile/internal/domain"
	"utile/internal/web/webtest"
)

func TestPlanPagesInBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowd(t, 300)
	by := s.Admin()
	g := newGroundedIn(t, s, "Courriels", "ANNIV", "FID-1")
	for i, name := range []string{"mail_2", "mail_3", "phone", "diet", "allergy"} {
		f := s.Field(t, by, g.dataset, name, map[bool]string{true: "ident.contact.email", false: "art9.health"}[i < 3])
		propose(t, s, s.Acme[domain.RoleEditor], g.purpose, "Needed to write to customers about what they bought, and to stop when they ask.", f)
	}
	s.Exec(t, `update purpose set name = 'Fidéliser les clients et leur proposer des offres proches de leurs achats', interest = 'Garder les clients',
		necessity = 'Aucun autre moyen', balance = 'Les clients s''y attendent', subjects = '{customers,minors,Adhérents}', recipients = '[{"kind": "internal"}, {"kind": "processor", "name": "Braze", "contract": "signed"}]',
		security_measures = '{encryption,access_control}', retention_rule_id = $2, transfers = '[{"recipient": "Braze", "country": "US", "safeguard": "scc_c2p"}]',
		sub_purposes = '{Anniversaires,Relances}', review_on = '2020-01-01' where id = $1`, g.purpose, s.Rule(t, by, "R36", 36))
	s.Exec(t, `update program set name = 'Anniversaire', channels = '{email,sms}', trigger = 'Jour de naissance', starts_on = '2026-01-01' where id = $1`, g.program)
	s.Exec(t, `insert into program_purpose (workspace_id, program_id, purpose_id) values ($1, $2, $3)`, by.Workspace, g.program, g.purpose)
	for code, level := range map[string]string{"ident.contact.email": "essential", "art9.health": "avoid", "tech.key": "useful"} {
		s.Exec(t, `insert into requirement (workspace_id, program_id, category_id, level, role, note) select $1, $2, id, $4, 'trigger', 'Pour écrire au bon moment'
			from data_category where workspace_id = $1 and code = $3`, by.Workspace, g.program, code, level)
	}
	draft := s.Purpose(t, by, "LAW-9", false)
	s.Exec(t, `update purpose set state = 'draft', legal_basis = 'c_legal' where id = $1`, draft)
	s.Exec(t, `insert into journey_stage (workspace_id, code, name, position) values ($1, 'zz-a', 'Nouveau client', 101), ($1, 'zz-b', 'Client fidèle', 102)`, by.Workspace)
	s.Exec(t, `insert into objective (workspace_id, name, kpi, target) values ($1, 'Fidélisation', 'Clients actifs', '35 % fin 2027')`, by.Workspace)
	s.Exec(t, `update program set stage_id = (select id from journey_stage where workspace_id = $1 and code = 'zz-a'),
		objective_id = (select id from objective where workspace_id = $1 limit 1) where id = $2`, by.Workspace, g.program)
	segment := insert(t, s, `insert into segment (workspace_id, name, definition, volume) values ($1, 'Clients du web, premier achat récent', 'Premier achat sur le site depuis moins de 90 jours', 12400) returning id`, by.Workspace)
	scenario := insert(t, s, `insert into scenario (workspace_id, program_id, name, trigger_kind, trigger, segment_id, channels, cap_messages, cap_days, purpose_id, status)
		values ($1, $2, 'Un mois avant l’anniversaire', 'date', '30 jours avant la date anniversaire', $3, '{email,sms}', 3, 7, $4, 'live') returning id`, by.Workspace, g.program, segment, g.purpose)
	s.Exec(t, `insert into scenario (workspace_id, program_id, name, channels, status) values ($1, $2, 'Le jour même', '{email,app_push}', 'planned')`, by.Workspace, g.program)
	s.Exec(t, `insert into pressure_rule (workspace_id, channel, most, days) values ($1, 'email', 2, 7), ($1, 'sms', 4, 30)`, by.Workspace)
	rule := s.Rule(t, by, "NOTICE36", 36)
	s.Exec(t, `update purpose set retention_rule_id = $1 where id = $2`, rule, g.purpose)
	point := insert(t, s, `insert into collection_point (workspace_id, name) values ($1, 'Formulaire d’inscription') returning id`, by.Workspace)
	s.Exec(t, `insert into field_collection (workspace_id, field_id, collection_point_id) values ($1, $2, $3)`, by.Workspace, g.field, point)
	var mapping domain.MappingID
	if err := s.Owner.QueryRow(t.Context(), `select min(id) from purpose_mapping where purpose_id = $1 and state = 'proposed'`, g.purpose).Scan(&mapping); err != nil {
		t.Fatal(err)
	}
	program, purpose := "/w/acme/programs/"+itoa(g.program), "/w/acme/purposes/"+itoa(g.purpose)
	inBrowser(t, s, by,
		shownPage{"programs", "/w/acme/programs"},
		shownPage{"program", program},
		shownPage{"program-edit", program + "/edit"},
		shownPage{"program-library", "/w/acme/programs/library"},
		shownPage{"program-template", "/w/acme/programs/new?template=BIRTHDAY"},
		shownPage{"purposes", "/w/acme/purposes"},
		shownPage{"purpose", purpose},
		shownPage{"purpose-draft", "/w/acme/purposes/" + itoa(draft)},
		shownPage{"purpose-edit", purpose + "/edit"},
		shownPage{"mappings", "/w/acme/mappings?n=10"},
		shownPage{"mapping", "/w/acme/mappings/" + itoa(mapping)},
		shownPage{"review", "/w/acme/review"},
		shownPage{"retention", "/w/acme/retention"},
		shownPage{"retention-rule", "/w/acme/retention/" + itoa(rule)},
		shownPage{"retention-edit", "/w/acme/retention/" + itoa(rule) + "/edit"},
		shownPage{"retention-presets", "/w/acme/retention/presets"},
		shownPage{"retention-conflicts", "/w/acme/retention/conflicts"},
		shownPage{"retention-schedule", "/w/acme/retention/schedule"},
		shownPage{"notice", "/w/acme/collection-points/" + itoa(point) + "/notice"},
		shownPage{"plan", "/w/acme/plan"},
		shownPage{"requirements", "/w/acme/requirements"},
		shownPage{"scenarios", "/w/acme/scenarios"},
		shownPage{"scenario", "/w/acme/scenarios/" + itoa(scenario)},
		shownPage{"scenario-edit", "/w/acme/scenarios/" + itoa(scenario) + "/edit"},
		shownPage{"segments", "/w/acme/segments"},
		shownPage{"objectives", "/w/acme/objectives"},
		shownPage{"objective", "/w/acme/objectives/" + itoa(insert(t, s, `select id from objective where workspace_id = $1 limit 1`, by.Workspace))},
		shownPage{"stages", "/w/acme/stages"})
}

// TestEndingAProgramInBrowser ends a program as a person does: the menu, what would be lost, the confirmation.
func TestEndingAProgramInBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	g := newGrounded(t, s)
	tab := browsertest.Browser(t).Cookie(s.URL, "utile", s.Token(t, s.Acme[domain.RoleEditor])).Cookie(s.URL, "lang", "fr")
	tab.Open(s.URL + "/w/acme/programs/" + itoa(g.program)).Click("main details.menu:has(button[value=ended]) summary").Click(`button[value="ended"]`).Wait("form.confirm")
	tab.Axe(t)
	tab.Shoot("program-end-fr-light-1440")
	tab.Click("form.confirm .btn-danger").Wait(".flash")
	if got := verdictOf(t, s, g.field); got != "dormant" {
		t.Errorf("verdict = %s after the program ended", got)
	}
	for _, fault := range tab.Faults() {
		t.Error(fault)
	}
}
