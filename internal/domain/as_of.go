package domain

import "time"

// EndOfDay is the last moment of a calendar day. Days are those of UTC, as everywhere in the product.
func EndOfDay(day time.Time) time.Time {
	return Day(day).AddDate(0, 0, 1).Add(-time.Microsecond)
}
