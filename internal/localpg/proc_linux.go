package localpg

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// postgresIn lists the live processes of PostgreSQL whose working folder is data: the server and its sessions.
func postgresIn(data string) ([]running, error) {
	want, err := os.Stat(data)
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	var found []running
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		dir := filepath.Join("/proc", e.Name())
		// The working folder comes first: it cannot be read of other users' processes, nor of dead ones.
		cwd, err := os.Stat(filepath.Join(dir, "cwd"))
		if err != nil || !os.SameFile(cwd, want) {
			continue
		}
		comm, err := os.ReadFile(filepath.Join(dir, "comm"))
		if err != nil || !strings.HasPrefix(string(comm), "postgres") {
			continue // such as a person's shell
		}
		command, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil {
			continue
		}
		found = append(found, running{pid: pid, command: string(bytes.ReplaceAll(command, []byte{0}, []byte{' '}))})
	}
	return found, nil
}

// alive tells whether a process runs. One that is dead and not yet reaped does not.
func alive(pid int) bool {
	if pid <= 0 || syscall.Kill(pid, 0) == syscall.ESRCH {
		return false
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	// The state follows the name, which stands in parentheses and may hold any character.
	_, state, ok := strings.Cut(string(stat[max(0, bytes.LastIndexByte(stat, ')')):]), ") ")
	return ok && !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

// roomyTemp is a folder in memory when there is one with room, else "" for the system's temporary folder. Containers
// often have a /dev/shm of 64 MB, which a server would fill.
func roomyTemp() string {
	const enough = 1 << 30
	var st syscall.Statfs_t
	if syscall.Statfs("/dev/shm", &st) != nil || st.Bavail*uint64(st.Bsize) < enough { //nolint:gosec // a block size is positive
		return ""
	}
	probe, err := os.MkdirTemp("/dev/shm", "localpg-probe-")
	if err != nil {
		return ""
	}
	_ = os.Remove(probe) // just made and empty
	return "/dev/shm"
}

// selfPath names this program for a child that may not enter its folder, also after the file was replaced by a newer
// build.
func selfPath() (string, error) { return "/proc/self/exe", nil }
