package example

import (
	"encoding/json"
	"strings"

	"utile/internal/domain"
)

// workshops are one that was held, whose decisions wait to be applied, and one that is prepared.
func (g *generator) workshops() {
	for i, w := range workshops {
		values := dated(w.held-9, map[string]any{"id": i + 1, "name": w.name.in(g.lang), "state": w.state, "template": w.template, "agenda": agenda(w.template),
			"roles": workshopRoles, "named": false, "per_role": true, "held_on": day(w.held), "closes_on": day(w.closes), "facilitator": g.of("user", "ines"), "note": w.goal.in(g.lang)})
		if w.state == string(domain.WorkshopClosed) {
			values["started_at"], values["closed_at"] = at(w.held, 14), at(w.held, 16)
		}
		g.put("workshop", values)
	}
	for i, w := range workshops {
		for _, p := range w.programs {
			g.put("workshop_program", map[string]any{"workshop": i + 1, "program": g.of("program", p)})
		}
	}
	g.eachCard(func(n, place, number int, w workshop, c card) {
		values := map[string]any{"id": n, "workshop": number, "position": place + 1, "dpo": c.dpo, "dpo_reason": c.dpoReason.in(g.lang), "dpo_ground": c.dpoGround,
			"round": 1, "revealed": c.decision != "" && c.dpo != string(domain.DPOVetoed), "decision": c.decision, "reason": c.reason.in(g.lang), "owner": g.of("user", c.by), "due_on": day(c.due)}
		if c.field != "" {
			values["field"] = g.field(c.set, c.field)
		} else {
			values["category"] = g.of("category", c.category)
		}
		if c.dpo != "" {
			values["dpo_by"] = nameOf("karim")
		}
		values["keep_n"], values["drop_n"] = c.sides()
		if c.decision != "" {
			values["decided_by"], values["decided_by_name"], values["decided_at"] = g.of("user", "ines"), nameOf("ines"), at(w.held, 15)
		}
		g.put("card", values)
	})
	g.eachCard(func(n, _, _ int, w workshop, c card) {
		for i, level := range c.needs {
			note := ""
			if level == 1 {
				note = c.gain.in(g.lang)
			}
			g.put("need", map[string]any{"card": n, "program": g.of("program", w.programs[i]), "level": level, "note": note})
		}
	})
	for i, p := range workshopPeople {
		name := p.name
		if p.key != "" {
			name = nameOf(p.key)
		}
		g.put("participant", map[string]any{"id": i + 1, "workshop": 1, "user": g.of("user", p.key), "name": name, "role": workshopRoles[i], "part": "voter", "joined_at": at(workshops[0].held, 14)})
	}
	vote := 0
	g.eachCard(func(n, _, number int, w workshop, c card) {
		for program, said := range c.votes {
			for role, level := range said {
				vote++
				values := map[string]any{"id": vote, "workshop": number, "card": n, "program": g.of("program", w.programs[program]), "round": 1, "role": workshopRoles[role], "sequence": 1}
				if level != '.' {
					values["level"] = int(level - '0')
				}
				if level == '1' {
					values["gain"] = c.gain.in(g.lang)
				}
				g.put("vote", values)
			}
		}
	})
	objection := 0
	g.eachCard(func(n, _, _ int, w workshop, c card) {
		if c.objection.fr != "" {
			objection++
			g.put("objection", map[string]any{"id": objection, "card": n, "role": "store", "body": c.objection.in(g.lang), "at": at(w.held, 15)})
		}
	})
}

func agenda(template string) string {
	b, _ := json.Marshal(domain.AgendaOf(template)) // plain texts and numbers
	return string(b)
}

// eachCard calls f for every card with its number, its place and the number of its workshop.
func (g *generator) eachCard(f func(n, place, workshop int, w workshop, c card)) {
	n := 0
	for i, w := range workshops {
		for place, c := range w.cards {
			n++
			f(n, place, i+1, w, c)
		}
	}
}

// sides are how many people saw a need for some program, and how many for none.
func (c card) sides() (keep, drop int) {
	for role := range workshopRoles {
		need, none := false, false
		for _, said := range c.votes {
			if role < len(said) {
				need = need || strings.IndexByte("12", said[role]) >= 0
				none = none || said[role] == '0'
			}
		}
		switch {
		case need:
			keep++
		case none:
			drop++
		}
	}
	return keep, drop
}
