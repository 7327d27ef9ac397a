package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type clientProcessingRow struct {
	ID               domain.ClientProcessingID `db:"id"`
	Code             string                    `db:"code"`
	Client           string                    `db:"client"`
	Contact          string                    `db:"contact"`
	Representative   string                    `db:"representative"`
	ClientDPO        string                    `db:"client_dpo"`
	Categories       []string                  `db:"categories"`
	SubProcessors    []string                  `db:"sub_processors"`
	Transfers        []domain.Transfer         `db:"transfers"`
	SecurityMeasures []string                  `db:"security_measures"`
	MeasuresNote     string                    `db:"measures_note"`
	Contract         string                    `db:"contract"`
	ContractUntil    *time.Time                `db:"contract_until"`
	StartsOn         *time.Time                `db:"starts_on"`
	EndsOn           *time.Time                `db:"ends_on"`
	Version          int                       `db:"version"`
	CreatedAt        time.Time                 `db:"created_at"`
	UpdatedAt        time.Time                 `db:"updated_at"`
	ArchivedAt       *time.Time                `db:"archived_at"`
}

const clientProcessingFields = `code, client, contact, representative, client_dpo, categories, sub_processors, transfers, security_measures,
	measures_note, contract, contract_until, starts_on, ends_on`

const clientProcessingValues = `@code, @client, @contact, @representative, @client_dpo, @categories, @sub_processors, @transfers, @security_measures,
	@measures_note, @contract, @contract_until, @starts_on, @ends_on`

const clientProcessingCols = `id, ` + clientProcessingFields + `, version, created_at, updated_at, archived_at`

func (r clientProcessingRow) clientProcessing() domain.ClientProcessing {
	return domain.ClientProcessing{ID: r.ID, Code: r.Code, Client: r.Client, Contact: r.Contact, Representative: r.Representative, ClientDPO: r.ClientDPO,
		Categories: r.Categories, SubProcessors: r.SubProcessors, Transfers: r.Transfers, SecurityMeasures: r.SecurityMeasures,
		MeasuresNote: r.MeasuresNote, Contract: r.Contract, ContractUntil: r.ContractUntil, StartsOn: r.StartsOn, EndsOn: r.EndsOn,
		Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, ArchivedAt: r.ArchivedAt}
}

func clientProcessingArgs(by domain.Actor, c domain.ClientProcessing) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"ws": by.Workspace, "code": c.Code, "client": c.Client, "contact": c.Contact, "representative": c.Representative,
		"client_dpo": c.ClientDPO, "categories": c.Categories, "sub_processors": c.SubProcessors, "transfers": list(c.Transfers),
		"security_measures": c.SecurityMeasures, "measures_note": c.MeasuresNote, "contract": c.Contract, "contract_until": c.ContractUntil,
		"starts_on": c.StartsOn, "ends_on": c.EndsOn}
}

// ClientProcessingByID returns NotFound where the workspace has no such entry.
func (s *Store) ClientProcessingByID(ctx context.Context, by domain.Actor, id domain.ClientProcessingID) (c domain.ClientProcessing, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		r, err := one[clientProcessingRow](ctx, s, "client_processing", `select `+clientProcessingCols+` from client_processing where workspace_id = @ws and id = @id`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		c = r.clientProcessing()
		return err
	})
	return c, err
}

// AddClientProcessing registers processing for a client. Invalid where the code is taken.
func (s *Store) AddClientProcessing(ctx context.Context, by domain.Actor, c domain.ClientProcessing) (id domain.ClientProcessingID, err error) {
	if err := by.Must(domain.EditPurpose); err != nil {
		return 0, err
	}
	err = s.Write(ctx, by, func(s *Store) error {
		c.ID, err = one[domain.ClientProcessingID](ctx, s, "client_processing", `insert into client_processing (workspace_id, `+clientProcessingFields+`)
			values (@ws, `+clientProcessingValues+`) returning id`, clientProcessingArgs(by, c))
		if err != nil {
			return err
		}
		id = c.ID
		return s.record(ctx, by, domain.Event{Verb: "client_processing.added", Subject: c.Subject(), After: c.Facts()})
	})
	return id, err
}

