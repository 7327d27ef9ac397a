package export

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"utile/internal/domain"
	"utile/internal/sheet"
)

// RecordFormats are the kinds of files that a record of processing can become.
var RecordFormats = []string{"xlsx", "csv", "json", "jsonld"}

// RecordWords say how the files of a record read that are made for people.
type RecordWords struct {
	Lang     string
	Word     func(prefix, code string) string     // word of a code
	Question func(domain.OpenQuestion) string     // an open question as a sentence
	Period   func(domain.RetentionRule) string    // how long something is kept
	Text     func(key string, args ...any) string // other texts
}

// Record writes a record of processing in a format. The same record makes the same bytes: nothing in a file tells when it was
// made.
func Record(w io.Writer, r domain.Record, format string, words RecordWords) error {
	switch format {
	case "json":
		return recordJSON(w, r)
	case "jsonld":
		return recordLD(w, r)
	case "csv":
		return recordCSV(w, r, words)
	case "xlsx":
		return recordXLSX(w, r, words)
	}
	return domain.Errorf(domain.Invalid, "error.export_format", "format", format)
}

// RecordName is the name under which a record is saved; code is that of a sheet, or empty for the whole record.
func RecordName(slug, code, day, format string) string {
	name := slug + "-record"
	if code = domain.SlugOf(code); code != "" {
		name += "-" + code
	}
	return name + "-" + day + "." + format
}

func recordJSON(w io.Writer, r domain.Record) error {
	text, err := r.Canonical()
	if err != nil {
		return err
	}
	hash, err := r.Hash()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, `{"format":"utile-record","version":1,"sha256":%q,"record":%s}`+"\n", hash, text)
	return err
}

// ldContext are the vocabularies of the linked form: the W3C Data Privacy Vocabulary 2, its modules of personal data and of the
// GDPR, and Dublin Core.
var ldContext = map[string]string{
	"dpv": "https://w3id.org/dpv#", "pd": "https://w3id.org/dpv/pd#", "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
	"dct": "http://purl.org/dc/terms/", "xsd": "http://www.w3.org/2001/XMLSchema#",
}

// ldBases are the legal bases in the module of the GDPR.
var ldBases = map[string]string{"a_consent": "A6-1-a", "b_contract": "A6-1-b", "c_legal": "A6-1-c", "d_vital": "A6-1-d", "e_public": "A6-1-e", "f_legitimate": "A6-1-f"}

// ldRecipients are the classes of recipients; who has none of its own is a dpv:Recipient.
var ldRecipients = map[string]string{"processor": "dpv:DataProcessor", "third_country": "dpv:Recipient", "authority": "dpv:Recipient"}

func recordLD(w io.Writer, r domain.Record) error {
	hash, err := r.Hash()
	if err != nil {
		return err
	}
	base := "urn:utile:" + r.Workspace + ":"
	var graph []any
	parties := map[string][]any{}
	for i, p := range r.Parties {
		classes := map[string]string{"controller": "dpv:DataController", "dpo": "dpv:DataProtectionOfficer", "representative": "dpv:Representative"}
		node := map[string]any{"@id": base + "party:" + strconv.Itoa(i+1), "dct:title": p.Name}
		if class := classes[p.Role]; class != "" {
			node["@type"] = class
		}
		graph = append(graph, node)
		parties[p.Role] = append(parties[p.Role], map[string]any{"@id": node["@id"]})
	}
	var processes []any
	for _, s := range r.Sheets {
		node := sheetLD(base, s, parties)
		graph = append(graph, node)
		processes = append(processes, map[string]any{"@id": node["@id"]})
	}
	record := map[string]any{"@id": base + "record:" + r.Day, "@type": "dpv:RecordsOfActivities", "dct:issued": typed(r.Day, "xsd:date"), "dct:identifier": "sha256:" + hash,
		"dct:description": "open questions: " + strconv.Itoa(r.Open())}
	if len(processes) > 0 {
		record["dpv:hasProcess"] = processes
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{"@context": ldContext, "@graph": append([]any{record}, graph...)})
}

func typed(text, kind string) map[string]any { return map[string]any{"@value": text, "@type": kind} }

