package classify

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed data/roles.txt
var roleData string

// roleWord is what a word of the name of a table says of its rows, and how strongly beside other words.
type roleWord struct {
	role   string
	weight int
}

type roleBook map[string]roleWord

func loadRoles() (roleBook, error) {
	book := roleBook{}
	for n, line := range strings.Split(roleData, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		head, list, _ := strings.Cut(line, ":")
		role, weight, _ := strings.Cut(head, " ")
		w, err := strconv.Atoi(weight)
		if err != nil {
			return nil, fmt.Errorf("roles: line %d: %w", n+1, err)
		}
		for _, word := range strings.Fields(list) {
			if old, taken := book[word]; taken && old.role != role {
				return nil, fmt.Errorf("roles: %q is both %s and %s", word, old.role, role)
			}
			book[word] = roleWord{role, w}
		}
	}
	return book, nil
}

// tablePrefixes say where a table comes from and nothing of its rows.
var tablePrefixes = map[string]bool{
	"t": true, "tb": true, "tbl": true, "dim": true, "fact": true, "fct": true, "stg": true, "dwh": true, "ods": true, "vw": true, "v": true,
	"llx": true, "wp": true, "mdl": true, "ps": true, "oc": true, "src": true, "raw": true, "int": true, "dm": true, "f": true, "d": true,
	"tmp": true, "crm": true, "public": true, "dbo": true,
}

// tableSuffixes say what a table is made for and nothing of its rows.
var tableSuffixes = map[string]bool{
	"data": true, "tmp": true, "temp": true, "bak": true, "old": true, "new": true, "enhanced": true, "base": true, "view": true, "vw": true,
	"table": true, "info": true, "infos": true, "entity": true, "all": true, "full": true, "master": true, "main": true, "current": true,
}

// table is what its name says of the rows.
type table struct {
	terms  []term
	role   string // empty where the name says nothing
	second string // the role of another word of the name
}

func (c *Classifier) table(name string) table {
	if i := strings.LastIndexByte(name, '.'); i >= 0 && i+1 < len(name) {
		name = name[i+1:]
	}
	words := tokens(name)
	for len(words) > 1 && tablePrefixes[words[0]] {
		words = words[1:]
	}
	for len(words) > 1 && tableSuffixes[words[len(words)-1]] {
		words = words[:len(words)-1]
	}
	t := table{terms: c.lexicon.understand(words)}
	best, second := 0, 0
	for i, term := range t.terms {
		found, ok := c.roles[term.name]
		if !ok || found.role == "line" && !t.sells() {
			continue
		}
		// Later words win in English. In French the first one is the head, which its weight mostly settles.
		weight := found.weight*10 + i
		switch {
		case weight > best:
			if t.role != found.role {
				t.second, second = t.role, best
			}
			t.role, best = found.role, weight
		case weight > second && found.role != t.role:
			t.second, second = found.role, weight
		}
	}
	return t
}

// sells says whether the name of a table speaks of orders and the like: a detail of anything else is no line of an order.
func (t table) sells() bool {
	for _, x := range t.terms {
		if x.group == "order" && x.name != "line" || x.name == "invoice" || x.name == "supplier" || x.name == "shipping" {
			return true
		}
	}
	return false
}
