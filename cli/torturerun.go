package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"synod/actor"
	"synod/consistency"
	"synod/consistency/oplog"
	"synod/spawn"
	"synod/spawn/client"
	"synod/spawn/crowd"
	"synod/spawn/nemesis"
	"synod/spawn/replay"
	"synod/spawn/torture"
	"synod/spawn/transports"
)

// ordeal is what became of one run.
type ordeal struct {
	dir      string
	counts   crowd.Counts
	tally    nemesis.Tally
	ambushes int // kills that came right after an answer
	checked  oplog.Result
	stopped  error          // a server that stopped by itself, or did not notice damage
	replayed *replay.Result // nil if nothing was, or it is not the model's
	deviates error          // why it is not the model's, a *replay.Deviation
	elapsed  time.Duration
	finished bool // the run went to its end
}

// violated tells whether the run showed that something is wrong.
func (o *ordeal) violated() bool {
	return o.stopped != nil || o.deviates != nil || o.checked.Outcome == consistency.Violated
}

// inquest takes what the clients of a run see: it writes the history and judges it as it comes in.
type inquest struct {
	events  chan oplog.Event
	done    sync.WaitGroup
	err     error
	writer  *oplog.Writer
	checker *oplog.Checker
	lines   int
}

// queuedEvents is how many events may wait to be judged; then clients wait.
const queuedEvents = 10_000

// headerLines is how many lines of a history stand before the first event.
const headerLines = 1

// open begins a history. When something is wrong it calls stop, once.
func (q *inquest) open(ctx context.Context, out io.Writer, check oplog.Config, about string, stop func()) error {
	var err error
	if q.writer, err = oplog.NewWriter(out, oplog.Header{Spec: check.Spec, About: about}, nil); err != nil {
		return err
	}
	if q.checker, err = oplog.NewChecker(check); err != nil {
		return err
	}
	q.events = make(chan oplog.Event, queuedEvents)
	q.lines = headerLines
	q.done.Go(func() {
		for e := range q.events {
			q.take(ctx, e)
			if q.err != nil || q.checker.Violated() {
				stop()
			}
		}
	})
	return nil
}

func (q *inquest) take(ctx context.Context, e oplog.Event) {
	if q.err != nil {
		return
	}
	q.lines++
	e.Line = q.lines
	if q.err = q.writer.Write(e); q.err == nil {
		q.err = q.checker.Event(ctx, e)
	}
}

// finish gives the verdict, once nothing more is recorded.
func (q *inquest) finish(ctx context.Context) (oplog.Result, error) {
	close(q.events)
	q.done.Wait()
	r := q.checker.Finish(ctx)
	r.Explain(ctx)
	return r, q.err
}

// checkPatience is how long the last windows of a history may take to be judged.
const checkPatience = time.Minute

// ordeal runs the cluster once under a schedule, in a folder that is there. The error is one that has nothing to do with the
// servers.
func (a *app) ordeal(ctx context.Context, p *torturePlan, s nemesis.Schedule, dir string) (*ordeal, error) {
	o := &ordeal{dir: dir}
	began := time.Now()
	command, err := p.command()
	if err != nil {
		return o, err
	}
	lull := new(crowd.Lull)
	cluster, err := torture.Start(ctx, torture.Config{Servers: s.Servers, Port: uint16(p.flags.port), Dir: dir, Command: command, Lull: lull})
	if err != nil {
		return o, err
	}
	defer cluster.Close()
	file, err := os.Create(filepath.Join(dir, historyName))
	if err != nil {
		return o, err
	}
	defer file.Close()
	working, stop := context.WithCancel(ctx)
	defer stop()
	checking, late := context.WithCancel(ctx)
	defer late()
	var q inquest
	if err := q.open(checking, file, p.entry.Servers.Service.Check(), p.about(), stop); err != nil {
		return o, err
	}
	torturing, end := context.WithCancelCause(working)
	var wg sync.WaitGroup
	var crowdErr error
	wg.Go(func() {
		o.counts, crowdErr = p.crowd(torturing, cluster.Addresses, lull, q.events)
		if crowdErr != nil {
			stop()
		}
	})
	obeyed := cluster.Obey(working, s)
	end(nil)
	wg.Wait()
	patience := time.AfterFunc(checkPatience, late)
	defer patience.Stop()
	o.checked, err = q.finish(checking)
	o.finished = obeyed == nil && ctx.Err() == nil
	o.tally, o.ambushes, o.elapsed = cluster.Tally(), cluster.Ambushes(), time.Since(began)
	if errors.Is(obeyed, torture.ErrStopped) || errors.Is(obeyed, torture.ErrAccepted) {
		o.stopped, obeyed = obeyed, nil
	}
	if working.Err() != nil {
		obeyed = nil // It ended early since it was to.
	}
	err = errors.Join(obeyed, err, crowdErr, cluster.Close(), file.Close())
	if err == nil && p.flags.record && ctx.Err() == nil {
		err = a.replayed(ctx, o, s.Servers)
	}
	return o, err
}

