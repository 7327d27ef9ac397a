package store

import (
	"slices"
	"strings"
)

// archiveTable says how the rows of a table stand in a workspace file. A file holds the tables in this order, so that a
// record only refers to records above it.
type archiveTable struct {
	kind    string // name of its records in the file
	table   string
	columns []archiveColumn
	from    string // tables to read from, where an order needs another one; t is the table itself
	where   string // condition of the rows that are taken along
	order   string
	atOnce  bool     // its rows refer to each other, so they are written in one piece
	implied []string // columns that an import fills by itself
	fixed   bool     // its rows are proof of the history as it was written, and left out where an import moves the dates in it
}

// archiveColumn is one value of a record.
type archiveColumn struct {
	key      string // name in the file
	name     string // name of the column
	kind     archiveType
	ref      string // kind of the records that the value names
	nullable bool
}

type archiveType string

const (
	archiveText    archiveType = "text"
	archiveInt     archiveType = "int"
	archiveBool    archiveType = "bool"
	archiveDate    archiveType = "date"
	archiveTime    archiveType = "time"
	archiveTexts   archiveType = "texts"
	archiveJSON    archiveType = "json"
	archiveRow     archiveType = "row"   // a small object, in which days move with the others
	archiveRows    archiveType = "rows"  // a list of such
	archiveFacts   archiveType = "facts" // named values of a history entry, which may hold numbers of records
	archiveQuery   archiveType = "query" // a list's address, which may hold numbers of records
	archiveHex     archiveType = "hex"
	archiveOwn     archiveType = "own"     // number of the record itself
	archiveRef     archiveType = "ref"     // number of another record
	archiveMention archiveType = "mention" // number of another record, which may be gone
	archiveSubject archiveType = "subject" // number of a record of the kind that subject_kind names
)

