package torture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"synod/actor"
	"synod/consistency"
	"synod/consistency/oplog"
	"synod/spawn"
	"synod/spawn/client"
	"synod/spawn/crowd"
	"synod/spawn/nemesis"
	"synod/spawn/record"
	"synod/spawn/replay"
	"synod/spawn/service"
	"synod/spawn/transports"
)

// Plan configures a trial.
type Plan struct {
	Model     string // model of the servers
	Service   service.Service
	Transport string                   // a name of package transports
	Port      uint16                   // of the first server; the others use the next ones; 0 for free ports
	Command   func(m Member) *exec.Cmd // see Config; if Program is set, it must record into RecordFile
	// Program returns the program of the servers that wrote a record, for replaying it. It is nil if servers do not
	// record.
	Program func(h *record.Header) (spawn.Program, error)

	Workload nemesis.Workload
	Schedule nemesis.Schedule
	Seed     uint64         // for the clients
	Timeout  time.Duration  // of each attempt
	Patience time.Duration  // time limit of an operation, at least Timeout
	Kinds    []nemesis.Kind // faults that must occur for the trial to count as evidence
	Least    int            // minimum number of acknowledged operations for evidence
}

// Retries returns the number of retries of an operation within Patience.
func (p *Plan) Retries() int { return int((p.Patience - 1) / p.Timeout) }

// Files in the folder of a trial, beside the folders of the servers.
const (
	HistoryName  = "history.ndjson"
	PageName     = "violation.html"
	ScheduleName = "schedule.json"
	ShrunkName   = "shrunk.json"
)

// RecordFile returns the path of a server's record.
func RecordFile(m Member) string { return filepath.Join(m.Dir, recordName) }

// recordName is the name of a server's record in its folder.
const recordName = "record.ndjson"

// Trial is the result of a run.
type Trial struct {
	plan *Plan
	dir  string

	counts        crowd.Counts
	tally         nemesis.Tally
	killsAfterAck int
	checked       oplog.Result
	stopped       error          // a server stopped by itself, or did not detect damage
	replayed      *replay.Result // nil if nothing was replayed, or the model does not admit the run
	deviates      error          // why the model does not admit the run, a *replay.Deviation
	breaks        error          // the broken invariant, a *replay.Violation
	elapsed       time.Duration
	finished      bool // the run was not interrupted
}

// violated reports whether the run detected a violation.
func (o *Trial) violated() bool {
	return o.stopped != nil || o.deviates != nil || o.breaks != nil || o.checked.Outcome == consistency.Violated
}

// checkPatience is the time limit for checking the last windows of a history.
const checkPatience = time.Minute

// Run runs the cluster once in an existing folder, and writes the schedule and the history into it. It returns an
// error only for failures that are not due to the servers.
func (p *Plan) Run(ctx context.Context, dir string) (*Trial, error) {
	if err := writeFile(filepath.Join(dir, ScheduleName), p.Schedule.Write); err != nil {
		return nil, err
	}
	return p.run(ctx, p.Schedule, dir)
}

// run runs the cluster under the given schedule.
func (p *Plan) run(ctx context.Context, s nemesis.Schedule, dir string) (*Trial, error) {
	o := &Trial{plan: p, dir: dir}
	began := time.Now()
	quiescer := new(crowd.Quiescer)
	cluster, err := Start(ctx, Config{Servers: s.Servers, Port: p.Port, Dir: dir, Command: p.Command, Quiescer: quiescer})
	if err != nil {
		return o, err
	}
	defer cluster.Close()
	file, err := os.Create(filepath.Join(dir, HistoryName))
	if err != nil {
		return o, err
	}
	defer file.Close()
	working, stop := context.WithCancel(ctx)
	defer stop()
	checking, late := context.WithCancelCause(ctx)
	defer late(nil)
	var q inquest
	if err := q.open(checking, file, p.Service.Check(), p.about(), stop); err != nil {
		return o, err
	}
	torturing, end := context.WithCancelCause(working)
	var wg sync.WaitGroup
	var crowdErr error
	wg.Go(func() {
		o.counts, crowdErr = p.crowd(torturing, cluster.Addresses, quiescer, q.events)
		if crowdErr != nil {
			stop()
		}
	})
	obeyed := cluster.Obey(working, s)
	end(nil)
	// Clients may also be waiting for the check.
	patience := time.AfterFunc(checkPatience, func() { late(context.DeadlineExceeded) })
	defer patience.Stop()
	wg.Wait()
	o.checked, err = q.finish(checking)
	o.finished = obeyed == nil && ctx.Err() == nil
	o.tally, o.killsAfterAck, o.elapsed = cluster.Tally(), cluster.KillsAfterAck(), time.Since(began)
	if errors.Is(obeyed, ErrStopped) || errors.Is(obeyed, ErrAccepted) {
		o.stopped, obeyed = obeyed, nil
	}
	if working.Err() != nil {
		obeyed = nil // It was stopped on purpose.
	}
	err = errors.Join(obeyed, err, crowdErr, cluster.Close(), file.Close())
	if err == nil && p.Program != nil && ctx.Err() == nil {
		err = o.replay(ctx, s.Servers)
	}
	return o, err
}

// replay validates the records of a run against the model. It stops when the context ends.
func (o *Trial) replay(ctx context.Context, servers int) error {
	var files []string
	for i := range servers {
		files = append(files, filepath.Join(Folder(o.dir, i), recordName))
	}
	records, err := replay.Open(files...)
	if err != nil {
		return err
	}
	defer records.Close()
	o.replayed, err = records.Run(replay.Config{
		Program: o.plan.Program, Visit: func(*replay.Event, *replay.Run) error { return ctx.Err() },
	})
	var deviation *replay.Deviation
	var violation *replay.Violation
	switch {
	case errors.As(err, &violation):
		o.breaks, err = violation, nil
	case errors.As(err, &deviation):
		o.deviates, err = deviation, nil
	case ctx.Err() != nil:
		o.finished, o.replayed, err = false, nil, nil
	}
	return err
}

// about describes the origin of a history.
func (p *Plan) about() string {
	return fmt.Sprintf("%s, %d servers on %s, %d clients, seed %d",
		p.Model, p.Schedule.Servers, p.Transport, p.Workload.Clients, p.Seed)
}

// crowd runs the clients until the context ends.
func (p *Plan) crowd(
	ctx context.Context, addresses []netip.AddrPort, quiescer *crowd.Quiescer, events chan<- oplog.Event,
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
	connect := func() (client.Config, error) {
		c := client.Config{Servers: servers, Timeout: p.Timeout, Retries: p.Retries()}
		carrier, err := transports.Find(p.Transport)
		if err != nil {
			return c, err
		}
		if c.Transport, err = carrier.Dial(netip.MustParseAddrPort("127.0.0.1:0"), nil); err != nil {
			return c, err
		}
		open = append(open, c.Transport)
		return c, nil
	}
	return crowd.Run(ctx, crowd.Config{
		Service: p.Service, Workload: p.Workload, Seed: p.Seed, Connect: connect, Patience: p.Patience, Quiescer: quiescer,
		Record: func(e oplog.Event) { events <- e },
	})
}

// writeFile creates a file with the output of a function.
func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
