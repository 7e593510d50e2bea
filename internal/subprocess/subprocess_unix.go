//go:build unix && !linux

package subprocess

import (
	"os"
	"os/exec"
	"syscall"
)

// bind makes a process ignore Ctrl-C on the terminal. It does not die with its parent, which only Linux supports.
func bind(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Pause stops a process with SIGSTOP.
func Pause(p *os.Process) error { return p.Signal(syscall.SIGSTOP) }

// Resume continues a paused process.
func Resume(p *os.Process) error { return p.Signal(syscall.SIGCONT) }
