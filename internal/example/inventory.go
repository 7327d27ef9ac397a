package example

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"utile/internal/domain"
)

// fate is what the rules shall make of a column: the mark in the table.
type fate byte

const (
	fateKeep         fate = ' '
	fateDormant      fate = '~'
	fateRegularise   fate = '+'
	fateDelete       fate = '!'
	fateUnclassified fate = '?'
	fateExempt       fate = 'x'
)

var verdicts = map[fate]domain.Verdict{fateKeep: domain.VerdictKeep, fateDormant: domain.VerdictDormant,
	fateRegularise: domain.VerdictRegularise, fateDelete: domain.VerdictDelete, fateUnclassified: domain.VerdictUnclassified,
	fateExempt: domain.VerdictExempt}

type concept struct {
	category, dataType, origin string
	label                      text
}

type application struct {
	name, kind, team, owner, vendor, hosting, country, processor, lifecycle string
	about                                                                   text
}

type dataset struct {
	number              int // from 1, in the order of the table
	application         int
	name, structure     string
	rows                int
	retention           int // months; 0 where no rule says how long
	oldest              int // months
	master              bool
	subjects            []string
	purpose, collection string
	label               text
}

type field struct {
	number   int
	dataset  *dataset
	name     string
	concept  concept
	class    domain.GDPRClass
	fate     fate
	position int
}

// variant picks one of n ways in which a column comes to its fate, always the same for the same column.
func (f *field) variant(n int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(f.dataset.name + "." + f.name)) // never fails
	return int(h.Sum32()>>4) % n
}

// inventory is what Maison Lumière holds.
type inventory struct {
	applications []application
	datasets     []*dataset
	fields       []*field
}

func cells(line string) []string {
	parts := strings.Split(line, "|")
	for i, p := range parts {
		parts[i] = strings.TrimSpace(p)
	}
	return parts
}

func number(s string) int {
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err) // the table is part of the program
	}
	return n
}

// readInventory reads the tables. What does not fit in them is a mistake in the program.
func readInventory() inventory {
	concepts := map[string]concept{}
	for line := range strings.Lines(strings.TrimSpace(conceptTable)) {
		c := cells(line)
		concepts[c[0]] = concept{category: c[1], dataType: c[2], origin: c[3], label: text{c[4], c[5]}}
	}
	classes := map[string]domain.GDPRClass{"": domain.ClassUnclassified}
	for _, c := range domain.BuiltinCategories() {
		classes[c.Code] = c.Class
	}
	var inv inventory
	for line := range strings.Lines(datasetTable) {
		c := cells(line)
		switch {
		case c[0] == "app":
			inv.applications = append(inv.applications, application{name: c[1], kind: c[2], team: c[3], owner: c[4], vendor: c[5], hosting: c[6],
				country: c[7], processor: c[8], lifecycle: c[9], about: text{c[10], c[11]}})
		case c[0] == "set":
			d := &dataset{number: len(inv.datasets) + 1, application: len(inv.applications), name: c[1], structure: c[2], rows: number(c[3]),
				retention: number(c[4]), oldest: number(c[5]), master: c[6] == "m", purpose: c[8], collection: c[9], label: text{c[10], c[11]}}
			// One dataset out of four has outgrown its rule; the others are purged, with months to spare.
			if d.retention > 4 && d.number%4 != 0 {
				d.oldest = min(d.oldest, d.retention-4)
			}
			if c[7] != "" {
				d.subjects = strings.Split(c[7], ",")
			}
			inv.datasets = append(inv.datasets, d)
		default:
			for word := range strings.FieldsSeq(line) {
				inv.addColumns(word, concepts, classes)
			}
		}
	}
	return inv
}

// addColumns adds the column of a word, or the five of an address.
func (inv *inventory) addColumns(word string, concepts map[string]concept, classes map[string]domain.GDPRClass) {
	f := fateKeep
	if strings.ContainsRune("~+!?", rune(word[0])) {
		f, word = fate(word[0]), word[1:]
	}
	d := inv.datasets[len(inv.datasets)-1]
	add := func(name, key string) {
		c, known := concepts[key]
		if !known {
			panic(fmt.Sprintf("%s.%s: no concept %q", d.name, name, key))
		}
		class, position := classes[c.category], 1
		if n := len(inv.fields); n > 0 && inv.fields[n-1].dataset == d {
			position = inv.fields[n-1].position + 1
		}
		if class == domain.ClassNonPersonal {
			f = fateExempt
		}
		inv.fields = append(inv.fields, &field{number: len(inv.fields) + 1, dataset: d, name: name, concept: c, class: class, fate: f, position: position})
	}
	if prefix, address := strings.CutPrefix(word, "@"); address {
		for i, name := range addressNames[inv.applications[d.application-1].name] {
			add(prefix+name, addressConcepts[i])
		}
		return
	}
	name, key, known := strings.Cut(word, ":")
	if !known {
		key = "inconnu"
	}
	add(name, key)
}
