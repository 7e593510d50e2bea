// Package host runs servers of a cluster in this process: it binds their sockets, opens their stores, and adds the
// configured extras: a record, fault injection, metrics, and health pages.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/faults"
	"synod/spawn/record"
	"synod/spawn/secure"
	"synod/spawn/transports"
	"synod/storage"
)

// Member is a server of the cluster.
type Member struct {
	Bind netip.AddrPort // address to listen on, if in this process; port 0 for a free port
	// Name is the address that the others use; not valid to use the bound address.
	Name netip.AddrPort
}

// Config configures the servers. Program, Members, Transport and Log are required.
type Config struct {
	Program   spawn.Program
	Variant   map[string]string // of the program, for the record
	Members   []Member          // all servers of the cluster
	Only      int               // index of the one that runs in this process; −1 for all
	Transport string            // a name of package transports
	Identity  *secure.Identity  // of the servers; nil for none
	DataDir   string            // folder of the saved state; empty for a new temporary one
	Ephemeral bool              // servers do not save state
	Metrics   string            // address for serving metrics; empty for none
	Heartbeat time.Duration     // interval between heartbeats to the others; 0 for none
	Record    string            // file to which every event is appended; empty for none
	Faults    faults.Plan       // faults of every message
	Control   bool              // faults can be changed through sockets in the folder
	Seed      uint64            // of faults, timers and choices
	Log       *slog.Logger
}

// Host runs servers in this process. It is not safe for concurrent use.
type Host struct {
	Config
	ids       []actor.ID // of all servers, in ascending order
	identity  string     // of the cluster, in files
	dir       string     // empty for none
	temporary bool       // dir was not named by the user
	servers   []*Server
	metrics   net.Listener   // nil for none
	record    *record.File   // nil for none
	closers   []func() error // called by Close in reverse order
}

// Server is a server of this process.
type Server struct {
	spawn.Config
	Address     netip.AddrPort
	connections func() spawn.Connections // nil if the transport does not support it
	peers       func() []spawn.Peer      // also nil if not supported
	stopped     atomic.Bool
}

// Open opens all sockets and files. After an error nothing remains open, and no temporary folder is left.
func Open(c Config) (*Host, error) {
	h := &Host{Config: c}
	h.Members = slices.Clone(c.Members)
	if err := h.open(); err != nil {
		return nil, errors.Join(err, h.Close(), h.Sweep())
	}
	return h, nil
}

// Servers returns the servers of this process.
func (s *Host) Servers() []*Server { return s.servers }

// Folder returns the data folder, empty if there is none, and whether it is temporary.
func (s *Host) Folder() (dir string, temporary bool) { return s.dir, s.temporary }

// MetricsAddress returns the address of the metrics server; nil for none.
func (s *Host) MetricsAddress() net.Addr {
	if s.metrics == nil {
		return nil
	}
	return s.metrics.Addr()
}

// Serve runs the servers until the context ends or all have failed. It reports whether any has failed.
func (s *Host) Serve(ctx context.Context) bool {
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

// Close closes what Open opened.
func (s *Host) Close() error {
	var err error
	for i := len(s.closers) - 1; i >= 0; i-- {
		if e := s.closers[i](); e != nil && !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// Sweep removes the temporary folder of servers that did not start, or have stopped in order.
func (s *Host) Sweep() error {
	if !s.temporary {
		return nil
	}
	return os.RemoveAll(s.dir)
}

// open binds the sockets, then opens the files.
func (s *Host) open() error {
	bound := make(map[int]transports.Endpoint)
	names := make([]actor.ID, len(s.Members))
	for i, m := range s.Members {
		if s.Only < 0 || s.Only == i {
			e, err := s.listen(m.Bind)
			if err != nil {
				return err
			}
			s.closers = append(s.closers, e.Close)
			bound[i] = e
			if !m.Name.IsValid() {
				s.Members[i].Name = reachable(e.Address)
			}
		}
		var err error
		if names[i], err = spawn.IDOf(s.Members[i].Name); err != nil {
			return err
		}
	}
	s.ids = actor.Others(names, ^actor.ID(0)) // in ascending order
	saved, err := s.Program.Admits(s.ids)
	if err != nil {
		return err
	}
	s.identity = s.Cluster()
	if saved != "" {
		s.identity += ", " + saved
	}
	for _, open := range []func() error{s.listenMetrics, s.openFolder, s.openRecord} {
		if err := open(); err != nil {
			return err
		}
	}
	for i := range s.Members {
		if e, ok := bound[i]; ok {
			if err := s.openServer(i, names[i], e); err != nil {
				return err
			}
		}
	}
	s.serveMetrics()
	return nil
}

func (s *Host) listen(at netip.AddrPort) (transports.Endpoint, error) {
	t, err := transports.Find(s.Transport)
	if err != nil {
		return transports.Endpoint{}, err
	}
	e, err := t.Listen(at, s.Identity)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return e, fmt.Errorf("the port %d of %v is in use: choose another one, or 0 for any free port",
			at.Port(), at.Addr())
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return e, fmt.Errorf("%v is not an address of this machine", at.Addr())
	case err != nil:
		return e, fmt.Errorf("cannot bind %v: %w", at, err)
	}
	return e, nil
}

// reachable returns the address that servers of one process use for a socket: the loopback address if it is bound to
// all addresses of the machine.
func reachable(bound netip.AddrPort) netip.AddrPort {
	if bound.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), bound.Port())
	}
	return bound
}

