package localpg

import (
	"runtime"
	"syscall"
)

// dieWithParent has the kernel stop postgres when its supervisor is killed. The signal is bound to the thread that
// started the child, so this goroutine must keep its thread.
func dieWithParent(attr *syscall.SysProcAttr) {
	runtime.LockOSThread()
	attr.Pdeathsig = syscall.SIGINT
}
