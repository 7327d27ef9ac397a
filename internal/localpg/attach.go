package localpg

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Attached is a private PostgreSQL that another process runs. It is used, never started or stopped.
type Attached struct {
	Process int // the process that serves the folder
	socket  string
	guest   *os.File
}

// Close tells the process that started the server that this one needs it no more.
func (a Attached) Close() {
	if a.guest != nil {
		_ = a.guest.Close() // gives back the lock
	}
}

// DSN is the address of a database of that server, as Server.DSN.
func (a Attached) DSN(database string) string { return socketDSN(a.socket, database) }

func socketDSN(socket, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database,
		RawQuery: url.Values{"host": {socket}, "sslmode": {"disable"}}.Encode()}
	return u.String()
}

// attachLimit is how long Running waits for a server that is just starting.
const attachLimit = 30 * time.Second

// Running finds the server that another process runs on the folder, waiting for one that is still starting or has not admitted
// others; it is not stopped before Close. ok is false where no process holds the folder.
func Running(ctx context.Context, dir string) (a Attached, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, attachLimit)
	defer cancel()
	dir, err = filepath.Abs(dir)
	if err != nil {
		return a, false, err
	}
	for {
		holder, held := held(dir)
		if !held {
			return a, false, nil
		}
		guest, admitted, err := joinGuests(dir)
		if err != nil {
			return a, false, err
		}
		if admitted {
			a = Attached{Process: holder, guest: guest}
			if a.socket, ok = readySocket(dir); ok {
				return a, true, nil
			}
			a.Close()
		}
		select {
		case <-ctx.Done():
			return a, false, fmt.Errorf("process %d holds %s, and its private PostgreSQL does not answer", holder, dir)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// held tells whether a living process holds the lock of the folder, and which.
func held(dir string) (pid int, ok bool) {
	f, err := os.Open(filepath.Join(dir, lockName))
	if err != nil {
		return 0, false
	}
	defer func() { _ = f.Close() }() // gives back the lock where it was taken
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		return 0, false
	}
	pid = lockHolder(f)
	return pid, alive(pid)
}

// readySocket reads, in the file that a running postgres keeps beside its data, the folder of its socket (line 5) and
// whether it accepts connections (line 8).
func readySocket(dir string) (socket string, ready bool) {
	major, err := dataMajor(dir)
	if err != nil || major == 0 {
		return "", false
	}
	data := filepath.Join(dir, "pg"+strconv.Itoa(major))
	pid := postmasterPID(data)
	if !alive(pid) || !isReady(data, pid) { // the file may be an earlier server's, which was killed
		return "", false
	}
	const socketLine = 4
	lines, err := pidFileLines(data)
	if err != nil || len(lines) <= socketLine {
		return "", false
	}
	return lines[socketLine], true
}
