package domain

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// ScanHeading reduces a heading to the words by which it is recognised and remembered: no case, accents, punctuation,
// text in parentheses.
func ScanHeading(heading string) string {
	if i := strings.IndexByte(heading, '('); i > 0 {
		heading = heading[:i]
	}
	return strings.Join(scanWords(heading), " ")
}

// scanWords splits a name into lower-case words without accents: at punctuation, at white space and inside camelCase.
func scanWords(s string) []string {
	var b strings.Builder
	b.Grow(len(s) + 4)
	var last rune
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r):
			if unicode.IsUpper(r) && (unicode.IsLower(last) || unicode.IsDigit(last)) {
				b.WriteByte(' ')
			}
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
		last = r
	}
	return strings.Fields(Fold(b.String()))
}

// scanFillers are words that change nothing of a heading's meaning.
var scanFillers = scanSet("de", "du", "des", "d", "la", "le", "les", "l", "un", "une", "the", "of", "a", "an", "en", "sql",
	"technique", "technical", "optionnel", "optional", "facultatif", "n", "no", "o")

// scanAliases are the headings known for each target, the surest first.
var scanAliases = map[ScanTarget][]string{
	ScanApplication: {"application", "system", "système", "système source", "source system", "logiciel", "outil", "appli", "application name",
		"nom de l'application", "system name", "nom du système", "app", "database", "base de données", "table catalog", "base", "progiciel", "data source"},
	ScanSchema: {"schema", "schéma", "table schema", "schema name", "nom du schéma", "namespace"},
	ScanDataset: {"dataset", "table", "table name", "nom de la table", "jeu de données", "object", "objet", "entity", "entité", "object name",
		"nom de l'objet", "object api name", "sobject", "collection", "model", "relation", "fichier", "file", "dataset name", "nom du jeu de données",
		"entity name", "nom de l'entité", "tableau", "classe", "qualified api name of object", "feuille", "tables"},
	ScanField: {"field", "column", "champ", "colonne", "column name", "field name", "nom du champ", "nom de la colonne", "attribut", "attribute",
		"attribute name", "nom de l'attribut", "nom technique du champ", "nom technique", "api name", "field api name", "internal name", "nom interne",
		"qualified api name", "rubrique", "zone", "donnée", "nom de la donnée", "data element", "property", "propriété", "property name",
		"information", "variable", "clé", "champs", "colonnes", "fields", "columns"},
	ScanLabel: {"label", "libellé", "field label", "libellé du champ", "libellé de la colonne", "intitulé", "display name", "nom affiché", "column label",
		"nom fonctionnel", "nom métier", "business name", "title", "titre", "libellé métier", "libellé court"},
	ScanDataType: {"data type", "type", "type de données", "type de donnée", "column type", "field type", "type de champ", "type du champ", "datatype",
		"type de colonne", "type de la colonne", "native type", "type technique", "format", "udt name"},
	ScanNullable: {"nullable", "is nullable", "null", "nillable", "null allowed", "nul autorisé", "nullable o n", "accepte null", "nul", "allow null", "may be empty", "peut être vide",
		"facultatif", "optionnel", "optional"},
	ScanRequired: {"required", "obligatoire", "mandatory", "is required", "not null", "requis", "champ obligatoire", "saisie obligatoire", "non null", "notnull"},
	ScanKey: {"is primary key", "primary key", "clé primaire", "pk", "is pk", "key", "clé", "is key", "column key", "est clé primaire", "identifiant unique",
		"clef primaire", "clef", "primary"},
	ScanReferences: {"references", "reference", "référence", "références", "foreign key", "clé étrangère", "fk", "reference to", "referenced table", "relation vers",
		"clef étrangère", "foreign table", "lien vers", "refers to", "fait référence à"},
	ScanComment: {"comment", "commentaire", "comment in the source", "commentaire de la source", "comments", "commentaires", "description", "définition", "definition", "column comment", "remarque", "remarques",
		"description du champ", "field description", "remarks", "notes", "note", "help text", "inline help text", "signification", "observations"},
	ScanCategory: {"category", "catégorie", "data category", "catégorie de données", "catégorie de donnée", "category code", "code catégorie", "type de donnée personnelle",
		"catégorie rgpd", "catégories de données"},
	ScanOwner: {"owner", "propriétaire", "responsable", "data owner", "responsable de la donnée", "business owner", "propriétaire de la donnée", "steward",
		"data steward", "référent", "responsable métier", "field owner"},
	ScanRows: {"row count", "rows", "nb lignes", "nombre de lignes", "nb de lignes", "number of rows", "total rows", "lignes", "nb enregistrements",
		"nombre d'enregistrements", "record count", "records", "volume", "volumétrie", "total", "num rows", "enregistrements"},
	ScanNonNull: {"non null count", "non null", "not null count", "filled", "nb renseignés", "nombre de valeurs renseignées", "valeurs renseignées", "valeurs non nulles",
		"nb non nuls", "nombre de valeurs non nulles", "filled count", "renseignés", "nb valeurs", "nb remplis", "non nuls", "filled rows"},
	ScanFillRate: {"fill rate", "taux de remplissage", "remplissage", "fill percent", "percent filled", "taux renseigné", "pourcentage rempli", "fill",
		"taux rempli", "taux de complétude", "complétude", "completeness"},
	ScanDistinct: {"distinct count", "distinct", "valeurs distinctes", "nb valeurs distinctes", "nombre de valeurs distinctes", "distinct values", "n distinct",
		"unique values", "valeurs uniques", "cardinalité", "cardinality", "nb distinct"},
	ScanReads: {"reads", "lectures", "read count", "nb lectures", "nombre de lectures", "queries", "requêtes", "nb requêtes", "nombre de requêtes", "usage count",
		"accès", "nb accès", "query count"},
	ScanLastRead: {"last read at", "last read", "dernière lecture", "date de dernière lecture", "last access", "last accessed", "dernier accès", "date de dernier accès",
		"last used", "dernière utilisation", "date dernière utilisation", "last query", "dernière requête", "last used at", "last accessed at", "last read date"},
	ScanLastWrite: {"last write at", "last write", "dernière écriture", "date de dernière écriture", "last written", "last update", "last updated", "dernière mise à jour",
		"date de dernière mise à jour", "last modified", "dernière modification", "date de dernière modification", "last updated at", "last modified at"},
	ScanOldest: {"oldest record on", "oldest record", "oldest", "oldest date", "oldest row", "first record", "min date", "plus ancien", "plus ancienne",
		"enregistrement le plus ancien", "plus ancien enregistrement", "date la plus ancienne", "date du plus ancien enregistrement", "donnée la plus ancienne",
		"ligne la plus ancienne", "date min", "date minimale"},
	ScanWindow: {"window days", "window", "fenêtre", "fenêtre jours", "période jours", "jours", "days", "nb jours", "période d'observation", "observation days",
		"nombre de jours"},
	ScanMeasured: {"measured at", "measured on", "mesuré le", "date de mesure", "measure date", "date du relevé", "relevé le", "snapshot date", "as of", "date d'extraction",
		"extraction date", "collected at"},
	ScanSource: {"source", "evidence source", "source de la mesure", "origine de la mesure", "measured by", "mesuré par", "outil de mesure", "source de mesure"},
}

