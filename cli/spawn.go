package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/faults"
	"synod/spawn/record"
	"synod/spawn/transports"
	"synod/storage"
)

// exitFailed is the exit code when a server had to stop.
const exitFailed = 1

func (a *app) spawnCommand() *cobra.Command {
	f := &spawnFlags{name: a.name}
	cmd := &cobra.Command{
		Use:   "spawn",
		Short: "Run the servers of a model for real, on sockets of this machine or of several",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := f.plan(cmd.Flags(), a.program)
			if err != nil {
				return err
			}
			ctx, stop := serving()
			defer stop()
			a.code, err = p.run(ctx, a.stdout, a.stderr)
			return err
		},
	}
	f.add(cmd, a.entries)
	return cmd
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%q: expected no argument, only flags; %s --help lists them", args[0], cmd.CommandPath())
	}
	return nil
}

// process is a running spawn.
type process struct {
	spawnPlan
	stdout    io.Writer
	log       *slog.Logger
	ids       []actor.ID // of all servers, in ascending order
	dir       string     // empty if there is none
	temporary bool       // dir has no name from the user
	seed      uint64
	servers   []*runner
	metrics   net.Listener   // nil for none
	record    *record.File   // nil for none
	closers   []func() error // to call at the end, the last one first
}

// runner is a server of this process.
type runner struct {
	spawn.Config
	address     netip.AddrPort
	connections func() spawn.Connections // nil for a transport that has none
	stopped     atomic.Bool
}

// run opens everything, runs the servers until the context ends, and gives the exit code. An error is one of the call.
func (p spawnPlan) run(ctx context.Context, stdout, stderr io.Writer) (int, error) {
	s := &process{spawnPlan: p, stdout: stdout, log: p.flags.logger(stderr), seed: rand.Uint64()}
	if p.explicit {
		s.seed = uint64(p.flags.seed)
	}
	err := s.open()
	if err == nil {
		err = s.greet()
	}
	if err != nil {
		return 0, errors.Join(err, s.close(), s.sweep())
	}
	failed := s.serve(ctx)
	if err := s.close(); err != nil {
		s.log.Error("could not stop in order", "error", err)
		failed = true
	}
	if failed {
		return exitFailed, nil
	}
	if err := s.sweep(); err != nil {
		return 0, err
	}
	_, err = fmt.Fprintln(stdout, "Stopped.")
	return 0, err
}

// serve runs the servers until the context ends or all have failed. It tells whether one has.
func (s *process) serve(ctx context.Context) bool {
	var wg sync.WaitGroup
	failures := make(chan error, len(s.servers))
	for _, r := range s.servers {
		wg.Go(func() {
			if err := spawn.Run(ctx, r.Config); err != nil {
				r.stopped.Store(true)
				r.Log.Error("the server stopped", "error", err)
				failures <- err
			}
		})
	}
	wg.Wait()
	return len(failures) > 0
}

// close closes what open opened.
func (s *process) close() error {
	var err error
	for i := len(s.closers) - 1; i >= 0; i-- {
		if e := s.closers[i](); e != nil && !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// sweep removes the temporary folder of servers that did not begin, or have stopped in order.
func (s *process) sweep() error {
	if !s.temporary {
		return nil
	}
	return os.RemoveAll(s.dir)
}

// open binds the sockets, then opens what is on disk.
func (s *process) open() error {
	bound := make(map[int]transports.Endpoint)
	names := make([]actor.ID, len(s.members))
	for i, m := range s.members {
		if s.only < 0 || s.only == i {
			e, err := s.listen(m.bind)
			if err != nil {
				return err
			}
			s.closers = append(s.closers, e.Close)
			bound[i] = e
			if !m.name.IsValid() {
				s.members[i].name = reachable(e.Address)
			}
		}
		var err error
		if names[i], err = spawn.IDOf(s.members[i].name); err != nil {
			return err
		}
	}
	s.ids = actor.Others(names, ^actor.ID(0)) // in ascending order
	for _, open := range []func() error{s.listenMetrics, s.openFolder, s.openRecord} {
		if err := open(); err != nil {
			return err
		}
	}
	for i := range s.members {
		if e, ok := bound[i]; ok {
			if err := s.openServer(i, names[i], e); err != nil {
				return err
			}
		}
	}
	s.serveMetrics()
	return nil
}

func (s *process) listen(at netip.AddrPort) (transports.Endpoint, error) {
	t, err := transports.Find(s.flags.transport.value)
	if err != nil {
		return transports.Endpoint{}, err
	}
	e, err := t.Listen(at)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return e, fmt.Errorf("the port %d of %v is in use: expected a free one, such as --port 0 finds",
			at.Port(), at.Addr())
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return e, fmt.Errorf("%v is no address of this machine: expected one to bind", at.Addr())
	case err != nil:
		return e, fmt.Errorf("cannot bind %v: %w", at, err)
	}
	return e, nil
}

// reachable gives the address that servers of one process know one another by: that of a socket which is bound to every
// address of the machine is its local one.
func reachable(bound netip.AddrPort) netip.AddrPort {
	if bound.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), bound.Port())
	}
	return bound
}