// recordName is a server's record, in its own folder.
const recordName = "record.ndjson"

// replayed holds the records of a run against the model. The end of the context ends that.
func (a *app) replayed(ctx context.Context, o *ordeal, servers int) error {
	var files []string
	for i := range servers {
		files = append(files, filepath.Join(torture.Folder(o.dir, i), recordName))
	}
	records, err := replay.Open(files...)
	if err != nil {
		return err
	}
	defer records.Close()
	o.replayed, err = records.Run(replay.Config{
		Program: a.programOf, Visit: func(*replay.Event, *replay.Run) error { return ctx.Err() },
	})
	var deviation *replay.Deviation
	switch {
	case errors.As(err, &deviation):
		o.deviates, err = deviation, nil
	case ctx.Err() != nil:
		o.finished, o.replayed, err = false, nil, nil
	}
	return err
}

// about says in a history where it comes from.
func (p *torturePlan) about() string {
	return fmt.Sprintf("%s, %d servers on %s, %d clients, seed %d",
		p.flags.model, p.schedule.Servers, p.flags.transport.value, p.workload.Clients, p.seed)
}

// command gives what runs a server: this very program, as spawn.
func (p *torturePlan) command() (func(torture.Member) *exec.Cmd, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("this program cannot find itself to run servers: %w", err)
	}
	name := os.Args[0]
	return func(m torture.Member) *exec.Cmd {
		var peers []string
		for _, a := range m.Addresses {
			peers = append(peers, a.String())
		}
		// A server that starts again draws other numbers than before.
		seed := p.seed + uint64(m.Runs)<<32
		args := []string{
			"spawn", "--model", p.flags.model, "--transport", p.flags.transport.value, "--only", strconv.Itoa(m.Place),
			"--peers", strings.Join(peers, ","), "--data-dir", m.Dir, "--control", "--seed", strconv.FormatUint(seed, 10),
		}
		if p.flags.record {
			args = append(args, "--record", filepath.Join(m.Dir, recordName))
		}
		args = append(args, variantFlags(p.entry, p.variant)...)
		cmd := exec.Command(path, args...)
		cmd.Args[0] = name
		return cmd
	}, nil
}

// crowd lets the clients work until the context ends.
func (p *torturePlan) crowd(
	ctx context.Context, addresses []netip.AddrPort, lull *crowd.Lull, events chan<- oplog.Event,
) (crowd.Counts, error) {
	var servers []actor.ID
	for _, a := range addresses {
		id, err := spawn.IDOf(a)
		if err != nil {
			return crowd.Counts{}, err
		}
		servers = append(servers, id)
	}
	var open []spawn.Transport
	defer func() {
		for _, t := range open {
			t.Close()
		}
	}()
	timeout, patience := time.Duration(p.flags.timeout), time.Duration(p.flags.patience)
	connect := func() (client.Config, error) {
		c := client.Config{Servers: servers, Timeout: timeout, Retries: p.flags.retries()}
		carrier, err := transports.Find(p.flags.transport.value)
		if err != nil {
			return c, err
		}
		if c.Transport, err = carrier.Dial(netip.MustParseAddrPort("127.0.0.1:0")); err != nil {
			return c, err
		}
		open = append(open, c.Transport)
		return c, nil
	}
	return crowd.Run(ctx, crowd.Config{
		Service: p.entry.Servers.Service, Workload: p.workload, Seed: p.seed, Connect: connect, Patience: patience, Lull: lull,
		Record: func(e oplog.Event) { events <- e },
	})
}
