package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"utile/internal/domain"
	"utile/internal/store"
	"utile/internal/store/storetest"
)

// What is kept in memory is watched where it comes from: another table that is read without it would be shown stale.
func TestLandscapeIsWatched(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	read, err := w.Store.LandscapeTables(t.Context(), w.Admin())
	if err != nil {
		t.Fatal(err)
	}
	watched := texts(t, w.Owner, `select distinct tgrelid::regclass::text from pg_trigger
		where tgfoid in ('landscape_changed'::regproc, 'member_renamed'::regproc) order by 1`)
	if diff := cmp.Diff(read, watched); diff != "" {
		t.Errorf("tables that are kept in memory (-) and those that are watched (+):\n%s", diff)
	}
}

// A server that keeps names in memory shows at every moment those of that moment, whatever others write meanwhile, give up
// or write at once.
func TestLandscapeIsNeverStale(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t)
	by := w.Admin()
	ids := []domain.ApplicationID{w.Application(t, by, "A"), w.Application(t, by, "B"), w.Application(t, by, "C")}
	given := errors.New("given up")
	ctx, stop := context.WithCancel(t.Context())
	var writers, readers sync.WaitGroup
	for writer := range 3 {
		writers.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(writer)))
			for n := range 40 {
				err := w.Store.Write(ctx, by, func(s *store.Store) error {
					for range 1 + random.IntN(2) {
						id := ids[random.IntN(len(ids))]
						a, err := s.ApplicationByID(ctx, by, id)
						if err != nil {
							return err
						}
						if err := s.ChangeApplication(ctx, by, id, a.Version, func(a domain.Application) (domain.Application, error) {
							a.Name = fmt.Sprintf("%d of %d for %d", n, writer, id)
							return a, nil
						}); err != nil {
							return err
						}
					}
					if random.IntN(4) == 0 {
						return given
					}
					return nil
				})
				if err != nil && !errors.Is(err, given) && !errors.Is(err, domain.Conflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			for ctx.Err() == nil {
				err := w.Store.Read(t.Context(), by, func(s *store.Store) error {
					names, err := s.Names(t.Context(), by)
					if err != nil {
						return err
					}
					for _, id := range ids {
						a, err := s.ApplicationByID(t.Context(), by, id)
						if err != nil {
							return err
						}
						if kept := names.Application(id); kept != a.Name {
							return fmt.Errorf("application %d is %q at this moment, and kept as %q", id, a.Name, kept)
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	stop()
	readers.Wait()

	// A person who takes another name has it in every workspace.
	w.Exec(t, `update app_user set name = 'Somebody else' where id = $1`, by.User)
	names, err := w.Store.Names(t.Context(), by)
	if err != nil || names.User(by.User) != "Somebody else" {
		t.Errorf("the person is %q (%v)", names.User(by.User), err)
	}
	if left := texts(t, w.Owner, `select count(*)::text from landscape_change where workspace_id = $1`, by.Workspace); left[0] > "4" || len(left[0]) > 1 {
		t.Errorf("%s changes are left of some 100", left[0])
	}
}