// archiveTables in the order of the file. The users stand before them, and are no table of the workspace.
//
// A column is written name:type, with ? where it may be null, >kind where it names a record of that kind that must be there,
// and ~kind where that record may be gone.
var archiveTables = []archiveTable{
	newArchiveTable("member", "membership", "user_id>user role created_at:time").
		ordered("membership t join app_user u on u.id = t.user_id", "u.email"),
	// Of a batch that is under way, or of which nothing came, there is nothing to undo elsewhere.
	newArchiveTable("batch", "batch", `id:own kind label:json changed:int refused:int actor_id>user? created_at:time undone_at:time?
		undone_by>user?`).ordered("", "t.id").only(`not exists (
		select from batch_work w where w.workspace_id = t.workspace_id and w.batch_id = t.id and w.state in ('applying', 'cancelled', 'failed'))`),
	newArchiveTable("team", "team", "id:own name description version:int created_at:time updated_at:time archived_at:time?").ordered("", "t.id"),
	newArchiveTable("team_member", "team_member", "team_id>team user_id>user").
		ordered("team_member t join app_user u on u.id = t.user_id", "t.team_id, u.email"),
	newArchiveTable("application", "application", `id:own name source_name kind description team_id>team? owner_id>user? vendor hosting country
		processor lifecycle version:int created_at:time updated_at:time archived_at:time?`).ordered("", "t.id"),
	newArchiveTable("day", "verdict_day", "day:date application_id>application verdict n:int").ordered("", "t.day, t.application_id, t.verdict"),
	newArchiveTable("retention_rule", "retention_rule", `id:own code name preset triggers:texts active_months:int? criterion
		archive_months:int? archive_ground fate legal_reference source bound certainty reason version:int created_at:time
		updated_at:time archived_at:time?`).ordered("", "t.id"),
	newArchiveTable("dataset", "dataset", `id:own application_id>application name source_name source_schema label description structure subjects:texts
		row_count:int? retention_rule_id>retention_rule? oldest_record_on:date? measured_oldest_on:date? oldest_measured_at:time? oldest_source? is_master:bool state version:int created_at:time
		updated_at:time archived_at:time?`).ordered("", "t.id"),
	newArchiveTable("category", "data_category", `id:own code parent_code? label_fr label_en gdpr_class default_risk:int examples
		fides_category dpv_concept retention_rule_id>retention_rule? builtin:bool version:int created_at:time updated_at:time archived_at:time?`).ordered("", "t.id").whole(),
	newArchiveTable("collection_point", "collection_point", `id:own name kind description notice notice_url consent source answers version:int
		created_at:time updated_at:time archived_at:time?`).ordered("", "t.id"),
	newArchiveTable("notice", "notice_version", `id:own collection_point_id>collection_point number:int content:json gaps:texts
		published_by>user? published_by_name published_at:time`).ordered("", "t.id"),
	newArchiveTable("field", "field", `id:own dataset_id>dataset application_id>application name label description comment data_type
		nullable:bool? is_key:bool reference position:int category_id>category? gdpr_class origin owner_id>user? state verdict
		lawful:bool used:bool used_why flags:int grade:int completeness:int programs:int purposes:int decision decision_until:date?
		retention_rule_id>retention_rule? effective_rule_id>retention_rule? version:int created_at:time updated_at:time
		archived_at:time? source_facts:json?`).ordered("", "t.id"),
	newArchiveTable("field_collection", "field_collection", "field_id>field collection_point_id>collection_point answer consequence").
		ordered("", "t.field_id, t.collection_point_id"),
	newArchiveTable("evidence", "field_evidence", `field_id>field reads:int? window_days:int? last_read_at:time? reads_measured_at:time?
		reads_source last_write_at:time? write_measured_at:time? write_source row_count:int? non_null_count:int? distinct_count:int?
		fill_measured_at:time? fill_source oldest_record_on:date? oldest_measured_at:time? oldest_source?
		last_read_measured_at:time? last_read_source?`).ordered("", "t.field_id"),
	newArchiveTable("purpose", "purpose", `id:own code name description sub_purposes:texts legal_basis legal_reference art9_condition
		interest necessity balance consent_proof consent_withdrawal subjects:texts recipients:rows transfers:rows
		retention_rule_id>retention_rule? security_measures:texts source_of_data needs_program:bool state starts_on:date?
		ends_on:date? review_on:date? owner_id>user? version:int created_at:time updated_at:time archived_at:time? declared_data:rows
		exceptions:rows assessor assessed_on:date? consent_wording compatibility automated automated_logic automated_effect measures_note
		screening:row published:bool`).ordered("", "t.id"),
	newArchiveTable("organisation", "organisation", "parties:rows published:bool introduction version:int created_at:time updated_at:time").
		ordered("", "t.workspace_id"),
	newArchiveTable("country", "country", "code adequacy note version:int updated_at:time").ordered("", "t.code"),
	newArchiveTable("client_processing", "client_processing", `id:own code client contact representative client_dpo categories:texts
		sub_processors:texts transfers:rows security_measures:texts measures_note contract contract_until:date? starts_on:date?
		ends_on:date? version:int created_at:time updated_at:time archived_at:time?`).ordered("", "t.id"),
	newArchiveTable("thread", "review_thread", "id:own basis asked_by>user? asked_by_name asked_at:time answered_at:time?").ordered("", "t.id"),
	newArchiveTable("mapping", "purpose_mapping", `id:own field_id>field purpose_id>purpose justification state proposed_by>user?
		proposed_at:time decided_by>user? decided_at:time? decision_reason self_approved:bool reopened_because thread_id>thread?
		version:int`).ordered("", "t.id").filling("approval_id"),
	newArchiveTable("snooze", "review_snooze", "mapping_id>mapping until:date snoozed_by>user? snoozed_at:time").ordered("", "t.mapping_id"),
	newArchiveTable("objective", "objective", `id:own name kpi target description version:int created_at:time updated_at:time
		archived_at:time?`).ordered("", "t.id"),
	newArchiveTable("stage", "journey_stage", `id:own code name description position:int version:int created_at:time updated_at:time
		archived_at:time?`).ordered("", "t.id"),
	newArchiveTable("program", "program", `id:own code name description objective_id>objective? stage_id>stage? trigger channels:texts
		kpi owner_id>user? status starts_on:date? ends_on:date? paused_on:date? template version:int created_at:time updated_at:time
		archived_at:time?`).ordered("", "t.id"),
	newArchiveTable("program_purpose", "program_purpose", "program_id>program purpose_id>purpose").ordered("", "t.program_id, t.purpose_id"),
	newArchiveTable("segment", "segment", "id:own name definition volume:int? version:int created_at:time updated_at:time archived_at:time?").
		ordered("", "t.id"),
	newArchiveTable("scenario", "scenario", `id:own program_id>program name kind nature trigger_kind trigger segment_id>segment? target exclusions
		channels:texts delay cap_messages:int? cap_days:int? stop_rule message kpi purpose_id>purpose? consent_id>category? status starts_on:date?
		ends_on:date? version:int created_at:time updated_at:time archived_at:time?`).ordered("", "t.id"),
	newArchiveTable("journey", "journey", "id:own name description version:int created_at:time updated_at:time archived_at:time?").ordered("", "t.id"),
	newArchiveTable("moment", "journey_moment", `id:own journey_id>journey position:int name stage_id>stage? channel program_id>program?
		scenario_id>scenario? note`).ordered("", "t.id"),
	newArchiveTable("pressure_rule", "pressure_rule", "id:own channel most:int days:int").ordered("", "t.id"),
	newArchiveTable("link", "program_link", `field_id>field program_id>program level role note source linked_by>user? linked_at:time`).
		ordered("", "t.field_id, t.program_id"),
	newArchiveTable("approval", "approval", `id:own mapping_id~mapping field_id~field purpose_id~purpose field_name place category_name
		purpose_name program_names:texts terms:facts justification reason until:date? approved_by>user? approved_by_name approved_at:time
		self_approved:bool withdrawn_at:time?`).ordered("", "t.id"),
	newArchiveTable("requirement", "requirement", "program_id>program category_id>category level role note").
		ordered("", "t.program_id, t.category_id"),
	newArchiveTable("scenario_need", "scenario_need", "program_id>program category_id>category scenario_id>scenario").
		ordered("", "t.program_id, t.category_id, t.scenario_id"),
	newArchiveTable("target", "target", `id:own field_id>field? category_id>category? program_id>program? target_action cause how
		instead_id>category? collection_point_id>collection_point? wording consent_category_id>category? reason owner_id>user? due_on:date?
		progress source version:int created_at:time updated_at:time`).ordered("", "t.id"),
	newArchiveTable("target_version", "target_version", "id:own number:int name note frozen_by>user? frozen_by_name frozen_at:time").ordered("", "t.id"),
	newArchiveTable("target_frozen", "target_frozen", `id:own version_id>target_version target_id~target field_id~field? category_id~category? about place
		program program_id~program? target_action target_standing cause how instead collection_point wording consent_category reason
		owner due_on:date?`).ordered("", "t.id"),
	newArchiveTable("decision", "decision", `id:own field_id>field kind reason until:date? decided_by>user? decided_by_name
		decided_at:time withdrawn_at:time? batch_id>batch?`).ordered("", "t.id"),
	newArchiveTable("workshop", "workshop", `id:own name state template agenda:rows roles:texts named:bool per_role:bool held_on:date?
		closes_on:date? facilitator_id>user? cofacilitator_id>user? note batch_id>batch? started_at:time? closed_at:time? version:int
		created_at:time updated_at:time archived_at:time?`).ordered("", "t.id"),
	newArchiveTable("workshop_program", "workshop_program", "workshop_id>workshop program_id>program").ordered("", "t.workshop_id, t.program_id"),
	newArchiveTable("card", "workshop_card", `id:own workshop_id>workshop field_id>field? category_id>category? position:int dpo dpo_reason
		dpo_ground dpo_by round:int revealed:bool parked:bool parked_note decision reason keep_n:int drop_n:int owner_id>user? due_on:date?
		decided_by>user? decided_by_name decided_at:time? done_at:time?`).ordered("", "t.id"),
	newArchiveTable("need", "workshop_need", "card_id>card program_id>program level:int note").ordered("", "t.card_id, t.program_id"),
	newArchiveTable("participant", "workshop_participant", `id:own workshop_id>workshop user_id>user? name role part joined_at:time?
		removed_at:time?`).ordered("", "t.id").filling("token_hash"),
	newArchiveTable("vote", "workshop_vote", `id:own workshop_id>workshop card_id>card participant_id>participant? program_id>program round:int
		role level:int? gain sequence:int`).ordered(archivedVotes, "t.place, t.workshop_id, t.card_id, t.program_id, t.round, t.role, t.level, t.gain"),
	newArchiveTable("objection", "workshop_objection", "id:own card_id>card role name body at:time").ordered("", "t.id"),
	newArchiveTable("refusal", "suggestion_refusal", `id:own category_id>category field_id>field? name refused_by>user? refused_by_name
		refused_at:time batch_id>batch?`).ordered("", "t.id"),
	newArchiveTable("flow", "flow", `id:own name source_application_id>application source_dataset_id>dataset?
		target_application_id>application target_dataset_id>dataset? mechanism frequency encrypted country purpose_id>purpose?
		description version:int created_at:time updated_at:time archived_at:time?`).ordered("", "t.id"),
	newArchiveTable("flow_field", "flow_field", "flow_id>flow source_field_id>field target_field_id>field?").
		ordered("", "t.flow_id, t.source_field_id"),
	newArchiveTable("comment", "remark", `id:own subject_kind subject_id:subject author_id>user? author_name body created_at:time`).
		ordered("", "t.id"),
	newArchiveTable("view", "saved_view", `id:own register name query:query user_id>user? created_at:time`).ordered("", "t.id"),
	// An import that is under way cannot be taken along: its file is not.
	newArchiveTable("import", "import", `id:own kind application_id>application? file_name file_size:int file_sha256:hex? state
		mapping:json headings:json application_name applications:texts complete:bool measured_on:date? rows_read:int rows_total:int? counts:json problem:json?
		created:facts actor_id>user? actor_name batch_id>batch? created_at:time updated_at:time applied_at:time? undone_at:time?`).ordered("", "t.id").only("t.state in " + archivedImports),
	newArchiveTable("import_row", "import_row", `import_id>import line:int change application schema dataset name facts:json field_id~field? dataset_id~dataset?
		renamed_from before:json? version:int? taken:bool`).ordered(importOf("import_row"), "t.import_id, t.line, t.dataset, t.name, t.change, t.facts::text").only("i.state in " + archivedImports),
	newArchiveTable("import_problem", "import_problem", "import_id>import line:int heading key args:json place").
		ordered(importOf("import_problem"), "t.import_id, t.line, t.heading, t.key, t.args::text").only("i.state in " + archivedImports),
	newArchiveTable("import_flow", "import_flow", `import_id>import n:int change source_application source_dataset target_application
		target_dataset mechanism flow_id~flow?`).ordered(importOf("import_flow"), "t.import_id, t.n").only("i.state in " + archivedImports),
	newArchiveTable("heading", "heading_memory", "heading target").ordered("", "t.heading"),
	newArchiveTable("event", "event", `id:own at:time actor_id>user? actor_name verb subject_kind subject_id:subject subject_name
		before:facts? after:facts? reason batch_id>batch?`).ordered("", "t.id"),
	newArchiveTable("seal", "event_seal", "number:int line hashes:hex?").ordered("", "t.number").asWritten().filling("carried"),
	newArchiveTable("sealed", "carried_event", "seal:int place:int event_id~event? line").ordered(sealedLines, "t.seal, t.place").asWritten(),
}

