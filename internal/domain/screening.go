package domain

import (
	"slices"
	"strings"
)

// Screening is whether a purpose calls for a data protection impact assessment (GDPR art. 35), and who says so.
type Screening struct {
	Criteria []string `json:"criteria,omitempty"` // those of ScreeningCriteria that apply
	Verdict  string   `json:"verdict,omitempty"`  // one of DPIAVerdicts; empty while nobody has said
	Reason   string   `json:"reason,omitempty"`
	Document string   `json:"document,omitempty"` // where the assessment can be read
	By       string   `json:"by,omitempty"`
	On       string   `json:"on,omitempty"` // day of the verdict
}

var (
	// ScreeningCriteria are the nine criteria of the guidelines WP248 rev.01 in their order; two of them call for an impact
	// assessment in principle.
	ScreeningCriteria = []string{"scoring", "automated", "monitoring", "sensitive", "large_scale", "matching", "vulnerable", "innovative", "exclusion"}
	// DPIAVerdicts are what a DPO can answer.
	DPIAVerdicts = []string{"required", "done", "not_required"}
)

// screeningCalls is how many criteria call for an impact assessment in principle.
const screeningCalls = 2

// Called tells whether so many criteria apply that an impact assessment is due in principle.
func (s Screening) Called() bool { return len(s.Criteria) >= screeningCalls }

// facts are the named values that the history keeps.
func (s Screening) facts() map[string]any {
	return map[string]any{"criteria": append([]string{}, s.Criteria...), "dpia": s.Verdict, "dpia_reason": s.Reason, "dpia_document": s.Document}
}

// Screen is the DPO's verdict on the impact assessment of a purpose, with its reason. It is refused to everybody else.
func (p Purpose) Screen(by Actor, s Screening, today string) (Purpose, error) {
	if err := by.Must(ReviewMapping); err != nil {
		return p, err
	}
	s.Criteria, s.Reason, s.Document = CleanList(s.Criteria), strings.TrimSpace(s.Reason), CleanLine(s.Document)
	slices.SortFunc(s.Criteria, func(a, b string) int { return slices.Index(ScreeningCriteria, a) - slices.Index(ScreeningCriteria, b) })
	var bad Problems
	for _, c := range s.Criteria {
		bad.OneOf("criteria", c, ScreeningCriteria...)
	}
	bad.OneOf("dpia", s.Verdict, DPIAVerdicts...)
	if s.Reason == "" {
		bad.Add("dpia_reason", "screening.reason")
	}
	bad.Text("dpia_reason", s.Reason, MaxText)
	bad.Line("dpia_document", s.Document, s.Verdict == "done", 1000)
	s.By, s.On = by.Name, today
	p.Screening = s
	return p, bad.Err()
}

// Publish puts the purpose on the public page of the record, or takes it off. Only a DPO may; a draft is shown to nobody.
func (p Purpose) Publish(by Actor, published bool) (Purpose, error) {
	if err := by.Must(ReviewMapping); err != nil {
		return p, err
	}
	if published && p.State != PurposeInForce {
		return p, Errorf(Conflict, "purpose.publish_draft")
	}
	p.Published = published
	return p, nil
}
