package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
	"utile/internal/web/ui"
)

// fact is a named value of a record, as its page shows it.
type fact struct{ name, text string }

// factList writes facts under the words of their columns; what is not known is said, not left out.
func factList(ctx context.Context, facts ...fact) []ui.Fact {
	out := make([]ui.Fact, len(facts))
	for i, f := range facts {
		out[i] = ui.Fact{Term: i18n.T(ctx, "column."+f.name), Text: f.text, Wide: f.name == "description"}
		if f.text == "" {
			out[i].Note = i18n.T(ctx, "record.unknown")
		}
	}
	return out
}

// calledFact adds, before the description, how sources call a record that people call otherwise.
func calledFact(ctx context.Context, facts []ui.Fact, name string) []ui.Fact {
	if name == "" {
		return facts
	}
	return slices.Insert(facts, len(facts)-1, factList(ctx, fact{"source_name", name})...)
}

// recordActions are the buttons of a record's page.
type recordActions struct {
	edit, archive, restore, remove string // empty where the visitor may not, or the record is not in that state
	aside                          bool   // something else is what people come to the page for
}

// variant is how the button looks that leads to the form: a page has one that stands out.
func (a recordActions) variant() ui.Variant {
	if a.aside {
		return ui.Plain
	}
	return ui.Primary
}

// actionsOf are the buttons for somebody who may do the action.
func actionsOf(_ context.Context, by domain.Actor, action domain.Action, path string, archived bool) recordActions {
	switch {
	case !by.Can(action):
		return recordActions{}
	case archived:
		return recordActions{restore: path + "/restore", remove: path + "/remove"}
	}
	return recordActions{edit: path + "/edit", archive: path + "/archive"}
}

// historyShown is how many events a record's page shows.
const historyShown = 50

// history is the timeline of a record.
func (s *Server) history(r *http.Request, kind string, id int64, names store.Names) ([]ui.TimelineItem, error) {
	events, err := s.store.EventsOf(r.Context(), actor(r), kind, id, historyShown)
	if err != nil {
		return nil, err
	}
	return timeline(r.Context(), events, names), nil
}

// timeline writes events in words.
func timeline(ctx context.Context, events []domain.Event, names store.Names) []ui.TimelineItem {
	items := make([]ui.TimelineItem, len(events))
	for i, e := range events {
		items[i] = eventView(ctx, e, names)
	}
	return items
}

func eventView(ctx context.Context, e domain.Event, names store.Names) ui.TimelineItem {
	area, what, _ := strings.Cut(e.Verb, ".")
	item := ui.TimelineItem{Icon: eventIcon(what), Title: eventTitle(ctx, e), Who: actorWord(ctx, e.ActorName), Quote: e.Reason,
		When: i18n.DateTimeText(ctx, e.At), ISO: e.At.Format(time.RFC3339)}
	for _, name := range changedNames(e) {
		c := ui.Change{Label: factName(ctx, area, name), Before: valueWord(ctx, area, name, e.Before[name], names),
			After: valueWord(ctx, area, name, e.After[name], names)}
		if c.Before == c.After { // told to say which one of several it is about
			c.Before = ""
		}
		if c.Before != "" || c.After != "" {
			item.Changes = append(item.Changes, c)
		}
	}
	return item
}

// eventTitle is the sentence of an event: its own where it has one, else that of what was done.
func eventTitle(ctx context.Context, e domain.Event) string {
	if key := "event." + e.Verb; i18n.Has(ctx, key) {
		return i18n.T(ctx, key, "name", e.Subject.Name)
	}
	_, what, _ := strings.Cut(e.Verb, ".")
	if key := "event." + what; i18n.Has(ctx, key) {
		return i18n.T(ctx, key, "name", e.Subject.Name)
	}
	return i18n.T(ctx, "event.changed", "name", e.Subject.Name) // a workspace file may bring verbs of a newer version
}

func eventIcon(what string) string {
	switch what {
	case "added":
		return "plus"
	case "archived":
		return "archive"
	case "removed":
		return "trash"
	case "restored", "undone":
		return "arrow-back-up"
	case "approved":
		return "circle-check"
	case "rejected":
		return "x"
	case "linked", "unlinked":
		return "link"
	case "imported", "applied":
		return "upload"
	}
	return "pencil"
}

// bookkeeping are values that undoing a change needs and nobody reads.
var bookkeeping = map[string]bool{"linked_by": true, "linked_at": true, "source": true, "field": true, "decision_id": true, "approval_id": true}

func changedNames(e domain.Event) []string {
	var names []string
	for name := range e.After {
		names = append(names, name)
	}
	for name := range e.Before {
		if _, both := e.After[name]; !both {
			names = append(names, name)
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return bookkeeping[name] })
	slices.Sort(names)
	return names
}

// factName is the word of a value of the history: that of its area, where the word of lists says something else or nothing.
func factName(ctx context.Context, area, name string) string {
	if key := "column." + area + "." + name; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return columnWord(ctx, name)
}

func columnWord(ctx context.Context, name string) string {
	if key := "column." + name; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return name
}