// sealedLines are the events of all seals with the texts that were hashed: those brought along, and those written here.
const sealedLines = `(select workspace_id, seal, place, event_id, line from carried_event
	union all
	select s.workspace_id, s.number, row_number() over (partition by s.workspace_id, s.number order by e.id), e.id, event_line(e)
	from event_seal s cross join jsonb_array_elements((s.line::jsonb)->'events') r
		join public.event e on e.workspace_id = s.workspace_id and e.id between (r->>0)::bigint and (r->>1)::bigint
	where not s.carried) t`

// archivedVotes are the votes that a file may tell. Secret ones are tied to people until their workshop closes, so they are left out
// until then; afterwards neither their order nor the time at which a telephone sent them says which came from one person.
const archivedVotes = `(select v.workspace_id, v.id, v.workshop_id, v.card_id, case when w.named then v.participant_id end as participant_id, v.program_id, v.round,
		v.role, v.level, v.gain, case when w.named then v.sequence else 0 end as sequence, case when w.named then v.id end as place
	from workshop_vote v join workshop w on w.workspace_id = v.workspace_id and w.id = v.workshop_id and (w.named or w.state = 'closed')) t`

const archivedImports = "('applied', 'undone', 'failed', 'cancelled')"

func importOf(table string) string {
	return table + " t join import i on i.workspace_id = t.workspace_id and i.id = t.import_id"
}

