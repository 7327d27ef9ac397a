package domain

// Readiness says of the categories that a program cannot run without how many are held by a linked field, filled, and
// lawful; each includes the next. The lists name what is not, in the language of the reader.
type Readiness struct {
	Essential  int64    `db:"essential"`
	Held       int64    `db:"held"`
	Filled     int64    `db:"filled"`
	Lawful     int64    `db:"lawful"`
	Missing    []string `db:"missing"`    // held by no linked field
	Empty      []string `db:"empty"`      // held, and filled too little
	Ungrounded []string `db:"ungrounded"` // filled, and covered by no approved purpose
}

// Activable tells whether everything that the program cannot run without is there and may be used. A program that has
// said nothing of its needs is not known to be.
func (r Readiness) Activable() bool { return r.Essential > 0 && r.Lawful == r.Essential }

// Percent is the share of the needs that are held, filled and lawful, rounded down; 0 where there are none.
func (r Readiness) Percent() int {
	if r.Essential == 0 {
		return 0
	}
	return int(r.Lawful * 100 / r.Essential)
}
