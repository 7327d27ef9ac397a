package localpg

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestRunning(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := tempDir(t)
	if _, ok, err := Running(ctx, dir); err != nil || ok {
		t.Errorf("an empty folder is served: %v, %v", ok, err)
	}
	cmd, dsn := startProgram(t, dir, false)
	attached, ok, err := Running(ctx, dir)
	if err != nil || !ok || attached.Process != cmd.Process.Pid {
		t.Fatalf("found %+v, %v, %v; want process %d", attached, ok, err, cmd.Process.Pid)
	}
	if got := attached.DSN("postgres"); got != dsn {
		t.Errorf("the address is %s, want %s", got, dsn)
	}
	conn, err := pgconn.Connect(ctx, attached.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(ctx); err != nil {
		t.Error(err)
	}
}