// archiveLeftOut are the tables of a workspace that a file does not hold: counters, secrets, files on their way in, work
// under way, files with a record of processing, and what is made again: suggestions and the queue of the review.
var archiveLeftOut = []string{"event_unsealed", "field_suggestion", "field_tally", "field_tally_change", "landscape_change", "link_tally", "category_counted", "category_due", "category_held", "category_now", "mapping_tally", "invitation", "import_chunk", "import_file",
	"batch_work", "import_attempt", "record_import", "suggestion_count", "suggestion_due", "suggestion_run", "review_item", "review_question", "review_tally", "review_lease",
	"workshop_live"}

func newArchiveTable(kind, table, columns string) archiveTable {
	t := archiveTable{kind: kind, table: table, from: table + " t"}
	for word := range strings.FieldsSeq(columns) {
		c := archiveColumn{kind: archiveText}
		word, c.nullable = strings.CutSuffix(word, "?")
		if name, ref, ok := strings.Cut(word, ">"); ok {
			word, c.kind, c.ref = name, archiveRef, ref
		}
		if name, ref, ok := strings.Cut(word, "~"); ok {
			word, c.kind, c.ref = name, archiveMention, ref
		}
		if name, kind, ok := strings.Cut(word, ":"); ok {
			word, c.kind = name, archiveType(kind)
		}
		c.name, c.key = word, strings.TrimSuffix(word, "_id")
		if slices.ContainsFunc(t.columns, func(other archiveColumn) bool { return other.key == c.key }) {
			c.key = word
		}
		t.columns = append(t.columns, c)
	}
	return t
}

