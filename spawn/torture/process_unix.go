//go:build unix && !linux

package torture

import (
	"os"
	"os/exec"
	"syscall"
)

// bind makes a process one that Ctrl-C on a terminal does not reach. It does not die with its parent: that is Linux's.
func bind(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func pause(p *os.Process) error { return p.Signal(syscall.SIGSTOP) }

func resume(p *os.Process) error { return p.Signal(syscall.SIGCONT) }
