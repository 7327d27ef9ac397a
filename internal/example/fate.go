package example

import (
	"slices"
	"strings"

	"utile/internal/domain"
)

// ties are what leads a column to its fate: its purpose, the answer of the DPO, its programs and whether it is read.
type ties struct {
	purpose string // empty where nobody proposed one
	mapping string // state of the mapping
	links   []link
	reads   reads
	// Peculiarities of what was measured.
	empty, constant, stale bool
}

type link struct{ program, level, role string }

type reads int

const (
	readsUnmeasured reads = iota
	readsNone
	readsSome
)

// tie brings a column to its fate, in one of the ways that happen in companies.
func tie(f *field) ties {
	switch f.fate {
	case fateKeep:
		return tieKept(f)
	case fateDormant:
		return tieDormant(f)
	case fateRegularise:
		return tieToRegularise(f)
	case fateDelete:
		return tieToDelete(f)
	case fateExempt:
		return ties{reads: []reads{readsUnmeasured, readsSome}[f.variant(2)]}
	case fateUnclassified:
		return ties{reads: reads(f.variant(3)), empty: f.variant(4) == 0}
	}
	return ties{}
}

func tieKept(f *field) ties {
	t := ties{purpose: purposeOf(f), mapping: string(domain.MappingApproved), reads: readsSome}
	if f.variant(4) == 0 {
		t.reads = readsUnmeasured
	}
	if needsProgram(t.purpose) || f.variant(3) == 0 {
		t.links = linksOf(f, t.purpose)
	}
	return t
}

func tieDormant(f *field) ties {
	t := ties{purpose: purposeOf(f), mapping: string(domain.MappingApproved), reads: readsNone}
	if !needsProgram(t.purpose) {
		t.purpose = "CRM-03"
	}
	switch f.variant(6) {
	case 0: // a programme claims it, and nothing reads it
		t.links = linksOf(f, t.purpose)
	case 1:
		t.links = []link{{"REFERRAL", "useful", roleOf(f)}}
	case 2:
		t.links, t.reads = []link{{"LOCAL_EVENT", "useful", roleOf(f)}}, readsUnmeasured
	case 3:
		t.reads = readsUnmeasured
	case 4:
		t.stale = true
	case 5:
		t.constant = true
	}
	return t
}

func tieToRegularise(f *field) ties {
	t := ties{purpose: purposeOf(f), mapping: string(domain.MappingProposed), reads: readsSome}
	switch f.variant(5) {
	case 0: // read, and nobody says what for
		t.purpose, t.mapping = "", ""
	case 1, 2:
		t.links = linksOf(f, t.purpose)
	case 3:
		t.purpose, t.mapping, t.links = "", "", linksOf(f, t.purpose)
	case 4:
		t.mapping, t.links = string(domain.MappingRejected), linksOf(f, t.purpose)
	}
	return t
}

func tieToDelete(f *field) ties {
	t := ties{reads: readsNone}
	switch f.variant(6) {
	case 0:
		t.empty = true
	case 1:
		t.purpose, t.mapping = purposeOf(f), string(domain.MappingRejected)
	case 2:
		t.links = []link{{avoiding(f), "avoid", ""}}
	case 3:
		t.links, t.reads = []link{{"REFERRAL", "useful", roleOf(f)}}, readsUnmeasured
	case 4:
		t.purpose, t.mapping, t.links = purposeOf(f), string(domain.MappingProposed), []link{{"PREFERENCE_CENTER", "useful", roleOf(f)}}
	case 5:
		t.stale = true
	}
	return t
}

// avoiding is a programme that could be tempted to use the column.
func avoiding(f *field) string {
	for _, p := range programs {
		if p.status == "live" && slices.ContainsFunc(templateOf(p).Avoid, func(code string) bool { return within(f.concept.category, code) }) {
			return p.template
		}
	}
	return "WELCOME"
}

// within tells whether a category is another one or lies under it.
func within(code, top string) bool { return code == top || strings.HasPrefix(code, top+".") }

func needsProgram(code string) bool {
	return purposes[slices.IndexFunc(purposes, func(p purpose) bool { return p.code == code })].needsProgram
}

// categoryPurposes tells what a category is usually for; the dataset says it for the others.
var categoryPurposes = []struct{ category, purpose string }{
	{"art9.health", "ACC-01"}, {"art9", "CRM-03"}, {"nir", "CPT-01"}, {"crim", "CPT-01"},
	{"crm.satisfaction", "SAT-01"}, {"crm.review", "SAT-01"}, {"crm.loyalty", "CRM-02"}, {"ident.id.loyalty", "CRM-02"}, {"crm.referral", "CRM-02"},
	{"crm.segment", "CRM-03"}, {"crm.preference", "CRM-03"}, {"perso", "CRM-03"}, {"pro", "CRM-03"}, {"ident.gender", "CRM-03"}, {"ident.age", "CRM-03"},
	{"crm.consent", "CRM-01"}, {"crm.campaign", "CRM-01"}, {"crm.source", "CRM-01"}, {"web.engagement", "CRM-01"}, {"ident.birth", "CRM-01"},
	{"crm.interaction", "SAV-01"}, {"eco", "CPT-01"}, {"web", "WEB-01"}, {"conn.ip", "WEB-01"}, {"conn.device", "WEB-01"}, {"conn.user_agent", "WEB-01"}, {"loc", "WEB-01"},
	{"conn", "VTE-01"},
}

func purposeOf(f *field) string {
	for _, c := range categoryPurposes {
		if within(f.concept.category, c.category) {
			return c.purpose
		}
	}
	return f.dataset.purpose
}

// linksOf are the running programmes of a purpose that need the column, two at most; where none asks for its category, the
// first of them finds it useful.
func linksOf(f *field, purpose string) []link {
	var links []link
	for _, p := range programs {
		if p.status != "live" || !slices.Contains(p.purposes, purpose) {
			continue
		}
		t := templateOf(p)
		switch asks := func(code string) bool { return within(f.concept.category, code) }; {
		case len(links) == 2:
		case slices.ContainsFunc(t.Essential, asks):
			links = append(links, link{p.template, "essential", roleOf(f)})
		case slices.ContainsFunc(t.Useful, asks):
			links = append(links, link{p.template, "useful", roleOf(f)})
		}
	}
	if len(links) > 0 {
		return links
	}
	for _, p := range programs {
		if p.status == "live" && slices.Contains(p.purposes, purpose) {
			return []link{{p.template, "useful", roleOf(f)}}
		}
	}
	return []link{{"TRANSACTIONAL", "useful", roleOf(f)}}
}

// roles tells what a category does in a programme.
var roles = []struct{ category, role string }{
	{"crm.consent.proof", "prove"}, {"crm.consent", "exclude"}, {"ident.id", "identify"}, {"ident.contact", "reach"}, {"ident", "personalise"},
	{"crm.dates", "trigger"}, {"web.basket", "trigger"}, {"crm.purchase.date", "trigger"}, {"crm.loyalty", "trigger"},
	{"crm.satisfaction", "measure"}, {"web.engagement", "measure"}, {"crm.review", "measure"}, {"crm", "target"}, {"web", "target"},
	{"perso", "target"}, {"pro", "target"},
}

func roleOf(f *field) string {
	for _, r := range roles {
		if within(f.concept.category, r.category) {
			return r.role
		}
	}
	return "target"
}
