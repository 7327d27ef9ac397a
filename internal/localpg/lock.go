package localpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const lockName = "utile.lock"

// guestsName is the file by whose lock a server is not stopped under those who use it: they share the lock, and whoever started
// the server holds it alone until others may come, and again before it stops.
const guestsName = "utile.guests"

// ErrServed is why a folder is refused: another process serves it.
var ErrServed = errors.New("already running on this folder")

// lockGuests makes the file anew and locks it, alone. Whoever used a server that crashed holds the lock of the file before, and
// nobody waits for them: their server is gone. Only who holds the folder calls it.
func lockGuests(dir string) (*os.File, error) {
	path := filepath.Join(dir, guestsName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	// Who opened it meanwhile finds no server yet, and lets go.
	if err := waitAlone(context.Background(), f); err != nil {
		_ = f.Close() // the first error says more
		return nil, err
	}
	return f, nil
}

func waitAlone(ctx context.Context, f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// joinGuests shares the lock; ok is false while the server's starter holds it alone, and for the file of a server that is gone. A
// server of an earlier version has no such file, and whoever uses it takes the risk.
func joinGuests(dir string) (guest *os.File, ok bool, err error) {
	f, err := os.Open(filepath.Join(dir, guestsName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("private PostgreSQL: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if err == nil && isAt(f, filepath.Join(dir, guestsName)) {
		return f, true, nil
	}
	_ = f.Close() // the first error says more
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = nil
	}
	return nil, false, err
}

// isAt tells whether a path still leads to an open file.
func isAt(f *os.File, path string) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(opened, there)
}

// acquireLock takes the folder for this process. The supervisor inherits the lock, so a folder whose program was
// killed stays taken until its postgres is gone; acquireLock waits for that, and refuses a folder in real use.
func acquireLock(ctx context.Context, dir string, log *slog.Logger) (_ *os.File, err error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close() // the first error says more
		}
	}()
	const dying = 500 * time.Millisecond // for so long a program that was killed just now may still be seen
	began, told := time.Now(), false
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, writeHolder(f)
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("private PostgreSQL: locking %s: %w", f.Name(), err)
		}
		switch pid := lockHolder(f); {
		case !alive(pid) && !told:
			log.Info("waiting for the private PostgreSQL of an earlier run to stop", "folder", dir)
			told = true
		case alive(pid) && time.Since(began) > dying:
			return nil, fmt.Errorf("%w: process %d serves %s; stop it, or choose another folder", ErrServed, pid, dir)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("private PostgreSQL: the one of an earlier run on %s does not stop: %w", dir, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// lockHolder is the process that took the lock, or 0 while it has not yet written its number.
func lockHolder(f *os.File) int {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return pid
}

func writeHolder(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	return nil
}
