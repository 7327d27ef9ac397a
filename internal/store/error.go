package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"utile/internal/domain"
)

// constraintFields names, for constraints that a person can run into, the form field and the message.
var constraintFields = map[string]struct{ field, key string }{
	"workspace_slug_key":         {"slug", "error.taken"},
	"app_user_email_key":         {"email", "error.taken"},
	"team_name_key":              {"name", "error.taken"},
	"application_name_key":       {"name", "error.taken"},
	"dataset_name_key":           {"name", "error.taken"},
	"field_name_key":             {"name", "error.taken"},
	"data_category_code_key":     {"code", "error.taken"},
	"collection_point_name_key":  {"name", "error.taken"},
	"retention_rule_code_key":    {"code", "error.taken"},
	"purpose_retention_rule_fk":  {"retention", "error.reference"},
	"dataset_retention_rule_fk":  {"retention", "error.reference"},
	"field_retention_rule_fk":    {"retention", "error.reference"},
	"purpose_code_key":           {"code", "error.taken"},
	"client_processing_code_key": {"code", "error.taken"},
	"purpose_dates_check":        {"ends_on", "error.date.order"},
	"purpose_mapping_field_key":  {"purpose", "mapping.exists"},
	"objective_name_key":         {"name", "error.taken"},
	"journey_stage_code_key":     {"code", "error.taken"},
	"program_code_key":           {"code", "error.taken"},
	"program_dates_check":        {"ends_on", "error.date.order"},
	"scenario_name_key":          {"name", "error.taken"},
	"scenario_program_fk":        {"program", "error.reference"},
	"scenario_segment_fk":        {"segment", "error.reference"},
	"scenario_purpose_fk":        {"purpose", "scenario.purpose_of_program"},
	"scenario_consent_fk":        {"consent_category", "error.reference"},
	"segment_name_key":           {"name", "error.taken"},
	"journey_name_key":           {"name", "error.taken"},
	"journey_moment_stage_fk":    {"moments", "error.reference"},
	"journey_moment_program_fk":  {"moments", "error.reference"},
	"journey_moment_scenario_fk": {"moments", "error.reference"},
	"target_field_fk":            {"field", "error.reference"},
	"target_category_fk":         {"category", "error.reference"},
	"target_program_fk":          {"program", "error.reference"},
	"target_instead_fk":          {"instead", "error.reference"},
	"target_point_fk":            {"collection_point", "error.reference"},
	"target_consent_fk":          {"consent_category", "error.reference"},
	"workshop_name_key":          {"name", "error.taken"},
	"workshop_program_fk":        {"programs", "error.reference"},
	"workshop_facilitator_fk":    {"facilitator", "error.reference"},
	"workshop_cofacilitator_fk":  {"cofacilitator", "error.reference"},
	"flow_name_key":              {"name", "error.taken"},
	"saved_view_name_key":        {"name", "error.taken"},
	"application_team_fk":        {"team", "error.reference"},
	"application_owner_fk":       {"owner", "error.reference"},
	"dataset_application_fk":     {"application", "error.reference"},
	"field_dataset_fk":           {"dataset", "error.reference"},
	"field_category_fk":          {"category", "error.reference"},
	"field_owner_fk":             {"owner", "error.reference"},
	"data_category_parent_fk":    {"parent", "error.reference"},
	"program_objective_fk":       {"objective", "error.reference"},
	"program_stage_fk":           {"stage", "error.reference"},
	"program_purpose_purpose_fk": {"purposes", "error.reference"},
	"flow_source_application_fk": {"source_application", "error.reference"},
	"flow_target_application_fk": {"target_application", "error.reference"},
	"flow_source_dataset_fk":     {"source_dataset", "error.reference"},
	"flow_target_dataset_fk":     {"target_dataset", "error.reference"},
	"field_collection_point_fk":  {"collection_points", "error.reference"},
	"purpose_mapping_purpose_fk": {"purpose", "error.reference"},
	"program_link_program_fk":    {"program", "error.reference"},
	"team_member_membership_fk":  {"members", "error.reference"},
	"requirement_category_fk":    {"category", "error.reference"},
	"scenario_need_scenario_fk":  {"scenarios", "error.reference"},
}

// translate is the only place that knows PostgreSQL's error codes. Noun names what was asked for, in the message keys.
func translate(noun string, err error) error {
	if err == nil {
		return nil
	}
	if _, known := errors.AsType[*domain.Error](err); known {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return domain.Errorf(domain.NotFound, "error.not_found", "noun", noun)
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case isAway(err, pg):
		return wrap(noun, fmt.Errorf("%w: %w", domain.Errorf(domain.Unavailable, "error.unavailable"), err)) // the log tells why
	case !ok:
		return wrap(noun, err)
	}
	switch pg.Code {
	case "23505", "23503", "23514", "23P01":
		return constraintError(pg, wrap(noun, err))
	case "22021", "22P05": // NUL or a character that UTF-8 does not know
		return domain.Errorf(domain.Invalid, "error.characters")
	}
	return wrap(noun, err)
}

// copyBroken begins what PostgreSQL says of a COPY that this program broke off, with the reason that it was given.
const copyBroken = "COPY from stdin failed: "

// isAway tells whether the database did not answer, or not in time, as it may in a moment: it is starting or stopping, has no
// session left, or the connection to it broke. What it said, if anything, decides.
func isAway(err error, said *pgconn.PgError) bool {
	if said != nil {
		switch said.Code {
		case "57P01", "57P02", "57P03", "53300":
			return true
		case "57014":
			return !strings.HasPrefix(said.Message, copyBroken)
		}
		return strings.HasPrefix(said.Code, "08")
	}
	_, refused := errors.AsType[*pgconn.ConnectError](err)
	_, broken := errors.AsType[*net.OpError](err)
	return !errors.Is(err, context.Canceled) &&
		(refused || broken || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded) || pgconn.SafeToRetry(err))
}

func constraintError(pg *pgconn.PgError, fallback error) error {
	if pg.Code == "23503" && strings.HasPrefix(pg.Message, "update or delete") {
		return domain.Errorf(domain.Conflict, "error.in_use", "by", pg.TableName)
	}
	c, known := constraintFields[pg.ConstraintName]
	if !known {
		return fallback
	}
	return &domain.Error{Kind: domain.Invalid, Key: "error.form", Fields: domain.Problems{c.field: {Key: c.key}}}
}

func wrap(noun string, err error) error {
	if noun == "" {
		return err
	}
	return fmt.Errorf("store %s: %w", noun, err)
}

// stale is the answer to a change of a version that is no longer the current one.
func stale() error { return domain.Errorf(domain.Conflict, "error.stale") }