func (t archiveTable) ordered(from, order string) archiveTable {
	if t.order = order; from != "" {
		t.from = from
	}
	return t
}

func (t archiveTable) only(where string) archiveTable {
	t.where = " and " + where
	return t
}

func (t archiveTable) whole() archiveTable {
	t.atOnce = true
	return t
}

func (t archiveTable) asWritten() archiveTable {
	t.fixed = true
	return t
}

func (t archiveTable) filling(implied ...string) archiveTable {
	t.implied = implied
	return t
}

// query reads the rows that a file holds.
func (t archiveTable) query() string {
	exprs := make([]string, len(t.columns))
	for i, c := range t.columns {
		exprs[i] = "t." + c.name
		switch c.kind {
		case archiveInt, archiveOwn, archiveRef, archiveMention, archiveSubject:
			exprs[i] += "::bigint"
		case archiveDate, archiveJSON, archiveRow, archiveRows, archiveFacts:
			exprs[i] += "::text"
		case archiveHex:
			exprs[i] = "encode(" + exprs[i] + ", 'hex')"
		case archiveText, archiveBool, archiveTime, archiveTexts, archiveQuery:
		}
	}
	return "select " + strings.Join(exprs, ", ") + " from " + t.from + " where t.workspace_id = @ws" + t.where + " order by " + t.order
}

// archiveUsers lists everybody whom a workspace names: its members, and those who acted in it.
func archiveUsers() string {
	var parts []string
	for _, t := range archiveTables {
		for _, c := range t.columns {
			if c.ref == "user" {
				parts = append(parts, "select "+c.name+" from "+t.table+" where workspace_id = @ws")
			}
		}
	}
	return "select id, email, name, coalesce(locale, '') as locale from app_user where id in (" + strings.Join(parts, " union ") + ") order by email"
}

// archiveUser is the record of a person.
var archiveUser = newArchiveTable("user", "app_user", "id:own email name locale")

// subjectKinds tells the kind of records that a subject of the history or of a comment is.
var subjectKinds = map[string]string{
	"member": "user", "team": "team", "application": "application", "dataset": "dataset", "field": "field", "category": "category",
	"collection_point": "collection_point", "purpose": "purpose", "objective": "objective", "stage": "stage", "program": "program", "scenario": "scenario", "segment": "segment", "journey": "journey", "target": "target", "target_version": "target_version",
	"client_processing": "client_processing", "flow": "flow", "retention_rule": "retention_rule", "import": "import", "view": "view", "thread": "thread", "mapping": "mapping", "decision": "decision", "batch": "batch",
}

// factKinds tells, by the name of a value in the history or of a filter in a list's address, which records it names.
var factKinds = func() map[string]string {
	kinds := map[string]string{"dataset": "dataset", "source_dataset": "dataset", "target_dataset": "dataset", "field": "field",
		"collection_point": "collection_point", "user": "user", "import": "import", "batch": "batch", "decision_id": "decision", "approval_id": "approval"}
	for name, kind := range nameKinds {
		kinds[name] = kind
	}
	return kinds
}()

// listKinds are the same for values that name records only where they are lists: what an import created or found gone, for
// its undo. As single numbers they count.
var listKinds = map[string]string{"programs": "program", "applications": "application", "datasets": "dataset", "gone": "dataset", "returned": "dataset"}

// tableOf is the table that gives out the numbers of a kind; empty for users and for kinds that are not numbered here.
func tableOf(kind string) string {
	for _, t := range archiveTables {
		if t.kind == kind && t.columns[0].kind == archiveOwn {
			return t.table
		}
	}
	return ""
}
