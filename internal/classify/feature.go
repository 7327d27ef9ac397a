package classify

import (
	"slices"
	"strings"
	"unicode"
)

// Features of a column are hashes of short statements about it ("the last word is date and the rows are orders"). A
// model has a weight for each statement and category.
type features struct {
	list []uint32
	// strong is how many of them are about words; those after are about letters, which say less.
	strong int
}

// add states something made of parts. The kind keeps statements about different things apart.
func (f *features) add(kind string, parts ...string) {
	f.list = append(f.list, statement(kind, parts...))
}

func statement(kind string, parts ...string) uint32 {
	const offset, prime = 2166136261, 16777619 // FNV-1a
	h := uint32(offset)
	for i := range len(kind) {
		h = (h ^ uint32(kind[i])) * prime
	}
	for _, p := range parts {
		h = (h ^ 0xff) * prime
		for i := range len(p) {
			h = (h ^ uint32(p[i])) * prime
		}
	}
	return h
}

// seen is a column as it is understood, before its neighbours are asked.
type seen struct {
	Column
	terms   []term
	comment []term
	label   []term
	class   string // of the data type
	// numbered is whether the name ends in a number that was left out: tour_date_3.
	numbered bool
	// fromText is whether label or comment stand for a name that says nothing: C17.
	fromText bool
	hit      phrase
	ok       bool // whether a phrase was hit
	key      keyKind
	subject  string // what a key points to, as a notion
}

// keyKind tells keys from what is not.
type keyKind string

const (
	noKey      keyKind = ""
	ownKey     keyKind = "own"     // of the table itself
	foreignKey keyKind = "foreign" // of another thing
)

func (c *Classifier) see(column Column, t table) seen {
	name := tokens(column.Name)
	s := seen{
		Column: column, terms: c.lexicon.understand(name), class: typeClass(column.DataType),
		label: c.lexicon.understand(head(telling(tokens(column.Label)), 8)), comment: c.lexicon.understand(head(telling(tokens(column.Comment)), 16)),
	}
	s.terms, s.numbered = dropNumbers(dropPrefix(s.terms))
	if spoken := s.spoken(); len(spoken) > 0 && opaque(s.terms) {
		s.terms, s.numbered, s.fromText = spoken, false, true
	}
	if len(s.terms) == 1 && s.terms[0].name == "order" && !t.sells() && (s.class == "int" || s.class == "") {
		s.terms[0].notion = c.lexicon.notions["position"] // the place in a list
	}
	s.hit, s.ok = c.phrases.match(rawWords(s.terms))
	s.key, s.subject = keyOf(s, t)
	return s
}

// textStopWords say nothing in a sentence, though they may in a name.
var textStopWords = func() map[string]bool {
	list := map[string]bool{}
	for _, w := range strings.Fields("to for this that is are was be been in on at by with from or as it its an if when which who whose where not no can " +
		"may will should has have had used use using any all each other into than then there their these those such only also but so e g eg ie etc " +
		"column field value values table record records row fk un une en pour par sur dans est sont avec qui que ou ce cette ces se sa son ses il elle " +
		"champ colonne valeur optional required null default true false i we you your our") {
		list[w] = true
	}
	return list
}()

func telling(words []string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return textStopWords[w] })
}

func head(words []string, most int) []string { return words[:min(len(words), most)] }

func rawWords(terms []term) []string {
	var list []string
	for _, t := range terms {
		list = append(list, strings.Split(t.raw, "_")...)
	}
	return list
}

// namePrefixes are put before names by makers of tools and say nothing of the content.
var namePrefixes = map[string]bool{"hs": true, "property": true, "calculated": true, "c": true, "x": true, "ct": true, "cust": true, "cf": true, "raw": true}

func dropPrefix(terms []term) []term {
	for len(terms) > 1 && namePrefixes[terms[0].raw] {
		terms = terms[1:]
	}
	return terms
}

// dropNumbers leaves out words that are numbers, unless there is nothing else.
func dropNumbers(terms []term) ([]term, bool) {
	kept := make([]term, 0, len(terms))
	for _, t := range terms {
		if t.raw[0] < '0' || t.raw[0] > '9' || strings.ContainsFunc(t.raw, unicode.IsLetter) {
			kept = append(kept, t)
		}
	}
	if len(kept) == 0 || len(kept) == len(terms) {
		return terms, false
	}
	return kept, true
}

