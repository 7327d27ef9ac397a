package domain

import (
	"math"
	"strconv"
	"strings"
)

// ScanUnit is in what the values of a column are counted, as its heading says.
type ScanUnit string

// The units of headings. Share and other than those with a factor are read by parseScanShare; ScanUnitOther is one in which a
// column cannot tell what it is said to tell: bytes are no rows.
const (
	ScanUnitNone    ScanUnit = ""
	ScanUnitPercent ScanUnit = "percent"
	ScanUnitMixed   ScanUnit = "mixed" // shares or percentages: the values tell of both
	ScanUnitOther   ScanUnit = "other"
)

// scanFactors are how many of what a target counts are in one of a unit: rows and reads, or days.
var scanFactors = map[ScanUnit]float64{"thousands": 1e3, "millions": 1e6, "weeks": 7, "months": 365. / 12, "quarters": 365. / 4, "years": 365}

var (
	scanPercentWords = scanSet("percent", "percentage", "pourcentage", "pourcent", "pct", "pc")
	scanDayWords     = scanSet("days", "day", "jours", "jour")
	scanCountWords   = map[string]ScanUnit{"thousands": "thousands", "thousand": "thousands", "milliers": "thousands", "millier": "thousands",
		"millions": "millions", "million": "millions", "hundreds": ScanUnitOther, "centaines": ScanUnitOther, "milliards": ScanUnitOther, "billions": ScanUnitOther,
		"octets": ScanUnitOther, "bytes": ScanUnitOther}
	scanTimeWords = map[string]ScanUnit{"weeks": "weeks", "week": "weeks", "semaines": "weeks", "semaine": "weeks", "months": "months", "month": "months",
		"mois": "months", "quarters": "quarters", "quarter": "quarters", "trimestres": "quarters", "trimestre": "quarters", "years": "years", "year": "years",
		"ans": "years", "an": "years", "annees": "years", "annee": "years", "hours": ScanUnitOther, "hour": ScanUnitOther, "heures": ScanUnitOther,
		"heure": ScanUnitOther, "minutes": ScanUnitOther, "seconds": ScanUnitOther, "secondes": ScanUnitOther}
	// Short ones mean a unit where they stand alone in brackets.
	scanCountMarks = map[string]ScanUnit{"k": "thousands", "1000": "thousands", "x1000": "thousands", "000": "thousands", "m": ScanUnitOther, "mio": "millions", "md": ScanUnitOther,
		"ko": ScanUnitOther, "mo": ScanUnitOther, "go": ScanUnitOther, "to": ScanUnitOther, "kb": ScanUnitOther, "mb": ScanUnitOther, "gb": ScanUnitOther,
		"tb": ScanUnitOther}
	scanTimeMarks = map[string]ScanUnit{"w": "weeks", "sem": "weeks", "m": "months", "y": "years", "a": "years", "h": ScanUnitOther, "min": ScanUnitOther}
)

// ScanUnitOf is the unit of a column of that heading, if it tells the target.
func ScanUnitOf(t ScanTarget, heading string) ScanUnit {
	words := scanWords(heading)
	percent := strings.ContainsRune(heading, '%') || strings.Contains(strings.Join(words, " "), "pour cent")
	for _, w := range words {
		percent = percent || scanPercentWords[w]
	}
	var known, marks map[string]ScanUnit
	switch t {
	case ScanFillRate:
		if strings.ContainsRune(heading, '‰') {
			return ScanUnitOther
		}
		if percent {
			return ScanUnitPercent
		}
		return ScanUnitNone
	case ScanRows, ScanNonNull, ScanDistinct, ScanReads:
		if percent || strings.ContainsRune(heading, '‰') {
			return ScanUnitOther
		}
		known, marks = scanCountWords, scanCountMarks
	case ScanWindow:
		known, marks = scanTimeWords, scanTimeMarks
	default:
		return ScanUnitNone
	}
	_, inside, _ := strings.Cut(heading, "(")
	inside, _, _ = strings.Cut(inside, ")")
	if mark := strings.Join(strings.Fields(Fold(inside)), ""); marks[mark] != "" {
		return marks[mark]
	}
	unit := ScanUnitNone
	for _, w := range words {
		switch {
		case t == ScanWindow && scanDayWords[w]:
			return ScanUnitNone // "days, over a year"
		case unit == ScanUnitNone:
			unit = known[w]
		}
	}
	return unit
}

// scaled reads a number of a unit: whole once it is counted in what the target counts.
func scaled(s string, factor float64) (int64, bool) {
	if scanThousands.MatchString(s) && strings.ContainsRune(s, ',') {
		return 0, false // a thousand, or a decimal comma
	}
	v, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if whole, ok := parseScanCount(s); ok {
		v, err = float64(whole), nil
	}
	if v *= factor; err != nil || math.IsNaN(v) || v < 0 || v > 1e15 {
		return 0, false
	}
	return int64(math.Round(v)), true
}

// ScanShares finds out what the numbers without a unit in a column of shares are: a share is never above one, and a percentage
// seldom under. The zero value has seen none.
type ScanShares struct{ under, over int }

// See takes a cell.
func (c *ScanShares) See(cell string) {
	v, err := strconv.ParseFloat(strings.Replace(ScanText(cell), ",", ".", 1), 64)
	switch {
	case err != nil || v <= 0:
	case v <= 1:
		c.under++
	default:
		c.over++
	}
}

// Unit is what the numbers are. They are percentages where most are too large for shares; where only some are, nobody knows
// which of the others are meant.
func (c *ScanShares) Unit() ScanUnit {
	switch {
	case c.over == 0:
		return ScanUnitNone
	case c.over > c.under:
		return ScanUnitPercent
	}
	return ScanUnitMixed
}
