package store

import (
	"context"

	"utile/internal/domain"
)

// noun is a record of a register: it names itself in the history, tells the facts that the history keeps, and the version
// that somebody saw.
type noun interface {
	Subject() domain.Subject
	Facts() map[string]any
	Revision() int
}

// Methods of the store that read a record, and what uses it.
type (
	readOne[ID ~int64, T noun]    func(*Store, context.Context, domain.Actor, ID) (T, error)
	readLocked[ID ~int64, T noun] func(s *Store, ctx context.Context, by domain.Actor, id ID, lock string) (T, error)
	readUses[ID ~int64]           func(*Store, context.Context, domain.Actor, ID) ([]domain.Use, error)
)

// forUpdate ends a query whose rows nobody else may change until the transaction ends.
const forUpdate = " for update"

// forShare ends a query whose rows nobody may change, archive or remove until the transaction ends: of what something begins to use.
const forShare = " for share"

// change is what every change of one record has in common. It is read under a lock, refused with Conflict where somebody
// changed it since the version that was seen, and left alone where decide makes no other facts of it. write saves it, the
// event tells what differs, and then, which may be nil, does what follows.
func change[ID ~int64, T noun](ctx context.Context, s *Store, by domain.Actor, id ID, seen int,
	read readLocked[ID, T], decide func(T) (T, error), write func(s *Store, was, next T) error, then func(s *Store, was, next T) error) error {
	return s.Write(ctx, by, func(s *Store) error {
		was, err := locked(ctx, s, by, id, seen, read)
		if err != nil {
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
		if err := write(s, was, next); err != nil {
			return err
		}
		subject := next.Subject()
		if err := s.record(ctx, by, domain.Event{Verb: subject.Kind + ".changed", Subject: subject, Before: before, After: after}); err != nil {
			return err
		}
		if then == nil {
			return nil
		}
		return then(s, was, next)
	})
}

// locked reads a record that nobody else may change until the transaction ends; Conflict where somebody did since the
// version that was seen.
func locked[ID ~int64, T noun](ctx context.Context, s *Store, by domain.Actor, id ID, seen int, read readLocked[ID, T]) (T, error) {
	record, err := read(s, ctx, by, id, forUpdate)
	if err == nil && record.Revision() != seen {
		err = stale()
	}
	if err == nil {
		err = domain.Changeable(record)
	}
	return record, err
}

// archiveRecord takes a record out of the lists; Conflict, with what uses it, while something does.
func archiveRecord[ID ~int64, T noun](ctx context.Context, s *Store, by domain.Actor, table string, id ID, read readOne[ID, T], uses readUses[ID]) error {
	return onUsed(ctx, s, by, table, id, read, uses, func(s *Store, subject domain.Subject, uses []domain.Use) error {
		return s.archive(ctx, by, table, subject, uses)
	})
}

// removeRecord deletes a mistaken entry; Conflict, with what uses it, while anything does.
func removeRecord[ID ~int64, T noun](ctx context.Context, s *Store, by domain.Actor, table string, id ID, read readOne[ID, T], uses readUses[ID]) error {
	return onUsed(ctx, s, by, table, id, read, uses, func(s *Store, subject domain.Subject, uses []domain.Use) error {
		return s.remove(ctx, by, table, subject, uses)
	})
}

// restoreRecord brings an archived record back.
func restoreRecord[ID ~int64, T noun](ctx context.Context, s *Store, by domain.Actor, table string, id ID, read readOne[ID, T]) error {
	return onUsed(ctx, s, by, table, id, read, nil, func(s *Store, subject domain.Subject, _ []domain.Use) error {
		return s.restore(ctx, by, table, subject)
	})
}

// onUsed does something to a record and what uses it, in one transaction. Without uses nothing is asked.
func onUsed[ID ~int64, T noun](ctx context.Context, s *Store, by domain.Actor, table string, id ID, read readOne[ID, T], uses readUses[ID],
	do func(*Store, domain.Subject, []domain.Use) error) error {
	return s.Write(ctx, by, func(s *Store) error {
		record, err := read(s, ctx, by, id)
		if err != nil {
			return err
		}
		var used []domain.Use
		if uses != nil {
			if err := s.holdUses(ctx, by, table, int64(id)); err != nil {
				return err
			}
			if used, err = uses(s, ctx, by, id); err != nil {
				return err
			}
		}
		return do(s, record.Subject(), used)
	})
}
