// Package subprocess starts processes that end with this one, even if it is killed, as far as the system permits. It
// can also pause them.
package subprocess

import (
	"os/exec"
	"runtime"
	"sync"
)

// Starter starts processes. On Linux they die with the thread that started them, so a Starter keeps one thread alive.
// It is safe for concurrent use.
type Starter struct {
	jobs chan func()
	done sync.WaitGroup
}

// NewStarter returns a Starter. The caller must close it.
func NewStarter() *Starter {
	s := &Starter{jobs: make(chan func())}
	s.done.Go(func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for job := range s.jobs {
			job()
		}
	})
	return s
}

// Start starts a process that is not affected by Ctrl-C on the terminal.
func (s *Starter) Start(cmd *exec.Cmd) error {
	bind(cmd)
	started := make(chan error, 1)
	s.jobs <- func() { started <- cmd.Start() }
	return <-started
}

// Close stops the Starter. Processes that are still running may be killed, so none should be.
func (s *Starter) Close() {
	close(s.jobs)
	s.done.Wait()
}
