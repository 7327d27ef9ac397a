package scan

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"utile/internal/domain"
)

// File is one file to read, from its start as often as a format needs.
type File struct {
	Name    string
	Size    int64
	Content io.ReaderAt
}

// Limits of what is kept of the files of one document. Files are read as streams; only what is kept takes memory.
const (
	maxFields = 300_000
	maxText   = 128 << 20 // bytes of names, labels, comments and facts
	maxFlows  = 50_000
	maxNotes  = 200 // kinds of notes; the places of each beyond the first are counted
)

// Error is why the files of a document cannot be read.
//
// Keys: scan.error.damaged, scan.error.deep (most), scan.error.long_text (most), scan.error.record (most), scan.error.fields
// (most), scan.error.too_much (most), scan.error.flows (most), scan.error.nodes (most), scan.error.file_size (most),
// scan.error.no_fields, scan.error.unknown, scan.error.mixed, scan.error.yaml, scan.error.sql, and scan.none.* for files that
// describe no fields.
type Error struct {
	File, Place string // Place is empty where the file as a whole is meant
	Key         string
	Args        map[string]any
	cause       error
}

func (e *Error) Error() string {
	text := "scan: " + e.Key
	if e.Place != "" {
		text += " at " + e.Place
	} else if e.File != "" {
		text += " in " + e.File
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.cause }

func fault(key string, args ...any) *Error { return &Error{Key: key, Args: domain.Args(args...)} }

// format is one kind of files that describe fields. The next format is one file with one of these, and its samples.
type format struct {
	name     string                // of messages scan.format.*, and what files of one import have in common
	suggests string                // application to propose where the files name none
	says     []domain.ScanTarget   // what such files tell of every field: what they leave empty is empty
	sniff    func(*head) bool      // whether a file is one, by its first bytes
	read     func(*reading) error  // takes the fields of one file
	end      func(*Document) error // puts together what the files said, where that takes all of them
}

// formats in the order in which they are tried: the more telling first.
var formats = []*format{&salesforce, &hubspot, &dbt, &fides, &openlineage, &openapi, &avro, &jsonschema, &infoschema, &mysqlDDL, &postgresqlDDL}

// none are kinds of files that people have beside the others and that describe no fields.
var none = []struct {
	key   string // message scan.none.*
	sniff func(*head) bool
}{
	{"dbt_sources", func(h *head) bool { return strings.Contains(h.json.str("metadata", "dbt_schema_version"), "/sources/") }},
	{"tool_schema", toolSchema},
	{"fides_other", func(h *head) bool {
		return !h.hasKey("dataset") && (h.hasKey("policy", "fides_key:") || h.hasKey("system", "fides_key:") || h.hasKey("data_category", "fides_key:"))
	}},
	{"dbt_results", func(h *head) bool {
		return strings.Contains(h.json.str("metadata", "dbt_schema_version"), "/run-results/")
	}},
}

// toolSchema tells of JSON Schemas that describe the files of tools, and not what anybody keeps in them.
func toolSchema(h *head) bool {
	id := h.json.str("$id")
	for _, tool := range []string{"://schemas.getdbt.com/", "://openlineage.io/spec/", "://json-schema.org/", "://spec.openapis.org/"} {
		if strings.Contains(id, tool) {
			return true
		}
	}
	return false
}

// Recognised is what a file is by its first bytes.
type Recognised struct {
	Format string // name of a format of documents
	None   string // key of the message about a kind of file that describes no fields
}

// Document tells whether a file is for Open, be it to say that it describes no fields; others are tables, or nothing known.
func (r Recognised) Document() bool { return r != Recognised{} }

// Recognise says what a file is by its first bytes, HeadSize of them at most, never by its name. Files of one format that
// come together are read together.
func Recognise(first []byte) Recognised {
	f, none := newHead(first).recognise()
	if f == nil {
		return Recognised{None: none}
	}
	return Recognised{Format: f.name}
}

// recognise finds the format, or the key of the message about a kind of file that describes no fields, or neither.
func (h *head) recognise() (f *format, says string) {
	for _, n := range none {
		if n.sniff(h) {
			return nil, "scan.none." + n.key
		}
	}
	for _, f := range formats {
		if f.sniff(h) {
			return f, ""
		}
	}
	if h.json != nil {
		return nil, "scan.error.unknown_json"
	}
	return nil, ""
}

// Document is what files of one format describe: fields as a Source, flows between their datasets, and what was not used.
type Document struct {
	Format      string
	Application string // proposed for fields whose application the files do not name
	Asks        bool   // there are such fields
	Files       []domain.ImportFile
	Notes       []domain.ImportNote

	format  *format
	fields  []described
	at      map[fieldKey]int
	flows   []flow
	flowing map[flow]bool
	noted   map[string]int
	text    int
	more    []domain.ScanTarget // that these files tell of every field, beside what all of the format do
	state   any                 // of a format that needs all files
	said    string              // application that a person named for all fields
	current int                 // the file that is being read
}

type described struct {
	field domain.FoundField
	key   *bool
	place string
	file  int
	// refers are references whose datasets are named when all names are known; else the field says what it refers to.
	refers []reference
}

// reference is a field, or a dataset, that a field refers to.
type reference struct{ schema, dataset, field string }

type fieldKey struct{ application, schema, dataset, name string }

// Open reads files that Recognise gives one format. It returns an *Error where they cannot be read, or where none of them
// describes a field; a file that describes none beside others that do is a note of the document.
func Open(files []File) (*Document, error) {
	d := newDocument()
	for n, f := range files {
		d.current = n
		d.Files = append(d.Files, fileOf(f))
		if err := d.readFile(f); err != nil {
			return nil, in(f.Name, err)
		}
	}
	if d.format == nil {
		return nil, fault("scan.error.unknown")
	}
	if d.format.end != nil {
		if err := d.format.end(d); err != nil {
			return nil, in(files[0].Name, err)
		}
	}
	d.finish()
	if len(d.fields) == 0 {
		return nil, &Error{File: files[0].Name, Key: d.emptyBecause()}
	}
	return d, nil
}

func newDocument() *Document {
	return &Document{at: map[fieldKey]int{}, flowing: map[flow]bool{}, noted: map[string]int{}}
}

func fileOf(f File) domain.ImportFile { return domain.ImportFile{Name: f.Name, Size: f.Size} }

// begin settles the format of a document.
func (d *Document) begin(f *format) {
	if d.format == nil {
		d.format, d.Format, d.Application = f, f.name, f.suggests
	}
}

func (d *Document) readFile(f File) error {
	first := make([]byte, min(f.Size, HeadSize))
	if n, err := f.Content.ReadAt(first, 0); err != nil && !errors.Is(err, io.EOF) || n < len(first) {
		return errors.Join(err, io.ErrUnexpectedEOF)
	}
	h := newHead(first)
	known, says := h.recognise()
	switch {
	case says != "":
		return fault(says)
	case known == nil:
		return fault("scan.error.unknown")
	case d.format != nil && d.format != known:
		return fault("scan.error.mixed")
	}
	d.begin(known)
	return known.read(&reading{Document: d, File: f, head: h})
}

// in says which file an error is about.
func in(file string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.File == "" {
		e.File = file
	}
	return err
}

// finish counts fields by file and sees whether all have an application.
func (d *Document) finish() {
	for _, f := range d.fields {
		d.Files[f.file].Fields++
		d.Asks = d.Asks || f.field.Application == ""
	}
}

// emptyBecause is the reason for which no file describes a field: that of the first, where one was given.
func (d *Document) emptyBecause() string {
	for _, n := range d.Notes {
		if strings.HasPrefix(n.Key, "none.") {
			return "scan." + n.Key
		}
	}
	return "scan.error.no_fields"
}

// Says are the targets that the document tells of every field.
func (d *Document) Says() []domain.ScanTarget {
	return slices.Concat([]domain.ScanTarget{domain.ScanApplication, domain.ScanDataset, domain.ScanField}, d.format.says, d.more)
}

// In names the application of all fields, whatever the files say; the empty name leaves it to them.
func (d *Document) In(application string) { d.said = application }

func (d *Document) applicationOf(own string) string {
	switch {
	case d.said != "":
		return d.said
	case own != "":
		return own
	}
	return d.Application
}

// Flows are the flows between datasets that the files tell of, with the names that Fields gives to the datasets.
func (d *Document) Flows() (flows []domain.FoundFlow) {
	names := d.names()
	for _, f := range d.flows {
		from, to := d.end(names, f.from), d.end(names, f.to)
		flows = append(flows, domain.FoundFlow{SourceApplication: from.Application, SourceDataset: from.Dataset, TargetApplication: to.Application,
			TargetDataset: to.Dataset, Mechanism: f.mechanism})
	}
	return flows
}

func (d *Document) end(names *datasetNames, e datasetKeyed) domain.FoundField {
	f := domain.FoundField{Application: d.applicationOf(text(e.application)), Schema: text(e.schema), Dataset: text(e.dataset)}
	f.Dataset = names.name(f)
	return f
}

func (d *Document) names() *datasetNames {
	names := &datasetNames{schemas: map[string]string{}, spelt: map[string]string{}}
	for _, f := range d.fields {
		names.see(d.applicationOf(f.field.Application), f.field.Schema, f.field.Dataset)
	}
	return names
}

// Fields are the fields in the order of the files. Lines number them; where they come from, the places of problems say.
// Datasets are named by the rules of Inventory.
func (d *Document) Fields() iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		names := d.names()
		for n, f := range d.fields {
			if !yield(d.found(n+1, f, names), nil) {
				return
			}
		}
	}
}

