package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type recordImportRow struct {
	ID        domain.RecordImportID `db:"id"`
	FileName  string                `db:"file_name"`
	FileSize  int64                 `db:"file_size"`
	Found     domain.FoundRecord    `db:"found"`
	Batch     *domain.BatchID       `db:"batch_id"`
	Undone    bool                  `db:"undone"`
	ByID      *domain.UserID        `db:"created_by"`
	By        string                `db:"created_by_name"`
	CreatedAt time.Time             `db:"created_at"`
}

const recordImportSelect = `select i.id, i.file_name, i.file_size, i.found, i.batch_id, b.undone_at is not null as undone, i.created_by, i.created_by_name, i.created_at
	from record_import i left join batch b on b.workspace_id = i.workspace_id and b.id = i.batch_id where i.workspace_id = @ws`

func (r recordImportRow) recordImport() domain.RecordImport {
	state := domain.RecordImportWaiting
	switch {
	case r.Undone:
		state = domain.RecordImportUndone
	case r.Batch != nil:
		state = domain.RecordImportApplied
	}
	return domain.RecordImport{ID: r.ID, FileName: r.FileName, FileSize: r.FileSize, Found: r.Found, State: state, Batch: deref(r.Batch),
		CreatedByID: deref(r.ByID), CreatedBy: r.By, CreatedAt: r.CreatedAt}
}

