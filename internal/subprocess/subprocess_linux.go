package subprocess

import (
	"os"
	"os/exec"
	"syscall"
)

// bind makes a process die with its parent, and ignore Ctrl-C on the terminal.
func bind(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// Pause stops a process with SIGSTOP.
func Pause(p *os.Process) error { return p.Signal(syscall.SIGSTOP) }

// Resume continues a paused process.
func Resume(p *os.Process) error { return p.Signal(syscall.SIGCONT) }
