package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"synod/consistency/oplog"
	"synod/trace"
)

// Job describes how to run a test file with processes.
type Job struct {
	File      string
	Processes ProcessConfig
	Out       io.Writer     // receives the output of the published harness
	History   string        // output file of the history; empty for none
	Slack     time.Duration // see Config
}

// Run runs the test. It returns an error if the test cannot be run at all. The folder of the servers is removed at
// the end, unless the test failed.
func (j Job) Run(ctx context.Context) (Outcome, error) {
	test, err := load(j.File)
	if err != nil {
		return Outcome{}, err
	}
	c := j.Processes
	if c.Server, err = program(c.Server); err != nil {
		return Outcome{}, err
	}
	// The output of the servers and of the harness may be the same file.
	var mu sync.Mutex
	out := locked{&mu, j.Out}
	c.Stdout, c.Stderr = lockedOf(&mu, c.Stdout), lockedOf(&mu, c.Stderr)
	world, err := NewProcesses(test, c)
	if err != nil {
		return Outcome{}, err
	}
	o := Run(ctx, Config{Test: test, World: world, Out: out, Slack: j.Slack})
	err = world.Close()
	if o.Verdict == Violated {
		o.Reason += "; the servers' files are in " + world.Dir()
	} else {
		err = errors.Join(err, world.Remove())
	}
	if j.History != "" {
		err = errors.Join(err, save(j.History, o.History))
	}
	return o, err
}

// Rehearse runs the test on virtual time, the given number of times with consecutive seeds. It returns the outcome of
// the first run that does not pass, or of the last one. Only a single run prints the output of the published harness.
func (j Job) Rehearse(ctx context.Context, seed uint64, runs int) (Outcome, error) {
	test, err := load(j.File)
	if err != nil {
		return Outcome{}, err
	}
	var o Outcome
	var length time.Duration
	for i := range uint64(runs) {
		world, err := NewRehearsal(test, seed+i)
		if err != nil {
			return Outcome{}, err
		}
		c := Config{Test: test, World: world}
		if runs == 1 {
			c.Out = j.Out
		}
		o = Run(ctx, c)
		length += world.Now()
		if o.Verdict != Passed {
			o.Reason += fmt.Sprintf("; again: --rehearse --seed %d", seed+i)
			break
		}
	}
	if o.Verdict == Passed && runs > 1 {
		_, err = fmt.Fprintf(j.Out, "%d runs passed, of %v of virtual time.\n", runs, length.Round(time.Second))
	}
	if j.History != "" {
		err = errors.Join(err, save(j.History, o.History))
	}
	return o, err
}

// ConvertFile prints a test converted from a trace file; see Convert.
func ConvertFile(file string, out io.Writer) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	d, err := trace.ReadJSON(f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	t, err := Convert(d)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return t.Write(out)
}

func load(file string) (Test, error) {
	f, err := os.Open(file)
	if err != nil {
		return Test{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return Test{}, err
	}
	return Parse(file, data)
}

// program resolves a command so that it can be run from any folder.
func program(command []string) ([]string, error) {
	path, err := exec.LookPath(command[0])
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return nil, fmt.Errorf("the program of the servers: %w", err)
	}
	return append([]string{path}, command[1:]...), nil
}

// save writes a history to a file.
func save(file string, h oplog.History) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w, err := oplog.NewWriter(f, h.Header, nil)
	for _, e := range h.Events {
		if err == nil {
			err = w.Write(e)
		}
	}
	return errors.Join(err, f.Close())
}

// locked is a writer that shares a mutex with others.
type locked struct {
	mu  *sync.Mutex
	out io.Writer
}

func lockedOf(mu *sync.Mutex, out io.Writer) io.Writer {
	if out == nil {
		return nil
	}
	return locked{mu, out}
}

func (l locked) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(data)
}
