package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

type remarkRow struct {
	ID         domain.RemarkID `db:"id"`
	AuthorID   *domain.UserID  `db:"author_id"`
	AuthorName string          `db:"author_name"`
	Body       string          `db:"body"`
	CreatedAt  time.Time       `db:"created_at"`
}

const remarksOf = `select id, author_id, author_name, body, created_at from remark
	where workspace_id = @ws and subject_kind = @kind and subject_id = @id order by id`

func (r remarkRow) remark() domain.Remark {
	return domain.Remark{ID: r.ID, Author: deref(r.AuthorID), AuthorName: r.AuthorName, Body: r.Body, At: r.CreatedAt}
}

// Remarks returns what people wrote about a record, oldest first.
func (s *Store) Remarks(ctx context.Context, by domain.Actor, kind string, id int64) (list []domain.Remark, err error) {
	err = s.Read(ctx, by, func(s *Store) error {
		rows, err := many[remarkRow](ctx, s, "remark", remarksOf, pgx.StrictNamedArgs{"ws": by.Workspace, "kind": kind, "id": id})
		list = mapSlice(rows, remarkRow.remark)
		return err
	})
	return list, err
}

// AddFieldRemark keeps what somebody writes about a field; NotFound where the workspace has no such field.
func (s *Store) AddFieldRemark(ctx context.Context, by domain.Actor, id domain.FieldID, r domain.Remark) error {
	return s.Write(ctx, by, func(s *Store) error {
		f, err := s.FieldByID(ctx, by, id)
		if err != nil {
			return err
		}
		return s.addRemark(ctx, by, f.Subject(), r)
	})
}

func (s *Store) addRemark(ctx context.Context, by domain.Actor, subject domain.Subject, r domain.Remark) error {
	if _, err := s.exec(ctx, "remark", `insert into remark (workspace_id, subject_kind, subject_id, author_id, author_name, body)
		values (@ws, @kind, @id, @author, @name, @body)`, pgx.StrictNamedArgs{"ws": by.Workspace, "kind": subject.Kind,
		"id": subject.ID, "author": zeroNull(by.User), "name": by.Name, "body": r.Body}); err != nil {
		return err
	}
	return s.record(ctx, by, domain.Event{Verb: subject.Kind + ".remarked", Subject: subject})
}
