package web

import (
	"context"
	"strconv"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
)

// Size of a small chart, in the units of its drawing.
const (
	trendHeight = 40
	trendWidth  = 160
)

// trends draws how many fields had each verdict by day, each on its own scale, today last.
func trends(ctx context.Context, o domain.Overview, days []domain.DayCount, now time.Time) []trendView {
	series := append([]domain.DayCount{}, days...)
	today := domain.DayCount{Day: domain.Day(now.UTC()), Verdicts: o.Verdicts}
	if n := len(series); n > 0 && series[n-1].Day.Equal(today.Day) {
		series[n-1] = today
	} else {
		series = append(series, today)
	}
	if len(series) < 2 {
		return nil
	}
	var out []trendView
	for _, v := range stacked {
		var most int64
		for _, d := range series {
			most = max(most, d.Verdicts[v])
		}
		if most == 0 {
			continue
		}
		kind, icon := verdictTone(string(v))
		first, last := series[0].Verdicts[v], series[len(series)-1].Verdicts[v]
		t := trendView{kind: kind, icon: icon, word: i18n.T(ctx, "verdict."+string(v)), first: i18n.Number(ctx, first), last: i18n.Number(ctx, last),
			text: i18n.T(ctx, "home.trend.text", "from", first, "day", i18n.DayText(ctx, series[0].Day), "to", last)}
		width := float64(trendWidth) / float64(len(series))
		for i, d := range series {
			h := float64(d.Verdicts[v]) / float64(most) * trendHeight
			t.bars = append(t.bars, trendBar{decimal(float64(i) * width), decimal(trendHeight - h), decimal(h)})
		}
		out = append(out, t)
	}
	return out
}

// trendBarWidth leaves a gap between the bars of a chart.
func trendBarWidth(n int) string { return decimal(max(float64(trendWidth)/float64(n)-1, 1)) }

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