// keeps tells whether servers of a program keep something, if they may.
func keeps(program spawn.Program, ids []actor.ID) bool {
	return program.New(ids[0], ids, true, rand.NewPCG(0, 0)).Durable()
}

// openFolder makes the folder of the data, if one is needed.
func (s *process) openFolder() error {
	if durable := keeps(s.program, s.ids) && !s.flags.ephemeral; !durable && !s.flags.control && s.flags.dataDir == "" {
		return nil
	}
	var err error
	if s.dir = s.flags.dataDir; s.dir == "" {
		s.dir, err = os.MkdirTemp("", "paxos-")
		s.temporary = err == nil
	} else {
		err = os.MkdirAll(s.dir, 0o700)
	}
	if err != nil {
		return fmt.Errorf("the data folder: %w", err)
	}
	s.dir, err = filepath.Abs(s.dir)
	return err
}

// openServer puts a server together.
func (s *process) openServer(at int, id actor.ID, e transports.Endpoint) error {
	random := rand.NewPCG(s.seed, uint64(at))
	machine := s.program.New(id, s.ids, !s.flags.ephemeral, random)
	address := s.members[at].name
	r := &runner{address: address, Config: spawn.Config{
		Machine: machine, Metrics: new(spawn.Metrics), Log: s.log.With("server", address.String()),
	}}
	if machine.Durable() {
		file, err := storage.Open(s.dir, storage.Identity{
			Model: s.program.Model, Version: s.program.Version, Actor: id, Cluster: s.cluster(),
		})
		if err != nil {
			return fmt.Errorf("the data folder: %w", err)
		}
		s.closers = append(s.closers, file.Close)
		r.Store = file
	}
	quorum := actor.Majority(len(s.ids))
	if s.program.Alone {
		quorum = 0
	}
	r.Pulse = spawn.NewPulse(id, s.ids, time.Duration(s.flags.heartbeat), quorum)
	r.Transport = e.Serve(id, s.ids)
	if c, ok := r.Transport.(spawn.Connected); ok {
		r.connections = c.Connections
	}
	s.closers = append(s.closers, r.Transport.Close)
	if s.faults != (faults.Plan{}) || s.flags.control {
		if err := s.openFaults(r, at, id); err != nil {
			return err
		}
	}
	if err := s.openRecorder(r, id); err != nil {
		return err
	}
	s.servers = append(s.servers, r)
	return nil
}

// openFaults puts faults around a server.
func (s *process) openFaults(r *runner, at int, id actor.ID) error {
	t := faults.Wrap(r.Transport, s.ids, s.faults, rand.NewPCG(^s.seed, uint64(at)))
	s.closers = append(s.closers, t.Close)
	r.Transport = t
	if !s.flags.control {
		return nil
	}
	injector := &faults.Injector{Transport: t, Resolve: s.resolve}
	if r.Store != nil {
		injector.Store = faults.WrapStore(r.Store, &t.Counts, rand.NewPCG(^s.seed, uint64(at+len(s.members))))
		r.Store = injector.Store
	}
	control, err := faults.Serve(filepath.Join(s.dir, controlName(id)), injector)
	if err != nil {
		return fmt.Errorf("the control socket: %w", err)
	}
	s.closers = append(s.closers, control.Close)
	return nil
}

// controlName is the name of a server's control socket in the data folder.
func controlName(id actor.ID) string { return id.String() + ".control" }

// resolve gives the server at an address.
func (s *process) resolve(text string) (actor.ID, error) {
	addr, err := resolvePort(text)
	if err != nil {
		return 0, err
	}
	for i, m := range s.members {
		if m.name == addr {
			return spawn.IDOf(s.members[i].name)
		}
	}
	return 0, fmt.Errorf("expected a server of the cluster: %s", s.cluster())
}

// cluster names all servers, in ascending order of their ids.
func (s *process) cluster() string {
	var names []string
	for _, id := range s.ids {
		names = append(names, spawn.Describe(id))
	}
	return strings.Join(names, ",")
}