// scanGuess says that a heading may mean a target; lower ranks are surer.
type scanGuess struct {
	target ScanTarget
	rank   int
}

// Ranks of guesses that come behind every heading known as it stands: headings known without their fillers, and a bare name,
// which is the field's where nothing else is, and else how people call it.
const (
	scanRankBare      = 1000
	scanRankNameField = 1900
	scanRankNameLabel = 1950
)

// scanKnown finds the guesses of a heading by its words, scanKnownBare by its words without fillers.
var (
	scanKnown     = scanIndex(0, ScanHeading)
	scanKnownBare = scanIndex(scanRankBare, func(alias string) string { return scanBare(ScanHeading(alias)) })
)

func scanIndex(rank int, words func(string) string) map[string][]scanGuess {
	known := map[string][]scanGuess{}
	for _, t := range ScanTargets {
		for i, alias := range scanAliases[t] {
			if w := words(alias); w != "" {
				known[w] = append(known[w], scanGuess{t, rank + i})
			}
		}
	}
	for _, name := range []string{"name", "nom"} {
		known[name] = append(known[name], scanGuess{ScanField, scanRankNameField}, scanGuess{ScanLabel, scanRankNameLabel})
	}
	return known
}

// GuessHeadings proposes what each column of a file tells, from its headings and some of its rows. Remembered is what people
// chose before, by ScanHeading of the heading; it wins. Each target is proposed at most once; what is not recognised is
// ignored.
func GuessHeadings(headers []string, sample [][]string, remembered map[string]string) []ScanTarget {
	targets := make([]ScanTarget, len(headers))
	taken := map[ScanTarget]bool{}
	take := func(i int, t ScanTarget) {
		if targets[i] == "" && (t == ScanIgnore || !taken[t]) {
			targets[i], taken[t] = t, true
		}
	}
	type candidate struct {
		column int
		scanGuess
	}
	var candidates []candidate
	for i, h := range headers {
		words := ScanHeading(h)
		if t := ScanTarget(remembered[words]); words != "" && slices.Contains(ScanTargets, t) {
			take(i, t)
			continue
		}
		for _, g := range scanGuesses(words) {
			if g.target == ScanNonNull && ScanUnitOf(ScanFillRate, h) == ScanUnitPercent {
				g.target = ScanFillRate
			}
			if scanAgrees(g.target, i, sample) {
				candidates = append(candidates, candidate{i, g})
			}
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.rank, b.rank) })
	for _, c := range candidates {
		take(c.column, c.target)
	}
	for i := range targets {
		take(i, ScanIgnore)
	}
	return targets
}

