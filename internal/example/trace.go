package example

import (
	"encoding/json"
	"fmt"
	"sort"
	"time"
)

// evidence is what was measured of a column; nothing where it was not.
func (g *generator) evidence(f *field) map[string]any {
	t := g.ties[f.number]
	app := g.inv.applications[f.dataset.application-1]
	source := text{"Journal des requêtes, ", "Query log, "}.in(g.lang) + app.name
	e := map[string]any{"field": f.number}
	if t.reads != readsUnmeasured {
		e["window_days"], e["reads_measured_at"], e["reads_source"] = 90, at(-6, 4), source
		e["reads"] = 0
		if t.reads == readsSome {
			e["reads"] = []int{7, 42, 380, 2900, 14100}[f.variant(5)]
			e["last_read_at"] = at(-6-f.variant(4), 3)
		} else if f.variant(3) > 0 {
			e["last_read_at"] = at(-200-17*f.variant(40), 9)
		}
	}
	if f.variant(7) > 0 || t.empty || t.constant || t.stale {
		g.filled(f, t, e)
	}
	if len(e) == 1 {
		return nil
	}
	return e
}

// filled adds the audit of values: how many rows hold one, how many differ, when one was last written.
func (g *generator) filled(f *field, t ties, e map[string]any) {
	rows := f.dataset.rows
	share := 35 + f.variant(64)
	if f.fate == fateKeep || f.fate == fateExempt {
		share = 72 + f.variant(28)
	}
	filled := rows / 100 * share
	distinct := max(2, filled/(1+f.variant(900)))
	if t.empty {
		filled, distinct = rows/250, max(2, rows/5000)
	}
	if t.constant {
		distinct = 1
	}
	source := text{"Audit des valeurs, septembre", "Audit of values, September"}.in(g.lang)
	e["row_count"], e["non_null_count"], e["distinct_count"], e["fill_measured_at"], e["fill_source"] = rows, filled, distinct, at(-20, 6), source
	written := at(-6-f.variant(60), 22)
	if t.stale {
		written = at(-800-11*f.variant(90), 12)
	}
	e["last_write_at"], e["write_measured_at"], e["write_source"] = written, at(-5, 6), source
}

func (g *generator) traces() {
	for i, d := range decisions {
		values := map[string]any{"id": i + 1, "field": g.field(d.set, d.field), "kind": d.kind, "reason": d.reason.in(g.lang),
			"decided_by": g.of("user", d.by), "decided_by_name": nameOf(d.by), "decided_at": at(-60+3*i, 16)}
		if d.until > 0 {
			values["until"] = day(d.until)
		}
		g.put("decision", values)
	}
	g.workshops()
	g.flows()
	for i, c := range comments {
		g.put("comment", map[string]any{"id": i + 1, "subject_kind": "field", "subject": g.field(c.set, c.field), "author": g.of("user", c.by),
			"author_name": nameOf(c.by), "body": c.body.in(g.lang), "created_at": at(c.days, 14)})
	}
	for i, v := range views {
		g.put("view", map[string]any{"id": i + 1, "register": v.register, "name": v.name.in(g.lang), "query": v.query, "created_at": at(-90, 10)})
	}
	g.history()
}

func (g *generator) field(set, name string) any {
	n := g.of("field", set+" "+name)
	if n == nil && g.err == nil {
		g.err = fmt.Errorf("there is no field %s.%s", set, name)
	}
	return n
}

func nameOf(key string) string {
	for _, p := range people {
		if p.key == key {
			return p.name
		}
	}
	panic("nobody is called " + key)
}

func (g *generator) flows() {
	type carried struct{ flow, source, target int }
	var list []carried
	for i, f := range flows {
		values := map[string]any{"id": i + 1, "name": f.name.in(g.lang), "source_application": g.of("application", f.from),
			"source_dataset": g.of("dataset", f.fromSet), "target_application": g.of("application", f.to), "target_dataset": g.of("dataset", f.toSet),
			"mechanism": f.mechanism.in(g.lang), "frequency": f.frequency.in(g.lang), "encrypted": f.encrypted, "country": g.country(f.country),
			"purpose": g.of("purpose", f.purpose)}
		g.put("flow", dated(-240+i, values))
		for _, source := range g.inv.fields {
			if source.dataset.name != f.fromSet || source.concept.category == "" {
				continue
			}
			for _, target := range g.inv.fields {
				if target.dataset.name == f.toSet && target.concept.label == source.concept.label {
					list = append(list, carried{i + 1, source.number, target.number})
					break
				}
			}
		}
	}
	for _, c := range list {
		g.put("flow_field", map[string]any{"flow": c.flow, "source_field": c.source, "target_field": c.target})
	}
}

