package localpg

import (
	"context"
	"errors"
	"testing"
	"time"

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
	defer attached.Close()
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

// A server is used once its starter admits others, and not stopped under them. What would wait is tried with a context that is over.
func TestGuests(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	over, cancel := context.WithCancel(ctx)
	cancel()
	dir := tempDir(t)
	s, err := Start(ctx, Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if _, _, err := Running(over, dir); err == nil {
		t.Error("attached before others were admitted")
	}
	if err := s.Admit(); err != nil {
		t.Fatal(err)
	}
	first, ok, err := Running(ctx, dir)
	second, also, again := Running(ctx, dir)
	if err := errors.Join(err, again); err != nil || !ok || !also {
		t.Fatalf("attached: %v, %v, %v", ok, also, err)
	}
	first.Close()
	if err := s.SeeOff(over); err == nil {
		t.Error("the second who attached was not waited for")
	}
	second.Close()
	if err := s.SeeOff(ctx); err != nil {
		t.Error(err)
	}
	if _, _, err := Running(over, dir); err == nil {
		t.Error("attached to a server that is about to stop")
	}

	// Who still holds on to a server that is gone keeps nobody from starting another.
	if err := s.Admit(); err != nil {
		t.Fatal(err)
	}
	last, ok, err := Running(ctx, dir)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	defer last.Close()
	s.Stop()
	patient, enough := context.WithTimeout(ctx, time.Minute)
	defer enough()
	next, err := Start(patient, Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(next.Stop)
	if err := next.SeeOff(patient); err != nil {
		t.Errorf("a new server waits for who used the one before: %v", err)
	}
}
