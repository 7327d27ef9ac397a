package domain

import (
	"strings"
	"time"
)

// Link is the tie between a field and a program: how much the program needs the field, and for what.
type Link struct {
	Field    FieldID
	Program  ProgramID
	Level    LinkLevel
	Role     string
	Note     string // expected gain of a useful field; less intrusive alternative of one to avoid
	Source   string
	LinkedBy UserID
	LinkedAt time.Time
}

// LinkLevels in the order in which they are shown.
var LinkLevels = []string{string(LinkEssential), string(LinkUseful), string(LinkAvoid)}

// LinkRoles are what a program does with a field.
var LinkRoles = []string{"identify", "trigger", "target", "personalise", "reach", "exclude", "measure", "prove"}

// LinkSources are the ways in which a link came to be.
var LinkSources = []string{"hand", "bulk", "matrix", "import", "workshop", "example"}

// NewLink checks and cleans what was typed of a link. A useful field says its expected gain, and one to avoid its
// alternative: without them nobody could weigh the link later.
func NewLink(l Link) (Link, error) {
	l.Note = strings.TrimSpace(l.Note)
	var p Problems
	if l.Program == 0 {
		p.Add("program", "error.required")
	}
	p.needed(l.Level, l.Role, l.Note)
	return l, p.Err()
}

// needed checks what a program says of data: how much it needs it, for what, and what goes with that level.
func (p *Problems) needed(level LinkLevel, role, note string) {
	p.OneOf("level", string(level), LinkLevels...)
	p.OneOf("role", role, append([]string{""}, LinkRoles...)...)
	switch {
	case note != "":
		p.Text("note", note, MaxText)
	case level == LinkUseful:
		p.Add("note", "link.gain_missing")
	case level == LinkAvoid:
		p.Add("note", "link.alternative_missing")
	}
}

// Facts are the named values that the history keeps.
func (l Link) Facts() map[string]any {
	return map[string]any{"program": int64(l.Program), "level": string(l.Level), "role": l.Role, "note": l.Note, "source": l.Source}
}

// AllowsLevel tells whether data of the class may be linked at that level. Sensitive data, offences and the NIR are
// essential to a program or have no place in it (GDPR art. 9 and 10): "useful" is no ground for them.
func (c GDPRClass) AllowsLevel(l LinkLevel) bool { return l != LinkUseful || !c.Special() }

// levelWords are what people write in a sheet for a level, folded.
var levelWords = map[string]LinkLevel{
	"e": LinkEssential, "i": LinkEssential, "indispensable": LinkEssential, "essential": LinkEssential, "essentiel": LinkEssential, "essentielle": LinkEssential,
	"u": LinkUseful, "useful": LinkUseful, "utile": LinkUseful,
	"x": LinkAvoid, "a": LinkAvoid, "avoid": LinkAvoid, "a eviter": LinkAvoid, "eviter": LinkAvoid,
	"": "", "-": "", "·": "", "0": "", "none": "", "aucun": "", "rien": "",
}

// ParseLinkLevel reads a level as people write it in a sheet, in either language: a word, its first letter, or nothing
// for no link.
func ParseLinkLevel(text string) (level LinkLevel, ok bool) {
	level, ok = levelWords[Fold(strings.TrimSpace(text))]
	return level, ok
}

// LinkRegister is the list of links between fields and programs.
var LinkRegister = Register{
	Name: "links",
	Sort: "program",
	Columns: []RegisterColumn{
		{Key: "field", Kind: CellCode, Fixed: true},
		{Key: "application", Kind: CellText},
		{Key: "dataset", Kind: CellText},
		{Key: "program", Kind: CellText},
		{Key: "level", Kind: CellEnum, Enum: "level"},
		{Key: "role", Kind: CellEnum, Enum: "link.role"},
		{Key: "note", Kind: CellText, NoSort: true},
		{Key: "verdict", Kind: CellEnum, Enum: "verdict", Hidden: true},
		{Key: "program_status", Kind: CellEnum, Enum: "program.status", Hidden: true},
		{Key: "source", Kind: CellEnum, Enum: "link.source", Hidden: true},
		{Key: "linked_by", Kind: CellText, Hidden: true},
		{Key: "linked_at", Kind: CellTime, Desc: true},
	},
	Filters: []RegisterFilter{
		{Key: "program", Facet: true, Ref: true},
		{Key: "level", Enum: "level", Facet: true, Values: LinkLevels},
		{Key: "role", Enum: "link.role", Facet: true, Values: LinkRoles},
		{Key: "note", Enum: "link.note", Facet: true, Values: []string{"given", "missing"}},
		{Key: "application", Facet: true, Ref: true},
		{Key: "source", Enum: "link.source", Facet: true, Values: LinkSources},
		{Key: "field", Ref: true},
	},
	NoArchive: true,
}
