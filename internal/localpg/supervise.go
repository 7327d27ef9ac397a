package localpg

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// Command is the hidden first argument that turns a program into the supervisor of its PostgreSQL.
const Command = "__pg"

const (
	lockFD = 3
	// shutdownLimit is how long a server may take to write its data after the program has ended.
	shutdownLimit = 20 * time.Second
)

// A program, or a test binary, that imports this package starts itself again as the supervisor. Its own main may know
// nothing of that, and would then do its own work over and over: hence not left to main.
func init() {
	if len(os.Args) > 1 && os.Args[1] == Command {
		os.Exit(Supervise(os.Args[2:]))
	}
}

type paths []string

func (p *paths) String() string     { return strings.Join(*p, " ") }
func (p *paths) Set(s string) error { *p = append(*p, s); return nil }

// Supervise runs postgres for as long as its standard input stays open, which is a pipe that the program holds: the
// end of the program, however it comes, closes it. It prints the process id of postgres, and returns the exit status.
func Supervise(args []string) int {
	flags := flag.NewFlagSet(Command, flag.ContinueOnError)
	uid := flags.Int("uid", -1, "user of postgres, when not the own")
	gid := flags.Int("gid", -1, "group of postgres")
	drop := flags.Bool("drop", false, "stop without writing data, which is removed anyway")
	var remove paths
	flags.Var(&remove, "remove", "folder to remove when the program has ended")
	if flags.Parse(args) != nil || flags.NArg() == 0 {
		return 2
	}
	// The pipe is the only authority: a signal to the whole group must not stop the database under a draining program.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	syscall.CloseOnExec(lockFD) // the lock shall outlive the program, but not this supervisor

	cmd := exec.Command(flags.Arg(0), flags.Args()[1:]...)
	cmd.Dir, cmd.Stderr = "/", os.Stderr
	cmd.SysProcAttr = owner{uid: *uid, gid: *gid, demoted: *uid >= 0}.attributes()
	cmd.SysProcAttr.Setpgid = true
	dieWithParent(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "FATAL:  starting postgres:", err)
		return 1
	}
	fmt.Println(cmd.Process.Pid)
	return attend(cmd, *drop, remove)
}

// attend waits for postgres to end, or for the program to end and then ends postgres. The folders are removed in the
// second case alone: a program that lives on may start postgres on them again.
func attend(cmd *exec.Cmd, drop bool, remove []string) int {
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	orphaned := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // an error ends the pipe as well as its end does
		close(orphaned)
	}()
	select {
	case err := <-exited:
		return status(err)
	case <-orphaned:
	}
	defer func() {
		for _, dir := range remove {
			_ = os.RemoveAll(dir) // nobody is left to tell
		}
	}()
	first := syscall.SIGINT
	if drop {
		first = syscall.SIGQUIT
	}
	_ = cmd.Process.Signal(first) // fails only for one that has exited
	select {
	case err := <-exited:
		return status(err)
	case <-time.After(shutdownLimit):
		_ = cmd.Process.Signal(syscall.SIGQUIT)
		return status(<-exited)
	}
}

func status(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(1, exit.ExitCode())
	}
	if err != nil {
		return 1
	}
	return 0
}