func (d *Document) found(line int, f described, names *datasetNames) Found {
	cells := map[domain.ScanTarget]string{domain.ScanApplication: d.applicationOf(f.field.Application), domain.ScanSchema: f.field.Schema,
		domain.ScanDataset: f.field.Dataset, domain.ScanField: f.field.Name, domain.ScanLabel: f.field.Label, domain.ScanDataType: f.field.DataType,
		domain.ScanReferences: d.references(f, names), domain.ScanComment: f.field.Comment}
	checked, problems := domain.NewFoundField(line, cells)
	if len(problems) > 0 {
		for n := range problems {
			problems[n].Place = f.place
		}
		return Found{Line: line, Problems: problems}
	}
	checked.Nullable, checked.Fides, checked.Source = f.field.Nullable, f.field.Fides, f.field.Source
	checked.Key = f.key != nil && *f.key
	checked.Dataset = names.name(checked)
	return Found{Line: line, Field: checked, Place: f.place}
}

// reading is one file of a document while it is read.
type reading struct {
	*Document
	File
	head *head
}

// content reads the file from its start as UTF-8, whatever mark it begins with.
func (r *reading) content() io.Reader {
	return transform.NewReader(io.NewSectionReader(r.Content, 0, r.Size), unicode.BOMOverride(transform.Nop))
}

