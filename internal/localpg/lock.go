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
			return nil, fmt.Errorf("already running on this folder: process %d serves %s; stop it, or choose another folder", pid, dir)
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
