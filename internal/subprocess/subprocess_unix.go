//go:build unix && !linux

package subprocess

import (
	"os"
	"os/exec"
	"syscall"
)

// bind makes a process ignore Ctrl-C on the terminal. It does not die with its parent: that is Linux's.
func bind(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Pause lets a process stand still.
func Pause(p *os.Process) error { return p.Signal(syscall.SIGSTOP) }

// Resume lets it go on.
func Resume(p *os.Process) error { return p.Signal(syscall.SIGCONT) }
