//go:build unix && !linux

package localpg

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// postgresIn lists the live server of the folder. Its sessions do not show the folder on their command lines: postgres
// itself finds them by their shared memory, and refuses to start until they are gone.
func postgresIn(data string) ([]running, error) {
	pid := postmasterPID(data)
	if !alive(pid) {
		return nil, nil
	}
	out, err := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		if !alive(pid) {
			return nil, nil
		}
		return nil, fmt.Errorf("private PostgreSQL: ps: %w", err)
	}
	command := strings.TrimSpace(string(out))
	if !strings.Contains(command, "-D "+data) {
		return nil, nil
	}
	return []running{{pid: pid, command: command}}, nil
}

// alive tells whether a process runs.
func alive(pid int) bool { return pid > 0 && syscall.Kill(pid, 0) != syscall.ESRCH }

// roomyTemp is "", the system's temporary folder: there is none in memory.
func roomyTemp() string { return "" }

// selfPath names this program.
func selfPath() (string, error) { return os.Executable() }
