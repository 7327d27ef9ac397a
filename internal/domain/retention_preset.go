package domain

import (
	_ "embed"
	"slices"
	"strconv"
	"sync"
)

// RetentionPreset is a common retention rule that a new one can start from. Nothing in it is asserted as law: its
// certainty says how well the text behind it is known.
type RetentionPreset struct {
	Code          string
	Categories    []string // codes of the data categories that it usually binds
	Triggers      []string
	ActiveMonths  *int
	ArchiveMonths *int
	Fate          string
	Source        string
	Bound         string
	Certainty     string

	name, ground, criterion, reference bilingual
}

// Name is what the rule is called.
func (p RetentionPreset) Name(lang string) string { return p.name.in(lang) }

// Ground is why its archive is kept.
func (p RetentionPreset) Ground(lang string) string { return p.ground.in(lang) }

// Criterion is what its numbers do not say.
func (p RetentionPreset) Criterion(lang string) string { return p.criterion.in(lang) }

// Reference is the text behind it.
func (p RetentionPreset) Reference(lang string) string { return p.reference.in(lang) }

// Rule is a rule as the preset has it, in a language.
func (p RetentionPreset) Rule(lang string) RetentionRule {
	r := p.rule()
	r.Name, r.ArchiveGround, r.Criterion, r.LegalReference = p.Name(lang), p.Ground(lang), p.Criterion(lang), p.Reference(lang)
	return r
}

func (p RetentionPreset) rule() RetentionRule {
	return RetentionRule{Code: p.Code, Preset: p.Code, Triggers: slices.Clone(p.Triggers), ActiveMonths: p.ActiveMonths, ArchiveMonths: p.ArchiveMonths,
		Fate: p.Fate, Source: p.Source, Bound: p.Bound, Certainty: p.Certainty}
}

// RetentionPresets returns the library of retention rules, in its own order.
func RetentionPresets() []RetentionPreset { return slices.Clone(retentionPresets()) }

// RetentionPresetByCode returns the preset of a code, or false.
func RetentionPresetByCode(code string) (RetentionPreset, bool) {
	i := slices.IndexFunc(retentionPresets(), func(p RetentionPreset) bool { return p.Code == code })
	if i < 0 {
		return RetentionPreset{}, false
	}
	return retentionPresets()[i], true
}

//go:embed retention_seed/presets.csv
var retentionSeed string

var retentionPresets = sync.OnceValue(func() []RetentionPreset {
	var list []RetentionPreset
	for _, r := range mustRecords(retentionSeed, "code", "name_fr", "name_en", "categories", "triggers", "active_months", "archive_months",
		"ground_fr", "ground_en", "fate", "criterion_fr", "criterion_en", "reference_fr", "reference_en", "source", "bound", "certainty") {
		list = append(list, RetentionPreset{Code: r[0], name: bilingual{r[1], r[2]}, Categories: splitCodes(r[3]), Triggers: splitCodes(r[4]),
			ActiveMonths: mustMonths(r[5]), ArchiveMonths: mustMonths(r[6]), ground: bilingual{r[7], r[8]}, Fate: r[9],
			criterion: bilingual{r[10], r[11]}, reference: bilingual{r[12], r[13]}, Source: r[14], Bound: r[15], Certainty: r[16]})
	}
	return list
})

// mustMonths reads a number of months of an embedded table; nil for none.
func mustMonths(text string) *int {
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return &n
}

// retentionEvents tells, by event, the data categories of which a field may record it: without one of them in an
// application, a period that counts from the event cannot be computed there. An event that happens in the process itself
// (an authorisation, the rotation of a backup) needs no field.
var retentionEvents = []struct {
	code     string
	recorded []string
}{
	{"last_contact_from_person", []string{"crm.dates", "crm.interaction", "web.engagement"}},
	{"collection", []string{"crm.dates", "crm.source", "tech"}},
	{"last_purchase", []string{"crm.purchase.date", "crm.dates"}},
	{"contract_conclusion", []string{"crm.contract", "crm.dates", "crm.purchase.date"}},
	{"contract_end", []string{"crm.contract", "crm.dates"}},
	{"subscription_end", []string{"crm.contract", "crm.dates"}},
	{"membership_end", []string{"crm.loyalty", "crm.dates"}},
	{"last_activity", []string{"crm.loyalty", "crm.dates", "crm.purchase.date", "conn.log"}},
	{"last_user_action", []string{"conn.log", "crm.dates", "web.navigation"}},
	{"delivery", []string{"crm.purchase", "crm.dates"}},
	{"fiscal_year_close", []string{"crm.purchase.date", "crm.contract", "eco.payment"}},
	{"payment_completed_or_withdrawal_period_end", []string{"eco.payment", "crm.purchase.date"}},
	{"debit_date", []string{"eco.payment", "crm.purchase.date"}},
	{"last_instalment", []string{"eco.payment", "crm.contract"}},
	{"card_expiry", []string{"eco.card.expiry"}},
	{"debt_settled", []string{"eco.debt", "eco.payment"}},
	{"consent_collected", []string{"crm.consent", "web.tracker_consent"}},
	{"consent_withdrawal", []string{"crm.consent", "web.tracker_consent"}},
	{"objection_date", []string{"crm.consent.objection", "crm.consent.proof", "crm.dates"}},
	{"choice_date", []string{"web.tracker_consent", "crm.consent.proof"}},
	{"set_date", []string{"web.cookie", "web.tracker_consent", "tech"}},
	{"recording_date", []string{"crm.interaction"}},
	{"document_date", []string{"crm.interaction"}},
	{"answer_date", []string{"crm.satisfaction", "crm.dates"}},
	{"prize_delivered", []string{"crm.event", "crm.dates"}},
	{"request_closed", []string{"crm.rights"}},
	{"case_closed", []string{"crm.interaction.complaint"}},
	{"settlement", []string{"crm.interaction.complaint", "eco.debt"}},
	{"final_decision_enforced", []string{"crm.interaction.complaint", "eco.debt"}},
	{"event_date", []string{"conn.log", "tech"}},
	{"verification_done", nil},
	{"authorisation", nil},
	{"backup_date", nil},
	{"processing_end", nil},
	{"closed", nil},
}

// RetentionTriggers are the events from which periods commonly count.
var RetentionTriggers = func() []string {
	codes := make([]string, len(retentionEvents))
	for i, e := range retentionEvents {
		codes[i] = e.code
	}
	return codes
}()

// RetentionRecords are the codes of the data categories, any of which records an event; checked is false for an event of
// people's own words, and for one that needs no field.
func RetentionRecords(trigger string) (categories []string, checked bool) {
	for _, e := range retentionEvents {
		if e.code == trigger {
			return e.recorded, len(e.recorded) > 0
		}
	}
	return nil, false
}
