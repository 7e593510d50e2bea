package torture

import (
	"os"
	"os/exec"
	"syscall"
)

// bind makes a process one that dies with its parent, and that Ctrl-C on a terminal does not reach.
func bind(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func pause(p *os.Process) error { return p.Signal(syscall.SIGSTOP) }

func resume(p *os.Process) error { return p.Signal(syscall.SIGCONT) }
