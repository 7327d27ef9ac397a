package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// processes is a process, with its children where these work for it too.
type processes struct {
	root     int
	children bool
}

// tick is the unit of /proc/PID/stat: USER_HZ, which is 100 on every Linux that runs Go.
const tick = 10 * time.Millisecond

// cpu is the processor time spent so far, in user and kernel mode. A child that has ended counts through its parent.
func (p processes) cpu() (time.Duration, error) {
	if !p.children {
		s, err := readStat(p.root)
		return s.own, err
	}
	root, err := readStat(p.root)
	if err != nil {
		return 0, err
	}
	total := root.own + root.ended
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, file := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file))) // the pattern lets digits through alone
		if s, err := readStat(pid); err == nil && s.parent == p.root {
			total += s.own
		}
	}
	return total, nil
}

type stat struct {
	parent     int
	own, ended time.Duration
}

func readStat(pid int) (stat, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, fmt.Errorf("processor times come from /proc, which only Linux has: %w", err)
	}
	fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:]) // the name before it may hold anything
	number := func(i int) time.Duration {
		n, _ := strconv.ParseInt(string(fields[i]), 10, 64) // the kernel writes numbers there
		return time.Duration(n)
	}
	return stat{parent: int(number(1)), own: (number(11) + number(12)) * tick, ended: (number(13) + number(14)) * tick}, nil
}

// memory is the resident size now and at its highest, in bytes.
func (p processes) memory() (now, highest int64, err error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.root))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(raw)) {
		key, value, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64) // zero for lines of other kinds
		switch key {
		case "VmRSS":
			now = kib << 10
		case "VmHWM":
			highest = kib << 10
		}
	}
	return now, highest, nil
}

// postmasterPID reads the first line of the file that PostgreSQL keeps in its data folder.
func postmasterPID(data string) (int, error) {
	raw, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	return strconv.Atoi(strings.TrimSpace(first))
}

// machine says on what was measured.
func (b *bench) machine() string {
	model := runtime.GOARCH
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(raw)) {
			if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	load, _ := os.ReadFile("/proc/loadavg") // only told
	loads := strings.Fields(string(load))
	return fmt.Sprintf("%d × %s; load before: %s; %s; PostgreSQL %s, shared_buffers 128MB, no fsync",
		runtime.NumCPU(), model, strings.Join(loads[:min(3, len(loads))], " "), runtime.Version(), b.pg.Install().Version)
}