// place is a line of the file, for people.
func (r *reading) place(line int) string {
	if line <= 0 {
		return r.Name
	}
	return fmt.Sprintf("%s:%d", r.Name, line)
}

// base is the name of the file without folders and endings: "contacts.properties.json" is "contacts".
func (r *reading) base() string {
	name := path.Base(strings.ReplaceAll(r.Name, `\`, "/"))
	name, _, _ = strings.Cut(name, ".")
	return name
}

// field is what a format says of one field. Names and texts may be as the file has them.
type field struct {
	application, schema, dataset, name string
	label, dataType, reference, text   string
	refers                             []reference
	nullable, key                      *bool
	fides                              []string
	source                             domain.SourceFacts
}

// add keeps a field. One that was described before is told once, with what each place says of it.
func (d *Document) add(place string, f field) error {
	key := fieldKey{strings.ToLower(f.application), strings.ToLower(f.schema), strings.ToLower(f.dataset), f.name}
	n, twice := d.at[key]
	if !twice && len(d.fields) == maxFields {
		return fault("scan.error.fields", "most", maxFields)
	}
	made := domain.FoundField{Application: text(f.application), Schema: text(f.schema), Dataset: text(f.dataset), Name: text(f.name),
		Label: domain.CleanScanText(text(f.label), domain.MaxScanName), DataType: domain.CleanScanText(f.dataType, domain.MaxScanName),
		References: domain.CleanScanText(f.reference, domain.MaxText), Comment: domain.CleanScanText(f.text, domain.MaxText),
		Nullable: f.nullable, Fides: f.fides, Source: f.source.Clean()}
	for _, r := range f.refers {
		d.text += len(r.schema) + len(r.dataset) + len(r.field)
	}
	if d.text += weight(made); d.text > maxText {
		return fault("scan.error.too_much", "most", maxText)
	}
	if twice {
		d.note("repeated", place)
		d.fields[n].merge(made, f)
		return nil
	}
	d.at[key] = len(d.fields)
	d.fields = append(d.fields, described{field: made, key: f.key, place: place, file: d.current, refers: f.refers})
	return nil
}

// weight is about how many bytes a field takes.
func weight(f domain.FoundField) int {
	n := len(f.Application) + len(f.Schema) + len(f.Dataset) + len(f.Name) + len(f.Label) + len(f.DataType) + len(f.References) + len(f.Comment) +
		len(f.Source.Formula) + len(f.Source.Group)
	for _, list := range [][]string{f.Source.Options, f.Source.Tags, f.Source.Categories, f.Fides} {
		for _, s := range list {
			n += len(s)
		}
	}
	for k, v := range f.Source.Meta {
		n += len(k) + len(v)
	}
	return n
}

// merge fills what the first place left open.
func (d *described) merge(f domain.FoundField, more field) {
	was := &d.field
	was.Label, was.DataType = firstOf(was.Label, f.Label), firstOf(was.DataType, f.DataType)
	was.References, was.Comment = firstOf(was.References, f.References), firstOf(was.Comment, f.Comment)
	if was.Nullable == nil {
		was.Nullable = f.Nullable
	}
	if d.key == nil {
		d.key = more.key
	}
	if d.refers == nil {
		d.refers = more.refers
	}
	if len(was.Fides) == 0 {
		was.Fides = f.Fides
	}
	if was.Source.Empty() {
		was.Source = f.Source
	}
}

// references is what a field refers to, by the names of the datasets.
func (d *Document) references(f described, names *datasetNames) string {
	if f.field.References != "" || len(f.refers) == 0 {
		return f.field.References
	}
	written := make([]string, len(f.refers))
	for n, r := range f.refers {
		written[n] = names.told(domain.FoundField{Application: d.applicationOf(f.field.Application), Schema: text(r.schema), Dataset: text(r.dataset)})
		if r.field != "" {
			written[n] += "." + text(r.field)
		}
	}
	return domain.CleanScanText(strings.Join(written, ";"), domain.MaxText)
}

// note counts something that is not used, or not as it is.
func (d *Document) note(key, place string) { d.notes(1, key, place) }

func (d *Document) notes(count int64, key, place string) {
	if n, known := d.noted[key]; known {
		d.Notes[n].N += count
		return
	}
	if len(d.Notes) < maxNotes {
		d.noted[key] = len(d.Notes)
		d.Notes = append(d.Notes, domain.ImportNote{Key: key, N: count, Place: place})
	}
}

// datasetKeyed is a dataset as a file names it.
type datasetKeyed struct{ application, schema, dataset string }

type flow struct {
	from, to  datasetKeyed
	mechanism string
}

// addFlow keeps a flow between two datasets, once.
func (d *Document) addFlow(f flow) error {
	if f.from == f.to || d.flowing[f] {
		return nil
	}
	if len(d.flows) == maxFlows {
		return fault("scan.error.flows", "most", maxFlows)
	}
	d.flowing[f] = true
	d.flows = append(d.flows, f)
	return nil
}

// truth is for facts that a source may leave open.
func truth(v bool) *bool { return &v }