func sheetLD(base string, s domain.RecordSheet, parties map[string][]any) map[string]any {
	node := map[string]any{"@id": base + "process:" + domain.SlugOf(s.Code), "@type": "dpv:Process", "dct:identifier": s.Code, "dct:title": s.Name,
		"dpv:hasPurpose": map[string]any{"@type": "dpv:Purpose", "dct:description": s.Name}}
	put := func(key string, values []any) {
		if len(values) > 0 {
			node[key] = values
		}
	}
	put("dpv:hasDataController", parties["controller"])
	put("dpv:hasDataProtectionOfficer", parties["dpo"])
	if code := ldBases[s.LegalBasis]; code != "" {
		node["dpv:hasLegalBasis"] = map[string]any{"@id": "eu-gdpr:" + code}
	}
	var data, subjects, recipients, measures, questions []any
	for _, d := range s.Data {
		if d.Approved > 0 {
			one := map[string]any{"dct:title": []any{map[string]any{"@value": d.Label.FR, "@language": "fr"}, map[string]any{"@value": d.Label.EN, "@language": "en"}}, "dct:identifier": d.Code}
			if d.DPV != "" {
				one["@type"] = d.DPV
			}
			data = append(data, one)
		}
	}
	for _, x := range s.Subjects {
		if x.Excepted == "" {
			subjects = append(subjects, map[string]any{"@type": "dpv:DataSubject", "dct:title": x.Subject})
		}
	}
	for _, x := range s.Recipients {
		if x.Excepted != "" {
			continue
		}
		class := ldRecipients[x.Kind]
		if class == "" {
			class = "dpv:Recipient"
		}
		recipients = append(recipients, map[string]any{"@type": class, "dct:title": firstOf(x.Name, x.Kind)})
	}
	for _, m := range s.Measures {
		measures = append(measures, map[string]any{"@type": "dpv:TechnicalOrganisationalMeasure", "dct:title": m})
	}
	for _, q := range s.Questions {
		questions = append(questions, strings.TrimSpace(q.Key+" "+q.Of))
	}
	put("dpv:hasPersonalData", data)
	put("dpv:hasDataSubject", subjects)
	put("dpv:hasRecipient", recipients)
	put("dpv:hasTechnicalOrganisationalMeasure", measures)
	put("dct:requires", questions)
	if s.Retention.ActiveMonths != nil {
		node["dpv:hasStorageCondition"] = map[string]any{"@type": "dpv:StorageDuration", "dpv:hasDuration": typed("P"+strconv.Itoa(*s.Retention.ActiveMonths)+"M", "xsd:duration")}
	}
	return node
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// recordColumns are those of the table: one row for each sheet.
var recordColumns = []string{"code", "name", "purpose_state", "created", "updated", "legal_basis", "sub_purposes", "subjects", "data", "sensitive", "applications",
	"recipients", "transfers", "retention", "security_measures", "automated", "dpia", "questions"}

func recordCSV(w io.Writer, r domain.Record, words RecordWords) (err error) {
	out := sheet.NewCSV(w, words.Lang)
	defer func() {
		if closing := out.Close(); err == nil {
			err = closing
		}
	}()
	var heads []sheet.Column
	for _, key := range recordColumns {
		heads = append(heads, sheet.Column{Key: key, Title: words.Text("record_file." + key)})
	}
	heads = append(heads, sheet.Column{Key: "sha256", Title: "SHA-256"})
	if err := out.Header(heads); err != nil {
		return err
	}
	hash, err := r.Hash()
	if err != nil {
		return err
	}
	for _, s := range r.Sheets {
		if err := out.Row([]any{s.Code, s.Name, words.Word("purpose.state", s.Standing), s.CreatedOn, s.UpdatedOn, words.Word("basis", s.LegalBasis), s.SubPurposes,
			subjectTexts(s, words), dataTexts(s, words), yesNo(s.Sensitive(), words), placeNames(s), recipientTexts(s, words), transferTexts(s, words), period(s.Retention, words),
			measureTexts(s, words), words.Word("choice", s.Automated), words.Word("dpia", s.Screening.Verdict), questionTexts(s.Questions, words), hash}); err != nil {
			return err
		}
	}
	return nil
}

func yesNo(yes bool, words RecordWords) string {
	if yes {
		return words.Word("choice", "yes")
	}
	return words.Word("choice", "no")
}

func subjectTexts(s domain.RecordSheet, words RecordWords) (out []string) {
	for _, x := range s.Subjects {
		if x.Excepted == "" {
			out = append(out, words.Word("subject", x.Subject))
		}
	}
	return out
}

func dataTexts(s domain.RecordSheet, words RecordWords) (out []string) {
	for _, d := range s.Data {
		if d.Approved > 0 {
			out = append(out, firstOf(d.Label.In(words.Lang), words.Text("review.no_category")))
		}
	}
	for _, d := range s.DeclaredData {
		out = append(out, strings.TrimSuffix(words.Word("data_kind", d.Kind)+" · "+d.Description, " · "))
	}
	return out
}

func placeNames(s domain.RecordSheet) (out []string) {
	for _, a := range s.Applications {
		out = append(out, a.Name)
	}
	return out
}

func recipientTexts(s domain.RecordSheet, words RecordWords) (out []string) {
	for _, x := range s.Recipients {
		if x.Excepted == "" {
			out = append(out, joined(x.Name, words.Word("recipient", x.Kind)))
		}
	}
	return out
}

func transferTexts(s domain.RecordSheet, words RecordWords) (out []string) {
	for _, x := range s.Transfers {
		if x.Excepted == "" {
			out = append(out, strings.Join(filled(firstOf(x.Recipient, x.Note), domain.CountryName(words.Lang, x.Country), words.Word("safeguard", x.Safeguard)), ", "))
		}
	}
	return out
}

func measureTexts(s domain.RecordSheet, words RecordWords) (out []string) {
	for _, m := range s.Measures {
		out = append(out, words.Word("measure", m))
	}
	return append(out, filled(s.MeasuresNote)...)
}

func questionTexts(list []domain.OpenQuestion, words RecordWords) (out []string) {
	for _, q := range list {
		out = append(out, words.Question(q))
	}
	return out
}

// period is how long data is kept, in words.
func period(r domain.RecordRetention, words RecordWords) string {
	if r.Code == "" {
		return ""
	}
	return words.Period(domain.RetentionRule{Triggers: r.Triggers, ActiveMonths: r.ActiveMonths, Criterion: r.Criterion, ArchiveMonths: r.ArchiveMonths, ArchiveGround: r.ArchiveGround, Fate: r.Fate})
}

// joined is a name with what it is, or what it is alone.
func joined(name, is string) string {
	if name == "" {
		return is
	}
	return name + " (" + is + ")"
}

func filled(texts ...string) []string {
	return slices.DeleteFunc(texts, func(t string) bool { return t == "" })
}
