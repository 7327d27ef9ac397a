package store

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"utile/internal/domain"
)

// A database that is away, starting or full of sessions is no fault of the program, and comes back.
func TestDatabaseThatIsAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	_, refused := pgconn.Connect(context.Background(), "host=/nonexistent dbname=utile")
	away := map[string]error{"refused": refused, "broken off": io.ErrUnexpectedEOF, "late": context.DeadlineExceeded,
		"reset": &net.OpError{Op: "read", Err: syscall.ECONNRESET}}
	for _, code := range []string{"57P01", "57P02", "57P03", "53300", "57014", "08006"} {
		away[code] = &pgconn.PgError{Code: code}
	}
	for name, err := range away {
		if got := translate("user", err); !errors.Is(got, domain.Unavailable) || !errors.Is(got, err) {
			t.Errorf("%s became %v", name, got)
		}
	}
	for name, err := range map[string]error{"fault": &pgconn.PgError{Code: "42601"}, "given up": context.Canceled,
		"COPY": &pgconn.PgError{Code: "57014", Message: "COPY from stdin failed: it does not fit"}} {
		if got := translate("user", err); errors.Is(got, domain.Unavailable) {
			t.Errorf("%s became %v", name, got)
		}
	}
}