// scanGuesses looks a heading up as it stands, then without words that change nothing.
func scanGuesses(words string) []scanGuess {
	if found := scanKnown[words]; found != nil {
		return found
	}
	return scanKnownBare[scanBare(words)]
}

func scanBare(words string) string {
	var out []string
	for w := range strings.SplitSeq(words, " ") {
		if !scanFillers[w] {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}

// scanAgrees tells whether the values of a column can be what its heading says: at least half of those seen. A number or a date
// that is wrong is still one, which the rows of the file are told: only words say that the column is about something else.
func scanAgrees(t ScanTarget, column int, sample [][]string) bool {
	var valid func(string) bool
	switch t {
	case ScanNullable, ScanRequired, ScanKey:
		valid = func(s string) bool { _, ok := parseScanYes(t, s); return ok }
	case ScanRows, ScanNonNull, ScanDistinct, ScanReads, ScanWindow, ScanFillRate, ScanLastRead, ScanLastWrite, ScanOldest, ScanMeasured:
		valid = func(s string) bool { return strings.ContainsFunc(s, unicode.IsDigit) }
	case ScanField:
		valid = func(s string) bool { _, ok := parseScanYes(ScanNullable, s); return !ok || len(s) == 1 }
	case ScanApplication, ScanSchema, ScanDataset, ScanLabel, ScanDataType, ScanReferences, ScanComment, ScanCategory, ScanOwner,
		ScanSource, ScanIgnore:
		return true
	}
	seen, agree := 0, 0
	for _, row := range sample {
		if column >= len(row) {
			continue
		}
		if s := ScanText(row[column]); s != "" {
			seen++
			if valid(s) {
				agree++
			}
		}
	}
	return 2*agree >= seen
}
