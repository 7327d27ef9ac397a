package main

import (
	"cmp"
	"math"
	"slices"

	"utile/internal/classify"
	"utile/internal/classify/judge"
)

// outcome is a suggestion on a system that took no part in the training, and whether it was right.
type outcome struct {
	raw   classify.Raw
	right bool
	said  classify.Personal // by the label
}

// outcomes asks a classifier about the rows of a system that it has not seen.
func outcomes(c *classify.Classifier, rows []judge.Row) []outcome {
	out := make([]outcome, len(rows))
	for _, places := range judge.Datasets(rows) {
		dataset := make([]classify.Column, len(places))
		for i, p := range places {
			dataset[i] = rows[p].Column
		}
		for i, raw := range c.Raw(dataset) {
			r := rows[places[i]]
			out[places[i]] = outcome{raw, r.Acceptable(raw.Code), r.Personal}
		}
	}
	return out
}

// bins is how many corners the line of calibration has at most. Each stands for as many outcomes.
const bins = 12

// calibrate draws the line from probabilities to shares of right suggestions: means of equal parts of the outcomes, made
// to rise by joining neighbours that fall (the method known as isotonic regression, on bins).
func calibrate(all []outcome) []classify.Point {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b outcome) int { return cmp.Compare(a.raw.Probability, b.raw.Probability) })
	type pool struct{ x, y, n float64 }
	var pools []pool
	for b := range bins {
		part := sorted[b*len(sorted)/bins : (b+1)*len(sorted)/bins]
		p := pool{n: float64(len(part))}
		for _, o := range part {
			p.x += o.raw.Probability
			if o.right {
				p.y++
			}
		}
		if p.n == 0 {
			continue
		}
		p.x, p.y = p.x/p.n, p.y/p.n
		pools = append(pools, p)
		for k := len(pools) - 1; k > 0 && pools[k].y < pools[k-1].y; k-- {
			a, b := pools[k-1], pools[k]
			pools[k-1] = pool{(a.x*a.n + b.x*b.n) / (a.n + b.n), (a.y*a.n + b.y*b.n) / (a.n + b.n), a.n + b.n}
			pools = pools[:k]
		}
	}
	var line []classify.Point
	for _, p := range pools {
		line = append(line, classify.Point{X: round(p.x), Y: round(p.y)})
	}
	return line
}

func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// mostHidden is the share of personal fields that may be called non-personal on systems not seen. The bar set for the
// product is 2 %; what is chosen on some systems is a little worse on others.
const mostHidden = 0.005

// impersonalFrom returns the least threshold at which no more than mostHidden of the personal fields are called
// non-personal.
func impersonalFrom(all []outcome) float64 {
	var personal []float64
	total := 0
	for _, o := range all {
		if o.said != classify.IsPersonal {
			continue
		}
		total++
		if classify.PersonalOf(o.raw.Code) == classify.NonPersonal {
			personal = append(personal, o.raw.Impersonality)
		}
	}
	slices.SortFunc(personal, func(a, b float64) int { return cmp.Compare(b, a) })
	allowed := int(mostHidden * float64(total))
	if allowed >= len(personal) {
		return 0.9
	}
	return math.Min(0.9999, round(personal[allowed]+5e-5))
}
