package domain

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRetentionConflicts(t *testing.T) {
	t.Parallel()
	accounting, _ := RetentionPresetByCode("ACCOUNTING")
	cut := accounting.Rule("en")
	cut.ID, cut.ArchiveMonths, cut.Reason = 3, ptr(60), "Shorter"
	whole := accounting.Rule("en")
	whole.ID = 4
	short := RetentionRule{ID: 1, Name: "Short", ActiveMonths: ptr(12), Triggers: []string{"last_purchase", "last_contact_from_person"}}
	long := RetentionRule{ID: 2, Name: "Long", ActiveMonths: ptr(36), ArchiveMonths: ptr(24)}
	worded := RetentionRule{ID: 5, Name: "Worded", Criterion: "As long as needed", Triggers: []string{"The end of the season"}}
	rules := []RetentionRule{short, long, whole, worded}
	sells := RetentionPurpose{ID: 7, Name: "Sell", Rule: 1, Fields: 3}
	for name, c := range map[string]struct {
		picture RetentionPicture
		want    []string
	}{
		"nothing":                             {RetentionPicture{}, nil},
		"archive without a ground":            {RetentionPicture{Rules: []RetentionRule{long}}, []string{"no_ground 2"}},
		"no archive to speak of":              {RetentionPicture{Rules: []RetentionRule{{ID: 8, ArchiveMonths: ptr(0), ActiveMonths: ptr(1)}}}, nil},
		"shorter than the law":                {RetentionPicture{Rules: []RetentionRule{cut}}, []string{"below_least 3"}},
		"as the law has it":                   {RetentionPicture{Rules: []RetentionRule{whole}}, nil},
		"purposes":                            {RetentionPicture{Rules: []RetentionRule{short}, Purposes: []RetentionPurpose{sells, {ID: 8, Name: "Tell", Fields: 2}}}, []string{"no_rule 0"}},
		"a copy kept longer":                  {RetentionPicture{Rules: rules, Copies: []RetentionCopy{{Flow: 1, Origin: 1, Target: 2}}}, []string{"longer_copy 2", "no_ground 2"}},
		"a copy kept shorter":                 {RetentionPicture{Rules: []RetentionRule{short, whole}, Copies: []RetentionCopy{{Flow: 1, Origin: 4, Target: 1}}}, nil},
		"a copy under a criterion":            {RetentionPicture{Rules: []RetentionRule{short, worded}, Copies: []RetentionCopy{{Flow: 1, Origin: 1, Target: 5}}}, nil},
		"bound shorter than the law":          {RetentionPicture{Rules: []RetentionRule{short, whole}, Cuts: []RetentionCut{{RetentionPurpose{ID: 9, Rule: 4}, 1, 2}}}, []string{"cut_short 1"}},
		"bound shorter than a recommendation": {RetentionPicture{Rules: []RetentionRule{short, {ID: 6, ActiveMonths: ptr(36), Bound: "most"}}, Cuts: []RetentionCut{{RetentionPurpose{ID: 9, Rule: 6}, 1, 2}}}, nil},
		"no date of purchase":                 {RetentionPicture{Rules: []RetentionRule{short}, Places: []RetentionPlace{{Application: 1, Rule: 1, Held: []string{"ident.name", "crm.purchase.amount"}}}}, []string{"unrecorded 1"}},
		"a date of purchase":                  {RetentionPicture{Rules: []RetentionRule{short}, Places: []RetentionPlace{{Application: 1, Rule: 1, Held: []string{"crm.purchase.date"}}}}, nil},
		"one of two events":                   {RetentionPicture{Rules: []RetentionRule{short}, Places: []RetentionPlace{{Application: 1, Rule: 1, Held: []string{"crm.interaction.call"}}}}, nil},
		"an event of one's own":               {RetentionPicture{Rules: []RetentionRule{worded}, Places: []RetentionPlace{{Application: 1, Rule: 5}}}, nil},
	} {
		var got []string
		for _, k := range c.picture.Conflicts() {
			got = append(got, k.Kind+" "+string(rune('0'+k.Rule)))
			if k.Subject.Kind == "" || len(k.Args) == 0 {
				t.Errorf("%s: %s names neither its subject nor its facts", name, k.Kind)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