// keyOf says whether a column is a key and of what: id, customer_id, fk_soc, idvisit, AccountId.
func keyOf(s seen, t table) (keyKind, string) {
	if s.References != "" {
		target, _, _ := strings.Cut(s.References, ";")
		parts := strings.Split(target, ".")
		return foreignKey, subjectOf(parts[max(0, len(parts)-2)])
	}
	terms := s.terms
	isID := func(x term) bool {
		return x.name == "id" || x.name == "fk" || x.raw == "ids" || x.raw == "key" || x.raw == "rowid"
	}
	var rest []term
	switch {
	case len(terms) == 0:
		return noKey, ""
	case len(terms) == 1 && isID(terms[0]):
		return ownKey, ""
	case isID(terms[len(terms)-1]):
		rest = terms[:len(terms)-1]
	case isID(terms[0]):
		rest = terms[1:]
	case s.class == "ref":
		rest = terms
	case s.Key:
		return ownKey, ""
	default:
		return noKey, ""
	}
	subject := rest[len(rest)-1].name
	if terms[0].name == "id" || terms[0].name == "fk" {
		subject = rest[0].name
	}
	if len(t.terms) > 0 && subject == t.terms[len(t.terms)-1].name && (len(rest) == 1 || len(rest) == len(t.terms)) {
		return ownKey, subject
	}
	return foreignKey, subject
}

// spoken is what people say of a column: its label, or else the beginning of its comment.
func (s *seen) spoken() []term {
	const most = 6
	text := s.label
	if len(text) == 0 {
		text = s.comment
	}
	return slices.Clone(text[:min(most, len(text))])
}

// emptyWords are what columns are called where their names are numbers.
var emptyWords = map[string]bool{"column": true, "col": true, "field": true, "fld": true, "zone": true, "attr": true, "attribute": true, "udf": true, "var": true}

// opaque says whether a name is made of numbers, single letters and words that mean no more than column.
func opaque(terms []term) bool {
	return !slices.ContainsFunc(terms, func(t term) bool {
		return len(t.raw) > 2 && !emptyWords[t.name] && strings.ContainsFunc(t.raw, unicode.IsLetter) || t.group != "" && len(t.raw) > 1 && !emptyWords[t.name]
	})
}

// pointers are how comments say what a key points to.
var pointers = []string{"fk to ", "foreign key to ", "references ", "id of the ", "id of ", "identifier of the ", "identifiant du ", "identifiant de la ", "reference to the ", "reference to "}

// pointedTo returns the word after the first pointer of a comment.
func pointedTo(comment string) string {
	written := strings.ToLower(comment)
	for _, p := range pointers {
		_, rest, ok := strings.Cut(written, p)
		if !ok {
			continue
		}
		rest = strings.TrimPrefix(rest, "the ")
		end := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) && r != '_' })
		if end < 0 {
			end = len(rest)
		}
		return rest[:end]
	}
	return ""
}

func subjectOf(tableName string) string {
	words := tokens(tableName)
	if len(words) == 0 {
		return ""
	}
	return strings.TrimSuffix(words[len(words)-1], "s")
}

// neighbourhood is what the columns of a dataset say together.
type neighbourhood struct {
	names  map[string]int // notions of all columns
	groups []string       // groups that stand in it, sorted
}

// tellingGroups are groups of notions whose presence says what the rows are.
var tellingGroups = map[string]bool{"name": true, "contact": true, "personal": true, "order": true, "money": true, "access": true, "interaction": true, "marketing": true, "company": true, "person": true, "job": true, "place": true}

func neighbours(columns []seen) neighbourhood {
	n := neighbourhood{names: map[string]int{}}
	groups := map[string]bool{}
	for _, s := range columns {
		for _, t := range s.terms {
			n.names[t.name]++
			if tellingGroups[t.group] {
				groups[t.group] = true
			}
		}
	}
	for g := range groups {
		n.groups = append(n.groups, g)
	}
	slices.Sort(n.groups)
	return n
}

// Statements are what is said of a column. Those after the strong ones are about letters.
type Statements struct {
	Hashes []uint32
	Strong int
}

// Features returns the statements about each column of a dataset, for the training of a model.
func (c *Classifier) Features(dataset []Column) []Statements {
	if len(dataset) == 0 {
		return nil
	}
	columns, t := c.read(dataset)
	around := neighbours(columns)
	out := make([]Statements, len(columns))
	for i := range columns {
		var f features
		c.describe(&f, &columns[i], t, around)
		out[i] = Statements{f.list, f.strong}
	}
	return out
}

func (c *Classifier) read(dataset []Column) ([]seen, table) {
	t := c.table(dataset[0].Dataset)
	columns := make([]seen, len(dataset))
	for i, column := range dataset {
		columns[i] = c.see(column, t)
	}
	if t.role == "company" && ofPeople(columns) {
		t.role, t.second = "person", "company"
	}
	return columns, t
}

// ofPeople says whether columns only make sense of people: accounts may be those of companies or of people.
func ofPeople(columns []seen) bool {
	for _, s := range columns {
		for _, t := range s.terms {
			switch t.name {
			case "birth", "firstname", "salutation", "gender", "maiden":
				return true
			}
		}
	}
	return false
}

