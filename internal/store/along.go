package store

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"

	"utile/internal/domain"
)

// Along is what a request asks beside what its page asks: it travels with whatever the page asks first, and is answered by
// the same transaction. It belongs to one request, and to one goroutine at a time.
type Along struct {
	workspace domain.WorkspaceID
	sent      bool

	frame    frameQuery
	register string // whose saved views are asked for too; empty for none
	views    []viewRow

	// The visit that an earlier request found, until it is proved to be the same still.
	expected *Visit
	hash     []byte
	slug     string
	visits   []visitRow
	proof    error // ErrVisitChanged once it was refuted
}

// ErrVisitChanged says that the session, its person, the workspace or the role there is not what it was. Nothing was read.
var ErrVisitChanged = errors.New("the visit has changed")

type alongKey struct{}

// WithAlong has a request in a workspace ask for the frame of its page along with the page.
func WithAlong(ctx context.Context, workspace domain.WorkspaceID) (context.Context, *Along) {
	a := &Along{workspace: workspace}
	return context.WithValue(ctx, alongKey{}, a), a
}

// Expect has the visit proved, which is known from an earlier request: reading gives ErrVisitChanged where it is another now.
func (a *Along) Expect(v Visit, slug string) {
	a.expected, a.hash, a.slug = &v, v.Session.TokenHash, slug
}

// AskViews has the saved views of a register read along with its page.
func AskViews(ctx context.Context, register string) {
	if a := alongOf(ctx); a != nil && !a.sent {
		a.register = register
	}
}

func alongOf(ctx context.Context) *Along {
	a, _ := ctx.Value(alongKey{}).(*Along)
	return a
}

// goes tells whether it travels with what is asked for the actor next.
func (a *Along) goes(s *Store, by domain.Actor) bool {
	return a != nil && !a.sent && s.pool != nil && by.AsOf.IsZero() && by.Workspace == a.workspace
}

// answered tells whether it has been answered, for the actor.
func (a *Along) answered(by domain.Actor) bool {
	return a != nil && a.sent && a.proof == nil && by.AsOf.IsZero() && by.Workspace == a.workspace
}

// queue asks what was asked along. The visit comes first: nothing is read for somebody who is gone.
func (a *Along) queue(b *pgx.Batch, by domain.Actor, now time.Time) {
	a.sent = true
	if a.expected != nil {
		queue(b, &a.visits, visitSQL, visitArgs(a.hash, a.slug, now))
	}
	a.frame.queue(b, by)
	if a.register != "" {
		queueViews(b, &a.views, by, a.register)
	}
}

// take compares the visit that was found with the one that is expected.
func (a *Along) take() error {
	if a.expected == nil {
		return nil
	}
	if len(a.visits) != 1 || !reflect.DeepEqual(a.visits[0].visit(a.hash), *a.expected) {
		a.proof = ErrVisitChanged
	}
	a.expected = nil
	return a.proof
}

// Prove asks whether the visit is the expected one, where nothing was asked for it yet: before anything is written, and before
// anything is told.
func (s *Store) Prove(ctx context.Context) error {
	a := alongOf(ctx)
	switch {
	case a == nil:
		return nil
	case a.expected == nil:
		return a.proof
	}
	var err error
	a.visits, err = many[visitRow](ctx, s, "session", visitSQL, visitArgs(a.hash, a.slug, s.now()))
	if err != nil {
		return err
	}
	return a.take()
}
