//go:build unix && !linux

package localpg

import "syscall"

// dieWithParent does nothing: a supervisor that is killed leaves postgres behind, and the next start stops it.
func dieWithParent(*syscall.SysProcAttr) {}