// valueEnums are the message prefixes of values that are codes, by "area.name" or by name alone.
var valueEnums = map[string]string{
	"application.kind": "application.kind", "hosting": "application.hosting", "lifecycle": "application.lifecycle", "processor": "choice",
	"import.kind": "import.kind", "origin": "origin", "gdpr_class": "class", "level": "level", "role": "link.role", "legal_basis": "basis", "suggested_basis": "basis", "structure": "dataset.structure",
	"notice": "choice", "collection_kind": "collection_point.kind", "mechanism": "flow.mechanism", "frequency": "flow.frequency", "consent": "choice", "answer": "answer", "encrypted": "choice", "nullable": "choice", "decision": "decision", "decision.kind": "decision",
	"purpose.state": "purpose.state", "mapping": "mapping.state", "mapping.state": "mapping.state", "field.state": "state", "dataset.state": "state", "workshop.state": "workshop.state", "program.status": "program.status", "scenario_kind": "scenario.kind", "nature": "scenario.nature", "trigger_kind": "scenario.trigger", "status": "program.status",
	"member.role": "role", "invitation.role": "role", "locale": "language", "verdict": "verdict", "channels": "channel",
	"art9_condition": "art9", "purpose.subjects": "subject", "security_measures": "measure", "reopened_because": "column", "automated": "choice", "target_action": "target.action", "cause": "target.cause", "progress": "target.progress",
	"retention_rule.triggers": "retention.trigger", "fate": "retention.fate", "retention_source": "retention.source", "bound": "retention.bound",
	"certainty": "retention.certainty", "card_decision": "workshop.decision", "workshop_template": "workshop.template", "voter_role": "workshop.role", "voter_roles": "workshop.role", "dpia": "dpia", "criteria": "criterion", "contract": "contract", "adequacy": "adequacy",
}

// valueWord writes a value of the history: codes as their words, ids as the names of what they stand for.
func valueWord(ctx context.Context, area, name string, value any, names store.Names) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		if prefixes := rowEnums[name]; prefixes != nil {
			return rowFactWord(ctx, prefixes, v)
		}
		prefix := valueEnums[area+"."+name]
		if prefix == "" {
			prefix = valueEnums[name]
		}
		if prefix == "" {
			if id, err := strconv.ParseInt(v, 10, 64); err == nil {
				if known, text := names.Of(name, id); known && text != "" {
					return text
				}
			}
			return dayWord(ctx, name, v)
		}
		return enumWord(ctx, prefix, v)
	case bool:
		return i18n.T(ctx, map[bool]string{true: "choice.yes", false: "choice.no"}[v])
	case float64:
		if known, text := names.Of(name, int64(v)); known {
			return text
		}
		if text := thresholdWord(ctx, name, v); text != "" {
			return text
		}
		if v == float64(int64(v)) {
			return i18n.Number(ctx, int64(v))
		}
		return i18n.Decimal(ctx, v, 2)
	case []any:
		words := make([]string, len(v))
		for i, x := range v {
			words[i] = valueWord(ctx, area, name, x, names)
		}
		return strings.Join(words, ", ")
	}
	return fmt.Sprint(value)
}

// rowEnums are the message prefixes of the codes in small rows that the history keeps in one line.
var rowEnums = map[string][]string{
	"recipients": {"recipient"}, "contracts": {"contract", "choice"}, "transfers": {"safeguard"}, "transfer_proofs": {}, "screening": {"dpia", "criterion"},
	"moments": {"channel"}, "declared_data": {"data_kind"}, "exceptions": {"column"}, "parties": {"party"},
}

// rowFactWord writes such a row: codes and countries as their words, days as people read them, the rest as it was written.
func rowFactWord(ctx context.Context, prefixes []string, line string) string {
	parts := strings.Split(line, domain.FactSeparator)
	for i, part := range parts {
		word := part
		for _, prefix := range prefixes {
			if word == part {
				word = enumWord(ctx, prefix, part)
			}
		}
		if word == part && len(part) == 2 && domain.KnownCountry(part) {
			word = domain.CountryName(string(i18n.Lang(ctx)), part)
		}
		if word == part {
			word = shownDayText(ctx, part)
		}
		parts[i] = word
	}
	return strings.Join(parts, " · ")
}

// actorWord names who acted: the command line has no name of its own.
func actorWord(ctx context.Context, name string) string {
	if name == domain.OperatorName {
		return i18n.T(ctx, "batch.nobody")
	}
	return name
}

// thresholdWord writes a threshold of the workspace with its unit; empty for any other value.
func thresholdWord(ctx context.Context, name string, v float64) string {
	switch name {
	case "window_days", "grace_days", "stale_days":
		return i18n.T(ctx, "settings.days", "n", int64(v))
	case "fill_rate_min":
		percent, decimals := math.Round(v*10_000)/100, 2
		if percent == math.Trunc(percent) {
			decimals = 0
		}
		return i18n.T(ctx, "settings.percent", "n", i18n.Decimal(ctx, percent, decimals))
	}
	return ""
}

// dayWord writes a day that the history keeps as text; other texts stay as they are.
func dayWord(ctx context.Context, name, value string) string {
	if !strings.HasSuffix(name, "_until") && !strings.HasSuffix(name, "_on") {
		return value
	}
	if d, err := time.Parse("2006-01-02", value); err == nil {
		return i18n.DayText(ctx, d)
	}
	return value
}
