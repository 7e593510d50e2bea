// Package subprocess starts processes that end with this one, whatever becomes of it, as far as the system allows, and lets
// them stand still.
package subprocess

import (
	"os/exec"
	"runtime"
	"sync"
)

// Starter starts processes. On Linux they die with the thread that started them, so that it has one that stays. It is safe
// for concurrent use.
type Starter struct {
	jobs chan func()
	done sync.WaitGroup
}

// NewStarter returns a starter. Close ends it.
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

// Start starts a process, which Ctrl-C on a terminal does not reach.
func (s *Starter) Start(cmd *exec.Cmd) error {
	bind(cmd)
	started := make(chan error, 1)
	s.jobs <- func() { started <- cmd.Start() }
	return <-started
}

// Close ends the starter. Processes that it started and that still run may end, so that none should.
func (s *Starter) Close() {
	close(s.jobs)
	s.done.Wait()
}