// told is an entry of the history.
type told struct {
	days, hour     int
	by, verb, kind string
	number         any
	name           string
	before, after  map[string]any
	reason         string
}

// history tells how the register came to be.
func (g *generator) history() {
	list := []told{{days: -330, hour: 9, by: "sophie", verb: "workspace.added", kind: "workspace", number: 1, name: "Maison Lumière", after: map[string]any{"name": "Maison Lumière", "locale": g.lang}}}
	for i, p := range people {
		list = append(list, told{days: -330, hour: 10 + i, by: "sophie", verb: "member.added", kind: "member", number: g.of("user", p.key), name: p.name, after: map[string]any{"role": p.role}})
	}
	for i, app := range g.inv.applications {
		list = append(list, told{days: -320 + i, hour: 9, by: app.owner, verb: "application.added", kind: "application", number: i + 1, name: app.name,
			after: map[string]any{"name": app.name, "kind": app.kind, "owner": g.of("user", app.owner), "team": g.of("team", app.team)}})
	}
	for _, d := range g.inv.datasets {
		list = append(list, told{days: -300 + d.number, hour: 9, by: "julien", verb: "dataset.added", kind: "dataset", number: d.number, name: d.name,
			after: map[string]any{"name": d.name, "application": d.application}})
	}
	for _, n := range notices {
		list = append(list, told{days: n.days, hour: 11, by: "karim", verb: "collection_point.notice_published", kind: "collection_point", number: g.of("point", n.point),
			name: points[g.number["point "+n.point]-1].name.in(g.lang), after: map[string]any{"notice_number": 1, "notice_gaps": []string{}}})
	}
	for i, p := range purposes {
		list = append(list, told{days: -290 + i, hour: 11, by: "karim", verb: "purpose.added", kind: "purpose", number: i + 1, name: p.name.in(g.lang),
			after: map[string]any{"code": p.code, "name": p.name.in(g.lang), "legal_basis": p.basis}})
	}
	for i, p := range programs {
		t := templateOf(p)
		list = append(list, told{days: -280 + i, hour: 15, by: p.owner, verb: "program.added", kind: "program", number: i + 1, name: t.Name(g.lang),
			after: map[string]any{"code": t.Code, "name": t.Name(g.lang), "status": "live"}})
		if p.pause != 0 {
			list = append(list, told{days: p.pause, hour: 17, by: p.owner, verb: "program.changed", kind: "program", number: i + 1, name: t.Name(g.lang),
				before: map[string]any{"status": "live", "paused_on": ""}, after: map[string]any{"status": "paused", "paused_on": day(p.pause)}})
		}
	}
	for i, d := range decisions {
		list = append(list, told{days: -60 + 3*i, hour: 16, by: d.by, verb: "field.decided", kind: "field", number: g.field(d.set, d.field), name: d.field,
			after: map[string]any{"decision": d.kind}, reason: d.reason.in(g.lang)})
	}
	sort.SliceStable(list, func(i, j int) bool { return at(list[i].days, list[i].hour).Before(at(list[j].days, list[j].hour)) })
	for i, e := range list {
		values := map[string]any{"id": i + 1, "at": at(e.days, e.hour).Add(time.Duration(i%50) * time.Minute), "actor": g.of("user", e.by),
			"actor_name": nameOf(e.by), "verb": e.verb, "subject_kind": e.kind, "subject": e.number, "subject_name": e.name, "reason": e.reason}
		g.facts(values, "before", e.before)
		g.facts(values, "after", e.after)
		g.put("event", values)
	}
}

func (g *generator) facts(values map[string]any, key string, facts map[string]any) {
	if facts == nil {
		return
	}
	b, err := json.Marshal(facts)
	if err != nil && g.err == nil {
		g.err = err
	}
	values[key] = string(b)
}