// ChangeClientProcessing saves what decide makes of the entry. Conflict where somebody changed it since it was seen.
func (s *Store) ChangeClientProcessing(ctx context.Context, by domain.Actor, id domain.ClientProcessingID, seen int,
	decide func(domain.ClientProcessing) (domain.ClientProcessing, error)) error {
	if err := by.Must(domain.EditPurpose); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		r, err := one[clientProcessingRow](ctx, s, "client_processing", `select `+clientProcessingCols+` from client_processing where workspace_id = @ws and id = @id for update`,
			pgx.StrictNamedArgs{"ws": by.Workspace, "id": id})
		if err != nil {
			return err
		}
		if r.Version != seen {
			return stale()
		}
		was := r.clientProcessing()
		if err := domain.Changeable(was); err != nil {
			return err
		}
		next, err := decide(was)
		if err != nil {
			return err
		}
		before, after := domain.Diff(was.Facts(), next.Facts())
		if len(after) == 0 {
			return nil
		}
		args := clientProcessingArgs(by, next)
		args["id"] = id
		if _, err := s.exec(ctx, "client_processing", `update client_processing set (`+clientProcessingFields+`) = (`+clientProcessingValues+`),
			version = version + 1, updated_at = clock_timestamp() where workspace_id = @ws and id = @id`, args); err != nil {
			return err
		}
		return s.record(ctx, by, domain.Event{Verb: "client_processing.changed", Subject: next.Subject(), Before: before, After: after})
	})
}

func (s *Store) onClientProcessing(ctx context.Context, by domain.Actor, id domain.ClientProcessingID, do func(*Store, domain.Subject) error) error {
	if err := by.Must(domain.EditPurpose); err != nil {
		return err
	}
	return s.Write(ctx, by, func(s *Store) error {
		c, err := s.ClientProcessingByID(ctx, by, id)
		if err != nil {
			return err
		}
		return do(s, c.Subject())
	})
}

// ArchiveClientProcessing takes an entry out of the lists.
func (s *Store) ArchiveClientProcessing(ctx context.Context, by domain.Actor, id domain.ClientProcessingID) error {
	return s.onClientProcessing(ctx, by, id, func(s *Store, c domain.Subject) error { return s.archive(ctx, by, "client_processing", c, nil) })
}

// RestoreClientProcessing brings an archived entry back.
func (s *Store) RestoreClientProcessing(ctx context.Context, by domain.Actor, id domain.ClientProcessingID) error {
	return s.onClientProcessing(ctx, by, id, func(s *Store, c domain.Subject) error { return s.restore(ctx, by, "client_processing", c) })
}

// RemoveClientProcessing deletes a mistaken entry.
func (s *Store) RemoveClientProcessing(ctx context.Context, by domain.Actor, id domain.ClientProcessingID) error {
	return s.onClientProcessing(ctx, by, id, func(s *Store, c domain.Subject) error { return s.remove(ctx, by, "client_processing", c, nil) })
}

var _ = addRegister(registerSQL{
	register: domain.ClientProcessingRegister,
	from:     "client_processing r",
	cells: map[string]string{
		"client": "r.client", "code": "r.code", "processing_categories": "r.categories", "sub_processors": "r.sub_processors",
		"transfers": transferCells("r.transfers"), "contract": "r.contract", "contract_until": "r.contract_until",
		"security_measures": "r.security_measures", "measures_note": "r.measures_note", "contact": "r.contact",
		"representative": "r.representative", "client_dpo": "r.client_dpo", "starts_on": "r.starts_on", "ends_on": "r.ends_on", "updated": "r.updated_at",
	},
	filters: map[string]filterSQL{
		"contract":  {expr: "r.contract", none: "r.contract = ''"},
		"transfers": {expr: "case when r.transfers = '[]' then 'no' else 'yes' end"},
		"state":     {expr: "case when r.archived_at is null then 'active' else 'archived' end"},
	},
	search:   "fold(r.code || ' ' || r.client || ' ' || array_to_string(r.categories, ' ') || ' ' || array_to_string(r.sub_processors, ' '))",
	archived: "r.archived_at is not null",
})