// AddRecordImport keeps what was found in a file until somebody brings it in.
func (s *Store) AddRecordImport(ctx context.Context, by domain.Actor, file string, size int64, found domain.FoundRecord) (id domain.RecordImportID, err error) {
	if err := by.Must(domain.EditPurpose); err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		id, err = one[domain.RecordImportID](ctx, s, "record_import", `insert into record_import (workspace_id, file_name, file_size, found, created_by, created_by_name)
			values (@ws, @file, @size, @found, @by, @by_name) returning id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "file": file, "size": size, "found": found, "by": zeroNull(by.User), "by_name": by.Name})
		return err
	})
	return id, err
}

// RecordImportByID returns NotFound where the workspace has no such file.
func (s *Store) RecordImportByID(ctx context.Context, by domain.Actor, id domain.RecordImportID) (i domain.RecordImport, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		i, err = s.recordImport(ctx, by, id, "")
		return err
	})
	return i, err
}

func (s *Store) recordImport(ctx context.Context, by domain.Actor, id domain.RecordImportID, lock string) (domain.RecordImport, error) {
	r, err := one[recordImportRow](ctx, s, "record_import", recordImportSelect+` and i.id = @id`+lock, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
	return r.recordImport(), err
}

// RecordImports are the files that were sent in last, without what was found in them.
func (s *Store) RecordImports(ctx context.Context, by domain.Actor, most int) (list []domain.RecordImport, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[recordImportRow](ctx, s, "record_import", `select id, file_name, file_size, '{}'::jsonb as found, batch_id, undone, created_by, created_by_name, created_at
			from (`+recordImportSelect+`) i order by id desc limit @most`, pgx.StrictNamedArgs{"ws": by.Workspace, "most": most})
		list = mapSlice(rows, recordImportRow.recordImport)
		return err
	})
	return list, err
}

// RecordPlan tells what bringing in a file would do as things stand.
func (s *Store) RecordPlan(ctx context.Context, by domain.Actor, found domain.FoundRecord) (plan domain.RecordPlan, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		plan, _, err = s.recordPlan(ctx, by, found)
		return err
	})
	return plan, err
}

func (s *Store) recordPlan(ctx context.Context, by domain.Actor, found domain.FoundRecord) (plan domain.RecordPlan, record domain.Record, err error) {
	if record, err = s.Record(ctx, by); err != nil {
		return plan, record, err
	}
	rows, err := many[purposeRow](ctx, s, "purpose", `select `+purposeCols+` from purpose where workspace_id = @ws order by archived_at is not null, id`,
		pgx.StrictNamedArgs{"ws": by.Workspace})
	if err != nil {
		return plan, record, err
	}
	o, err := s.organisation(ctx, by)
	if err != nil {
		return plan, record, err
	}
	plan = domain.PlanRecord(found, mapSlice(rows, purposeRow.purpose), o, record)
	for n, e := range plan.Entries {
		if e.Outcome != domain.RecordChanged {
			continue
		}
		all, err := e.Merged(e.Purpose, sheetOf(record, e.Purpose.ID), func(string) bool { return true })
		if err == nil && len(e.Purpose.Material(all)) > 0 {
			if plan.Entries[n].Reopened, err = s.approvedUnder(ctx, by, e.Purpose.ID); err != nil {
				return plan, record, err
			}
		}
	}
	return plan, record, nil
}

func sheetOf(record domain.Record, id domain.PurposeID) domain.RecordSheet {
	if one, ok := record.Only(id); ok {
		return one.Sheets[0]
	}
	return domain.RecordSheet{}
}

// recordChange is what stood before a file was brought in: of a purpose, none where it was added, or of the organisation.
type recordChange struct {
	Purpose      domain.PurposeID     `json:"purpose,omitempty"`
	Version      int                  `json:"version"` // since then
	Before       *domain.Purpose      `json:"before,omitempty"`
	Organisation *domain.Organisation `json:"organisation,omitempty"`
}

// ApplyRecordImport brings in what somebody takes of a file, as one act that can be undone. Conflict where seen is the
// fingerprint of another plan than the one that now holds, or where the file was brought in already; empty for a plan that
// nobody saw. It returns no batch where there was nothing to do.
func (s *Store) ApplyRecordImport(ctx context.Context, by domain.Actor, id domain.RecordImportID, seen string, choice domain.RecordChoice) (batch domain.BatchID, err error) {
	if err := by.Must(domain.EditPurpose); err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		batch = 0
		i, err := s.recordImport(ctx, by, id, " for update of i")
		if err != nil {
			return err
		}
		if i.State != domain.RecordImportWaiting {
			return domain.Errorf(domain.Conflict, "record_import.error.applied")
		}
		plan, record, err := s.recordPlan(ctx, by, i.Found)
		if err != nil {
			return err
		}
		now, err := plan.Fingerprint()
		if err != nil {
			return err
		}
		if seen != "" && seen != now {
			return domain.Errorf(domain.Conflict, "record_import.error.moved")
		}
		batch, err = s.applyRecord(ctx, by, i, plan, record, choice)
		return err
	})
	if errors.Is(err, errNothingTaken) {
		return 0, nil
	}
	return batch, err
}

// errNothingTaken rolls back an act that changed nothing: there is no batch of it.
var errNothingTaken = errors.New("nothing of the record was taken")

func (s *Store) applyRecord(ctx context.Context, by domain.Actor, i domain.RecordImport, plan domain.RecordPlan, record domain.Record, choice domain.RecordChoice) (domain.BatchID, error) {
	batch, err := s.addBatch(ctx, by, domain.BulkRecord, map[string]any{"file": i.FileName}, 0, 0)
	if err != nil {
		return 0, err
	}
	s.batch = batch
	defer func() { s.batch = 0 }()
	changes := []recordChange{}
	for n, e := range plan.Entries {
		replaces, taken := choice.Partly(n)
		if !taken {
			continue
		}
		var done *recordChange
		switch e.Outcome {
		case domain.RecordNew:
			done, err = s.addFound(ctx, by, e.Purpose)
		case domain.RecordChanged:
			done, err = s.changeFound(ctx, by, e, sheetOf(record, e.Purpose.ID), replaces)
		case domain.RecordUnchanged, domain.RecordUnusable:
		}
		if err != nil {
			return 0, err
		}
		if done != nil {
			changes = append(changes, *done)
		}
	}
	if replaces, taken := choice.Partly(-1); taken && by.Can(domain.ReviewMapping) {
		done, err := s.organiseFound(ctx, by, i.Found, replaces)
		if err != nil {
			return 0, err
		}
		if done != nil {
			changes = append(changes, *done)
		}
	}
	if len(changes) == 0 {
		return 0, errNothingTaken
	}
	_, err = s.exec(ctx, "record_import", `with counted as (update batch set changed = @n where workspace_id = @ws and id = @batch)
		update record_import set batch_id = @batch, changes = @changes where workspace_id = @ws and id = @id`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "id": i.ID, "batch": batch, "changes": changes, "n": len(changes)})
	return batch, err
}

func (s *Store) addFound(ctx context.Context, by domain.Actor, p domain.Purpose) (*recordChange, error) {
	id, err := s.insertPurpose(ctx, by, p)
	return &recordChange{Purpose: id, Version: 1}, err
}

func (s *Store) changeFound(ctx context.Context, by domain.Actor, e domain.PlannedSheet, sheet domain.RecordSheet, replaces func(string) bool) (*recordChange, error) {
	was, err := s.purposeLocked(ctx, by, e.Purpose.ID)
	if err != nil {
		return nil, err
	}
	next, err := e.Merged(was, sheet, replaces)
	if err != nil {
		return nil, err
	}
	if _, after := domain.Diff(was.Facts(), next.Facts()); len(after) == 0 {
		return nil, nil //nolint:nilnil // nothing of it was taken
	}
	_, err = s.storePurpose(ctx, by, "purpose.changed", was, next)
	return &recordChange{Purpose: was.ID, Version: was.Version + 1, Before: &was}, err
}

func (s *Store) organiseFound(ctx context.Context, by domain.Actor, found domain.FoundRecord, replaces func(string) bool) (*recordChange, error) {
	was, err := s.organisationLocked(ctx, by)
	if err != nil {
		return nil, err
	}
	next, err := found.MergedParties(was, replaces)
	if err != nil {
		return nil, err
	}
	changed, err := s.storeOrganisation(ctx, by, "organisation.changed", was, next)
	if err != nil || !changed {
		return nil, err
	}
	return &recordChange{Version: was.Version + 1, Organisation: &was}, nil
}

// undoRecord takes back what a file brought in, wherever nobody has changed it since and nothing leans on it; the rest is kept
// and counted.
func (s *Store) undoRecord(ctx context.Context, by domain.Actor, batch domain.BatchID) (undone, kept int64, err error) {
	type row struct {
		Changes []recordChange `db:"changes"`
	}
	r, err := one[row](ctx, s, "record_import", `select changes from record_import where workspace_id = @ws and batch_id = @batch`,
		pgx.StrictNamedArgs{"ws": by.Workspace, "batch": batch})
	if errors.Is(err, domain.NotFound) {
		return 0, 0, domain.Errorf(domain.Conflict, "batch.nothing_left")
	}
	if err != nil {
		return 0, 0, err
	}
	s.batch = batch
	defer func() { s.batch = 0 }()
	for _, c := range r.Changes {
		back, err := s.undoRecordChange(ctx, by, c)
		if err != nil {
			return 0, 0, err
		}
		if back {
			undone++
		} else {
			kept++
		}
	}
	if undone == 0 {
		return 0, 0, domain.Errorf(domain.Conflict, "batch.nothing_left")
	}
	return undone, kept, nil
}

func (s *Store) undoRecordChange(ctx context.Context, by domain.Actor, c recordChange) (done bool, err error) {
	if c.Purpose == 0 {
		now, err := s.organisationLocked(ctx, by)
		if err != nil || now.Version != c.Version || !by.Can(domain.ReviewMapping) {
			return false, err
		}
		return s.storeOrganisation(ctx, by, "organisation.undone", now, *c.Organisation)
	}
	now, err := s.purposeLocked(ctx, by, c.Purpose)
	if errors.Is(err, domain.NotFound) {
		return false, nil
	}
	if err != nil || now.Version != c.Version {
		return false, err
	}
	if c.Before == nil {
		return s.removeFound(ctx, by, now)
	}
	if _, err := s.storePurpose(ctx, by, "purpose.undone", now, *c.Before); err != nil {
		return false, err
	}
	ids, err := s.purposeFieldIDs(ctx, by, c.Purpose)
	if err != nil || len(ids) == 0 {
		return true, err
	}
	if err := s.reinstate(ctx, by, s.batch, ids); err != nil {
		return false, err
	}
	return true, s.judge(ctx, by, ids)
}

func (s *Store) removeFound(ctx context.Context, by domain.Actor, p domain.Purpose) (bool, error) {
	uses, err := s.PurposeUses(ctx, by, p.ID)
	if err != nil || len(uses) > 0 {
		return false, err
	}
	if _, err := s.exec(ctx, "purpose", `delete from purpose where workspace_id = @ws and id = @id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": p.ID}); err != nil {
		return false, err
	}
	return true, s.record(ctx, by, domain.Event{Verb: "purpose.undone", Subject: p.Subject(), Before: p.Facts()})
}

// RemoveRecordImport gives up a file that was not brought in.
func (s *Store) RemoveRecordImport(ctx context.Context, by domain.Actor, id domain.RecordImportID) error {
	if err := by.Must(domain.EditPurpose); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		i, err := s.recordImport(ctx, by, id, " for update of i")
		if err != nil {
			return err
		}
		if i.State != domain.RecordImportWaiting {
			return domain.Errorf(domain.Conflict, "record_import.error.applied")
		}
		_, err = s.exec(ctx, "record_import", `delete from record_import where workspace_id = @ws and id = @id`, pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		return err
	})
}
