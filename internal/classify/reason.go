package classify

import (
	"cmp"
	"slices"
	"strings"
)

// least is how much a word must have added to a suggestion to be named as its reason.
const least = 0.25

// reasons says in words what spoke most for a suggestion: words of the name, words of the label or comment, what a key
// points to, and what the rows of the table are.
func (c *Classifier) reasons(s *seen, t table, code string) []Reason {
	at, _ := slices.BinarySearch(c.model.Codes, code)
	var list []Reason
	if word := c.tellingWord(s, t, code, at); word != "" {
		if s.fromText {
			list = append(list, Reason{"classify.reason.comment", map[string]any{"word": word, "means": code}})
		} else {
			list = append(list, Reason{"classify.reason.word", map[string]any{"name": s.Name, "word": word, "means": code}})
		}
	}
	if word := c.tellingText(s, t, at); word != "" && !s.fromText {
		list = append(list, Reason{"classify.reason.comment", map[string]any{"word": word, "means": code}})
	}
	if s.key == foreignKey && s.References != "" {
		list = append(list, Reason{"classify.reason.references", map[string]any{"name": s.Name, "target": s.References}})
	}
	if key, ok := roleReasons[t.role]; ok && (len(list) == 0 || c.tableSpeaks(s, t, at)) {
		list = append(list, Reason{key, map[string]any{"table": s.Dataset}})
	}
	return list
}

// tellingWord returns the words of the name that speak for a code, as they are written.
func (c *Classifier) tellingWord(s *seen, t table, code string, at int) string {
	if s.ok && s.hit.code == code {
		return s.hit.text
	}
	role := cmp.Or(t.role, "?")
	var words []string
	for i, x := range s.terms {
		sum := c.model.weight(statement("word", x.name), at) + c.model.weight(statement("word role", x.name, role), at)
		if i == len(s.terms)-1 {
			sum += c.model.weight(statement("last", x.name), at) + c.model.weight(statement("last role", x.name, role), at)
		}
		if sum > least {
			words = append(words, strings.ReplaceAll(x.raw, "_", " "))
		}
	}
	return strings.Join(words, " ")
}

// tellingText returns the word of label or comment that speaks most for a code.
func (c *Classifier) tellingText(s *seen, t table, at int) string {
	best, word := least, ""
	for _, text := range [][]term{s.label, s.comment} {
		for _, x := range text {
			sum := c.model.weight(statement("text", x.name), at) + c.model.weight(statement("text role", x.name, cmp.Or(t.role, "?")), at)
			if sum > best {
				best, word = sum, strings.ReplaceAll(x.raw, "_", " ")
			}
		}
	}
	return word
}

// tableSpeaks says whether the table had a part in a suggestion.
func (c *Classifier) tableSpeaks(s *seen, t table, at int) bool {
	sum := c.model.weight(statement("role", t.role), at) + c.model.weight(statement("type role", s.class, t.role), at)
	for _, x := range t.terms {
		sum += c.model.weight(statement("table", x.name), at)
	}
	return sum > least
}

// roleReasons are the messages that say what the rows of a table are.
var roleReasons = map[string]string{
	"person": "classify.reason.table.person", "employee": "classify.reason.table.employee", "user": "classify.reason.table.user",
	"company": "classify.reason.table.company", "order": "classify.reason.table.order", "line": "classify.reason.table.line",
	"basket": "classify.reason.table.basket", "payment": "classify.reason.table.payment", "deal": "classify.reason.table.deal",
	"contract": "classify.reason.table.contract", "interaction": "classify.reason.table.interaction", "ticket": "classify.reason.table.ticket",
	"event": "classify.reason.table.event", "campaign": "classify.reason.table.campaign", "delivery": "classify.reason.table.delivery",
	"catalog": "classify.reason.table.catalog", "store": "classify.reason.table.store", "reference": "classify.reason.table.reference",
	"settings": "classify.reason.table.settings", "log": "classify.reason.table.log", "visit": "classify.reason.table.visit",
	"auth": "classify.reason.table.auth", "system": "classify.reason.table.system", "file": "classify.reason.table.file",
	"address": "classify.reason.table.address", "consent": "classify.reason.table.consent", "review": "classify.reason.table.review",
	"social": "classify.reason.table.social", "loyalty": "classify.reason.table.loyalty", "hr": "classify.reason.table.hr",
	"stats": "classify.reason.table.stats", "accounting": "classify.reason.table.accounting", "project": "classify.reason.table.project",
}