func (c *Classifier) describe(f *features, s *seen, t table, around neighbourhood) {
	f.add("bias")
	role := t.role
	if role == "" {
		role = "?"
	}
	f.add("role", role)
	f.add("roles", role, t.second)
	f.add("type", s.class)
	f.add("type role", s.class, role)
	c.describeName(f, s, role)
	c.describeKey(f, s, t, role)
	c.describeTable(f, s, t)
	if s.ok {
		f.add("rule", s.hit.code)
		f.add("rule role", s.hit.code, role)
	}
	last := ""
	if n := len(s.terms); n > 0 {
		last = s.terms[n-1].name
	}
	for _, g := range around.groups {
		f.add("near", g)
		if t.role == "" {
			f.add("near last", g, last)
		}
	}
	f.strong = len(f.list)
	c.describeText(f, s, role)
	letterGrams(f, Key(s.Name))
}

func (c *Classifier) describeName(f *features, s *seen, role string) {
	n := len(s.terms)
	if n == 0 {
		f.add("nameless")
		return
	}
	for i, t := range s.terms {
		f.add("word", t.name)
		f.add("word role", t.name, role)
		if t.raw != t.name {
			f.add("raw", t.raw)
		}
		if t.group != "" {
			f.add("group", t.group)
			f.add("group role", t.group, role)
		}
		if i > 0 {
			f.add("pair", s.terms[i-1].name, t.name)
			f.add("group pair", s.terms[i-1].group, t.group)
		}
	}
	if s.numbered {
		f.add("numbered")
	}
	first, last := s.terms[0], s.terms[n-1]
	f.add("first", first.name)
	f.add("last", last.name)
	f.add("last role", last.name, role)
	f.add("last type", last.name, s.class)
	f.add("last group role type", last.group, role, s.class)
	if n == 1 {
		f.add("only", first.name)
		f.add("only role", first.name, role)
	} else {
		f.add("ends", first.name, last.name)
		f.add("ends role", first.name, last.name, role)
		f.add("end groups role", first.group, last.group, role)
	}
	known := 0
	for _, t := range s.terms {
		if t.group != "" {
			known++
		}
	}
	familiar := "some"
	switch known {
	case 0:
		familiar = "none"
	case n:
		familiar = "all"
	}
	f.add("familiar", familiar)
	f.add("familiar role type", familiar, role, s.class)
	f.add("words", [...]string{"0", "1", "2", "3", "4+"}[min(n, 4)])
	f.add("name", Key(s.Name))
}

func (c *Classifier) describeKey(f *features, s *seen, t table, role string) {
	if s.key == noKey {
		return
	}
	f.add("key", string(s.key))
	f.add("key role", string(s.key), role)
	f.add("key subject", string(s.key), s.subject)
	f.add("key subject role", string(s.key), s.subject, role)
	if of, ok := c.roles[s.subject]; ok {
		f.add("key of", string(s.key), of.role)
		f.add("key of role", string(s.key), of.role, role)
	} else if s.key == foreignKey {
		f.add("key of", string(s.key), "?")
		f.add("key of role", string(s.key), "?", role)
	}
	if s.key == ownKey {
		f.add("own key roles", role, t.second)
	}
}

func (c *Classifier) describeTable(f *features, s *seen, t table) {
	last := ""
	if n := len(s.terms); n > 0 {
		last = s.terms[n-1].name
	}
	for i, x := range t.terms {
		f.add("table", x.name)
		f.add("table last", x.name, last)
		if i == len(t.terms)-1 {
			f.add("table end", x.name)
		}
		if i == 0 {
			f.add("table start", x.name)
		}
	}
}

func (c *Classifier) describeText(f *features, s *seen, role string) {
	if subject := pointedTo(s.Comment); subject != "" {
		of := subjectOf(subject)
		if known, ok := c.lexicon.notions[of]; ok {
			of = known.name
		}
		f.add("comment key", of, role)
		if r, ok := c.roles[of]; ok {
			f.add("comment key of", r.role)
			f.add("key of", string(foreignKey), r.role)
		}
	}
	for _, text := range [][]term{s.label, s.comment} {
		for _, t := range text {
			f.add("text", t.name)
			f.add("text role", t.name, role)
			if t.group != "" {
				f.add("text group", t.group)
			}
		}
	}
}

// letterGrams states the runs of three and four letters of a name, its borders included: what is left when a word is unknown.
func letterGrams(f *features, key string) {
	framed := "^" + key + "$"
	const longest = 40
	framed = framed[:min(len(framed), longest)]
	for _, n := range []int{3, 4} {
		for i := 0; i+n <= len(framed); i++ {
			f.add("letters", framed[i:i+n])
		}
	}
}
