package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"synod/internal/subprocess"
	"synod/spawn/faults"
	"synod/spawn/nemesis"
)

// server is one server, whose process is started and killed repeatedly. It is not safe for concurrent use.
type server struct {
	cluster *Cluster
	member  Member
	command func(Member) *exec.Cmd

	process *process // nil if no process runs
	control *control // nil until the process responds
	// wanted is the condition that the server should be in, and is its actual condition. They differ while it cannot be
	// updated because it is paused or not running.
	wanted, is nemesis.Condition
	seen       faults.Status // the counts of the process at the last poll
	afterAck   bool          // it is to be killed now, after an acknowledgement
	harm       nemesis.Harm  // damage to its file before the next start; zero for none
}

// process is a running process.
type process struct {
	cmd   *exec.Cmd
	log   *os.File
	from  int64         // offset of its output in the log
	ended chan struct{} // closed when it has ended
}

// patience is the time limit for short actions of a process: starting, answering, stopping.
const patience = 30 * time.Second

// launch starts the process.
func (s *server) launch() error {
	log, err := os.OpenFile(s.logName(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := log.Stat()
	if err != nil {
		return errors.Join(err, log.Close())
	}
	cmd := s.command(s.member)
	cmd.Stderr = log
	if err := s.cluster.starter.Start(cmd); err != nil {
		return errors.Join(fmt.Errorf("server %d: %w", s.member.Place, err), log.Close())
	}
	p := &process{cmd: cmd, log: log, from: info.Size(), ended: make(chan struct{})}
	s.cluster.done.Go(func() {
		_ = cmd.Wait() // The result is in ProcessState.
		close(p.ended)
	})
	s.process, s.is, s.seen = p, nemesis.Condition{}, faults.Status{}
	s.member.Runs++
	return nil
}

func (s *server) logName() string { return filepath.Join(s.member.Dir, "log") }

// connect waits until the process responds.
func (s *server) connect(ctx context.Context) error {
	path, err := Control(s.member)
	if err != nil {
		return err
	}
	for end := time.Now().Add(patience); ; {
		// The first request is the status: once it is answered, the server has its sockets.
		if s.control, err = dial(path); err == nil {
			return nil
		}
		select {
		case <-s.process.ended:
			return s.stopped()
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(2 * time.Millisecond):
		}
		if time.Now().After(end) {
			return fmt.Errorf("server %d does not accept clients after %v: %w", s.member.Place, patience, err)
		}
	}
}

// stopped returns an error with the exit state and the last output of the process.
func (s *server) stopped() error {
	state, words := s.process.cmd.ProcessState.String(), strings.TrimSpace(s.words())
	s.forget()
	if words == "" {
		words = "it said nothing"
	}
	return fmt.Errorf("%w: server %d, %s: %s", ErrStopped, s.member.Place, state, words)
}

// maxWords is the number of bytes read from the end of a log.
const maxWords = 2000

// words returns the last output of the process.
func (s *server) words() string {
	text, err := os.ReadFile(s.logName())
	if err != nil || int64(len(text)) < s.process.from {
		return ""
	}
	text = text[s.process.from:]
	return string(text[max(0, len(text)-maxWords):])
}

// forget drops a process that has ended.
func (s *server) forget() {
	if s.control != nil {
		s.control.close()
	}
	s.process.log.Close()
	s.process, s.control = nil, nil
}

// gone reports whether the process has ended.
func (s *server) gone() bool {
	select {
	case <-s.process.ended:
		return true
	default:
		return false
	}
}

// become puts the server into a condition.
func (s *server) become(ctx context.Context, c nemesis.Condition) error {
	if c.Equal(s.wanted) {
		return nil
	}
	s.wanted = c
	if c.Harm != (nemesis.Harm{}) {
		s.harm = c.Harm
	}
	if s.process != nil {
		if err := s.notice(); err != nil {
			return err
		}
	}
	if s.process != nil && c.Down {
		return s.kill()
	}
	if s.process != nil && s.is.Paused && !c.Paused {
		if err := s.resume(); err != nil {
			return err
		}
	}
	// With a full or failing disk a server could not even recover.
	if s.process == nil && !c.Down && c.Disk == faults.Sound {
		if err := s.begin(ctx); err != nil {
			return err
		}
	}
	if s.process == nil || s.is.Paused {
		return nil
	}
	if err := s.tell(ctx); err != nil {
		return err
	}
	if s.process != nil && c.Paused {
		return s.pause()
	}
	return nil
}

// notice checks whether the process has ended by itself, as it does when it cannot save.
func (s *server) notice() error {
	if !s.gone() {
		return nil
	}
	// The disk may be sound again by now, so only the last output shows the cause.
	k := nemesis.DiedOf(s.words())
	if k == 0 {
		return s.stopped()
	}
	s.cluster.count(k, 1)
	s.forget()
	return nil
}

// tell sends the changes of network and disk to the process. If the process ends meanwhile because it could not save,
// it is restarted later.
func (s *server) tell(ctx context.Context) error {
	err := s.poll()
	if err == nil {
		err = s.control.change(s.is, s.wanted, s.member.Addresses)
	}
	mended := s.is.Disk != faults.Sound && s.wanted.Disk == faults.Sound
	if err == nil && mended {
		err = s.poll()
	}
	if err == nil && (!mended || s.seen.SavesFailed == 0) {
		s.is = s.wanted
		s.is.Paused = false
		return nil
	}
	if !s.ends() {
		return fmt.Errorf("server %d: %w", s.member.Place, errors.Join(err, errors.New("the server neither answered nor stopped")))
	}
	if err := s.notice(); err != nil || s.wanted.Disk != faults.Sound {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	return s.tell(ctx)
}

// await waits for the acknowledgement after which the process is to be killed, if such a kill is due.
func (s *server) await(ctx context.Context, a *ackKill) {
	if s.afterAck = a != nil && s.process != nil; !s.afterAck {
		return
	}
	if !s.is.Paused {
		_ = s.poll() // If it does not answer, a later check finds out.
	}
	select {
	case <-a.struck:
	case <-ctx.Done():
	}
}

// begin starts the process and waits until it responds. If its file is to be damaged, refuse runs first.
func (s *server) begin(ctx context.Context) error {
	if err := s.refuse(ctx); err != nil {
		return err
	}
	if err := s.launch(); err != nil {
		return err
	}
	return s.connect(ctx)
}

// ends waits for a process that does not answer to end, and reports whether it does.
func (s *server) ends() bool {
	select {
	case <-s.process.ended:
		return true
	case <-time.After(patience):
		return false
	}
}

// poll adds the faults counted since the last poll.
func (s *server) poll() error {
	now, err := s.control.status()
	if err != nil {
		return err
	}
	was := s.seen
	s.seen = now
	for _, k := range nemesis.Kinds() {
		s.cluster.count(k, k.Occurred(now)-k.Occurred(was))
	}
	return nil
}

// kill kills the process. If possible it polls the counts right before; for a kill after an acknowledgement this was done while waiting,
// because the moment is short.
func (s *server) kill() error {
	if !s.is.Paused && !s.afterAck {
		_ = s.poll()
	}
	if err := s.sent(s.process.cmd.Process.Kill()); err != nil {
		return err
	}
	<-s.process.ended
	s.forget()
	if s.wanted.Harm == (nemesis.Harm{}) { // Otherwise the damage is counted when the server restarts.
		s.cluster.count(nemesis.Kill, 1)
	}
	return nil
}

// sent returns the error of sending a signal to the process. It returns nil if the process has just ended by itself,
// which is noticed later, because ended may not be closed yet.
func (s *server) sent(err error) error {
	if err == nil || s.gone() || errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return fmt.Errorf("server %d: %w", s.member.Place, err)
}

func (s *server) pause() error {
	if err := s.sent(subprocess.Pause(s.process.cmd.Process)); err != nil {
		return err
	}
	s.is.Paused = true
	s.cluster.count(nemesis.Pause, 1)
	return nil
}

func (s *server) resume() error {
	if err := s.sent(subprocess.Resume(s.process.cmd.Process)); err != nil {
		return err
	}
	s.is.Paused = false
	return nil
}

// verify checks at the end that the process is running, and polls its last counts.
func (s *server) verify() error {
	switch {
	case s.process == nil:
		return nil
	case s.gone():
		return s.notice()
	case s.is.Paused:
		return nil
	}
	return s.poll()
}

// stop stops the process, gracefully if that is quick.
func (s *server) stop() error {
	if s.process == nil {
		return nil
	}
	defer s.forget()
	_ = subprocess.Resume(s.process.cmd.Process)
	if err := s.process.cmd.Process.Signal(os.Interrupt); err == nil {
		select {
		case <-s.process.ended:
			return nil
		case <-time.After(2 * time.Second):
		}
	}
	if err := s.sent(s.process.cmd.Process.Kill()); err != nil {
		return err
	}
	<-s.process.ended
	return nil
}