// openFolder creates the data folder, if one is needed.
func (s *Host) openFolder() error {
	if durable := s.Program.Keeps(s.ids) && !s.Ephemeral; !durable && !s.Control && s.DataDir == "" {
		return nil
	}
	var err error
	if s.dir = s.DataDir; s.dir == "" {
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

// openServer creates a server.
func (s *Host) openServer(at int, id actor.ID, e transports.Endpoint) error {
	random := rand.NewPCG(s.Seed, uint64(at))
	machine := s.Program.New(id, s.ids, !s.Ephemeral, random)
	address := s.Members[at].Name
	r := &Server{Address: address, Config: spawn.Config{
		Machine: machine, Metrics: new(spawn.Metrics), Log: s.Log.With("server", address.String()),
	}}
	if machine.Durable() {
		file, err := storage.Open(s.dir, storage.Identity{
			Model: s.Program.Model, Version: s.Program.Version, Actor: id, Cluster: s.identity,
		})
		if err != nil {
			return fmt.Errorf("the data folder: %w", err)
		}
		s.closers = append(s.closers, file.Close)
		r.Store = file
	}
	quorum := actor.Majority(len(s.ids))
	if s.Program.Alone {
		quorum = 0
	}
	r.Pulse = spawn.NewPulse(id, s.ids, s.Heartbeat, quorum)
	r.Transport = e.Serve(id, s.ids)
	if c, ok := r.Transport.(spawn.Connected); ok {
		r.connections = c.Connections
	}
	if p, ok := r.Transport.(spawn.Peering); ok {
		r.peers = p.Peers
	}
	s.closers = append(s.closers, r.Transport.Close)
	if s.Faults != (faults.Plan{}) || s.Control {
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

// openFaults adds fault injection to a server.
func (s *Host) openFaults(r *Server, at int, id actor.ID) error {
	t := faults.Wrap(r.Transport, s.ids, s.Faults, rand.NewPCG(^s.Seed, uint64(at)))
	s.closers = append(s.closers, t.Close)
	r.Transport = t
	if !s.Control {
		return nil
	}
	injector := &faults.Injector{Transport: t, Resolve: s.resolve}
	if r.Store != nil {
		injector.Store = faults.WrapStore(r.Store, &t.Counts, rand.NewPCG(^s.Seed, uint64(at+len(s.Members))))
		r.Store = injector.Store
	}
	control, err := faults.Serve(filepath.Join(s.dir, ControlName(id)), injector)
	if err != nil {
		return fmt.Errorf("the control socket: %w", err)
	}
	s.closers = append(s.closers, control.Close)
	return nil
}

// ControlName returns the name of a server's control socket in the data folder.
func ControlName(id actor.ID) string { return id.String() + ".control" }

// resolve returns the id of the server at an address.
func (s *Host) resolve(text string) (actor.ID, error) {
	addr, err := spawn.ResolveAddress(text)
	if err != nil {
		return 0, err
	}
	for i, m := range s.Members {
		if m.Name == addr {
			return spawn.IDOf(s.Members[i].Name)
		}
	}
	return 0, fmt.Errorf("expected a server of the cluster: %s", s.Cluster())
}

// Cluster returns the addresses of all servers, in ascending order of their ids.
func (s *Host) Cluster() string {
	var names []string
	for _, id := range s.ids {
		names = append(names, spawn.Describe(id))
	}
	return strings.Join(names, ",")
}
