package domain

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// oracle says which codes block and which warn, written apart from the table: as a lawyer would read the rules out.
func checkOracle(f CheckFacts) (blocks, warns []string) {
	p := f.Purpose
	has := func(list []string, x string) bool { return slices.Contains(list, x) }
	sells, maySell := map[string]bool{}, map[string]bool{}
	for _, g := range f.Programs {
		said := map[string]bool{} // channels of which scenarios tell what goes by them
		for _, m := range g.Messages {
			own := m.Channels
			if len(own) == 0 {
				own = g.Channels
			}
			for _, c := range append(slices.Clone(own), "any") {
				said[c] = true
				switch m.Nature {
				case "promotional":
					sells[c] = true
				case "relationship":
					maySell[c] = true
				}
			}
		}
		open := false
		for _, c := range append(slices.Clone(g.Channels), "any") {
			if said[c] && (c != "any" || !open) {
				continue
			}
			open = true
			switch g.Template {
			case "NEWSLETTER", "TELESALES":
				sells[c] = true
			case "", "LOYALTY":
				maySell[c] = true
			}
		}
	}
	add := func(code string, block, warn bool) {
		if block {
			blocks = append(blocks, code)
		} else if warn {
			warns = append(warns, code)
		}
	}
	switch p.LegalBasis {
	case "":
		add("basis", true, false)
	case "a_consent":
		add("consent_proof", p.ConsentProof == "", false)
		add("consent_withdrawal", p.ConsentWithdrawal == "", false)
		add("consent_minors", false, has(f.Subjects, "minors"))
	case "b_contract":
		add("contract_necessity", p.Necessity == "", false)
		add("contract_marketing", sells["any"], maySell["any"])
	case "c_legal":
		add("legal_text", p.LegalReference == "", false)
	case "d_vital":
		add("vital_necessity", p.Necessity == "", false)
		add("vital_rare", false, true)
	case "e_public":
		add("public_text", p.LegalReference == "", false)
		add("public_private", false, true)
	case "f_legitimate":
		add("interest_test", p.Interest == "" || p.Necessity == "" || p.Balance == "", false)
		add("interest_old", false, p.UpdatedAt.Year() == 2024)
		add("interest_minors", false, has(f.Subjects, "minors"))
	}
	add("without_program", false, !p.NeedsProgram && (p.LegalBasis == "a_consent" || p.LegalBasis == "f_legitimate"))
	add("purpose_over", p.EndsOn != nil && p.EndsOn.Year() < 2027, false)
	add("purpose_ahead", false, p.StartsOn != nil && p.StartsOn.Year() > 2026)
	switch f.Class {
	case ClassSensitive:
		add("art9_condition", p.Art9Condition == "", false)
		if p.LegalBasis != "a_consent" || p.Art9Condition != "a" {
			add("art9_marketing", sells["any"], maySell["any"])
		}
	case ClassCriminal:
		add("art10_text", p.LegalReference == "", false)
	case ClassNIR:
		add("nir_text", p.LegalReference == "", false)
		add("nir_listed", false, p.LegalReference != "")
	case ClassUnclassified:
		add("unclassified", false, true)
	}
	work := len(f.Subjects) == 1 && f.Subjects[0] == "partners"
	strangers := len(f.Subjects) == 1 && f.Subjects[0] == "prospects"
	if p.LegalBasis != "a_consent" && p.LegalBasis != "" && !work {
		since := !f.Today.Before(time.Date(2026, 8, 11, 0, 0, 0, 0, time.UTC))
		add("phone", sells["phone"] && strangers && since, sells["phone"] || maySell["phone"])
		mail := sells["email"] || sells["sms"]
		add("electronic", mail && strangers, mail || maySell["email"] || maySell["sms"])
	}
	add("transfer_undescribed", len(p.Recipients) > 0 && p.Recipients[0].Kind == "third_country" && len(p.Transfers) == 0, false)
	add("processor_contract", false, len(p.Recipients) > 0 && p.Recipients[0].Contract == "missing")
	if len(p.Transfers) > 0 {
		first := p.Transfers[0]
		add("transfer_unsafe", first.Safeguard == "none", false)
		add("transfer_over", first.ValidUntil == "2026-07-01", false)
		add("transfer_unsaid", false, first.Safeguard == "")
		add("transfer_unassessed", false, first.Safeguard == "bcr" && first.AssessedOn == "")
	}
	return blocks, warns
}

