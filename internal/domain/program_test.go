package domain

import (
	"errors"
	"testing"
)

// What is live has begun: a start that lies ahead is refused, and a plan that goes live early begins that day.
func TestLiveProgramHasBegun(t *testing.T) {
	t.Parallel()
	ahead := reviewDay.AddDate(0, 1, 0)
	_, err := NewProgram(Program{Code: "P", Name: "P", Status: ProgramLive, StartsOn: &ahead}, reviewDay)
	if e, ok := errors.AsType[*Error](err); !ok || e.Fields["starts_on"].Key != "program.live_ahead" {
		t.Errorf("live before it begins: %v", err)
	}
	p, err := Program{Code: "P", Name: "P", Status: ProgramPlanned, StartsOn: &ahead}.Become(ProgramLive, reviewDay)
	if err != nil || !p.StartsOn.Equal(Day(reviewDay)) {
		t.Errorf("a plan that goes live early begins %v, %v", p.StartsOn, err)
	}
}