// TestChecksOverEveryCombination runs the table over every combination of what it reads, against the oracle.
func TestChecksOverEveryCombination(t *testing.T) {
	t.Parallel()
	said, seen := map[string]bool{}, 0
	texts := []Purpose{{}, {ConsentProof: "Register", Necessity: "Delivery", LegalReference: "Art. L. 123-22", Interest: "To keep them"},
		{ConsentProof: "Register", ConsentWithdrawal: "Link", Necessity: "Delivery", LegalReference: "Art. L. 123-22", Interest: "To keep them", Balance: "Expected"}}
	programs := [][]CheckedProgram{nil, {{Name: "Deliveries", Template: "TRANSACTIONAL", Channels: []string{"email", "phone"}}},
		{{Name: "Own", Channels: []string{"phone"}}}, {{Name: "News", Template: "NEWSLETTER", Channels: []string{"email"}}},
		{{Name: "Calls", Template: "TELESALES", Channels: []string{"phone"}}, {Name: "Club", Template: "LOYALTY", Channels: []string{"sms"}}},
		{{Name: "Parcels", Template: "NEWSLETTER", Channels: []string{"email"}, Messages: []CheckedMessage{{Nature: NatureTransactional}, {Nature: NatureService, Channels: []string{"email"}}}}},
		{{Name: "Wishes", Template: "NEWSLETTER", Channels: []string{"email", "phone"}, Messages: []CheckedMessage{{Nature: NatureRelationship, Channels: []string{"email"}}}}},
		{{Name: "Sales", Template: "TRANSACTIONAL", Channels: []string{"post"}, Messages: []CheckedMessage{{Nature: NaturePromotional, Channels: []string{"sms"}}, {Nature: NatureService, Channels: []string{"phone"}}}}}}
	abroad := []Recipient{{Kind: "third_country"}}
	abroadCases := []Purpose{{}, {Recipients: abroad}, {Recipients: abroad, Transfers: []Transfer{{Recipient: "Orion", Country: "US"}}},
		{Recipients: []Recipient{{Kind: "processor", Contract: "missing"}}, Transfers: []Transfer{{Safeguard: "none", ValidUntil: "2026-07-01"}}},
		{Transfers: []Transfer{{Safeguard: "bcr", ValidUntil: "2027-07-01"}}}, {Transfers: []Transfer{{Safeguard: "bcr", AssessedOn: "2026-01-01"}, {Safeguard: "adequacy"}}}}
	for _, class := range GDPRClasses {
		for _, basis := range append([]string{""}, LegalBases...) {
			for _, text := range texts {
				for _, condition := range []string{"", "a", "f"} {
					for _, subjects := range [][]string{nil, {"customers"}, {"prospects"}, {"partners"}, {"customers", "minors"}} {
						for _, under := range programs {
							for _, abroad := range abroadCases {
								for _, today := range []time.Time{time.Date(2026, 8, 10, 23, 0, 0, 0, time.UTC), reviewDay} {
									p := text
									p.LegalBasis, p.Art9Condition, p.Recipients, p.Transfers = basis, condition, abroad.Recipients, abroad.Transfers
									p.UpdatedAt = time.Date([]int{2024, 2025}[seen%2], 1, 15, 0, 0, 0, 0, time.UTC)
									p.NeedsProgram = seen%3 > 0
									switch seen % 5 {
									case 0:
										p.StartsOn, p.EndsOn = new(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), new(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC))
									case 1:
										p.StartsOn = new(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
									case 2:
										p.EndsOn = new(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
									}
									f := CheckFacts{Class: GDPRClass(class), Purpose: p, Subjects: subjects, Programs: under, Today: today}
									var blocks, warns []string
									for _, x := range f.Findings() {
										if said[x.Code] = true; x.Blocks() {
											blocks = append(blocks, x.Code)
										} else {
											warns = append(warns, x.Code)
										}
									}
									wantBlocks, wantWarns := checkOracle(f)
									for _, list := range [][]string{blocks, warns, wantBlocks, wantWarns} {
										slices.Sort(list)
									}
									if seen++; !slices.Equal(blocks, wantBlocks) || !slices.Equal(warns, wantWarns) {
										t.Fatalf("%+v\nblocks %v, want %v\nwarns %v, want %v", f, blocks, wantBlocks, warns, wantWarns)
									}
								}
							}
						}
					}
				}
			}
		}
	}
	for _, c := range LegalChecks {
		if !said[c.Code] {
			t.Errorf("%s says nothing of any of %d cases", c.Code, seen)
		}
	}
}

// TestGraverRisksComeFirst: what has a graver factor comes before all that have only lighter ones.
func TestGraverRisksComeFirst(t *testing.T) {
	t.Parallel()
	facts := func(class GDPRClass, minors, transfers bool) CheckFacts {
		f := CheckFacts{Class: class}
		if minors {
			f.Subjects = []string{"customers", "minors"}
		}
		if transfers {
			f.Purpose.Transfers = []Transfer{{Country: "US"}}
		}
		return f
	}
	yes := []bool{false, true}
	for _, minors := range yes {
		for _, transfers := range yes {
			for i, classes := range [][2]GDPRClass{{ClassSensitive, ClassHighlyPersonal}, {ClassNIR, ClassHighlyPersonal}, {ClassCriminal, ClassHighlyPersonal},
				{ClassHighlyPersonal, ClassPersonal}, {ClassHighlyPersonal, ClassUnclassified}} {
				grave, light := facts(classes[0], false, false), facts(classes[1], minors, transfers)
				if grave.Risk() <= light.Risk() {
					t.Errorf("%d: %s (%d) does not come before %s (%d), minors %v, transfers %v", i, classes[0], grave.Risk(), classes[1], light.Risk(), minors, transfers)
				}
			}
		}
	}
	if a, b := facts(ClassPersonal, true, false).Risk(), facts(ClassPersonal, false, true).Risk(); a <= b || b <= facts(ClassPersonal, false, false).Risk() {
		t.Error("minors do not come before transfers, or these not before nothing")
	}
	if got := fmt.Sprint(facts(ClassNIR, true, true).RiskFactors()); got != "[nir minors transfers]" {
		t.Errorf("factors = %s", got)
	}
}
