// Package torture runs the servers of a cluster as processes and injects the faults of a schedule. The processes end
// with the one that started them, as far as the system allows.
package torture

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"synod/internal/ports"
	"synod/internal/subprocess"
	"synod/internal/wait"
	"synod/spawn"
	"synod/spawn/faults"
	"synod/spawn/nemesis"
)

// Member is a server of a cluster, for the command that runs it.
type Member struct {
	Place     int              // from 0
	Addresses []netip.AddrPort // of all servers, by their places
	Dir       string           // the server's own folder, which exists
	Runs      int              // how often it was started before
}

// Config configures a cluster.
type Config struct {
	Servers int
	Port    uint16 // of the first server, the others have the following ones; 0 for free ones
	Dir     string // an existing folder, in which each server gets a folder, server-0 and so on
	// Command returns a new command that runs a server. The server must serve an injector of package faults on the
	// socket returned by Control as soon as it accepts clients, and must exit if it cannot save. Command must be safe
	// for concurrent use.
	Command func(m Member) *exec.Cmd
	// Quiescer pauses the clients for kill-after-ack faults. Without it these are ordinary kills.
	Quiescer Quiescer
}

// Folder returns the folder of a server in that of a cluster.
func Folder(dir string, place int) string { return filepath.Join(dir, "server-"+strconv.Itoa(place)) }

// Control returns the path of the socket on which a server serves its injector. It returns an error if the path is
// too long for some systems.
func Control(m Member) (string, error) {
	id, err := spawn.IDOf(m.Addresses[m.Place])
	path := filepath.Join(m.Dir, id.String()+".control")
	if err == nil {
		err = faults.Room(path)
	}
	return path, err
}

// Cluster is a running cluster. Its methods are not safe for concurrent use, except Tally and Close.
type Cluster struct {
	Addresses []netip.AddrPort

	servers  []*server
	block    *ports.Block
	starter  *subprocess.Starter
	done     sync.WaitGroup
	once     sync.Once
	quiescer Quiescer

	mu            sync.Mutex
	tally         nemesis.Tally
	killsAfterAck int
}

// ErrStopped reports that a server stopped without a fault that would allow it to.
var ErrStopped = errors.New("a server stopped by itself")

// ErrAccepted reports that a server started with a damaged file, or changed one that it refused.
var ErrAccepted = errors.New("a server did not notice damage")

// attempts is how often Start chooses other ports if free ones are taken before the servers use them.
const attempts = 5

// Start starts a cluster, whose servers accept requests when it returns. Close it unless Start returned an error.
func Start(ctx context.Context, c Config) (*Cluster, error) {
	var err error
	for range attempts {
		var cluster *Cluster
		if cluster, err = start(ctx, c); err == nil {
			return cluster, nil
		}
		if ctx.Err() != nil || !errors.Is(err, ErrStopped) {
			break
		}
	}
	return nil, err
}

// ports takes the ports of the servers.
func (c Config) ports() (*ports.Block, error) {
	if c.Port != 0 {
		return ports.From(c.Port, c.Servers)
	}
	return ports.Take(c.Servers)
}

func start(ctx context.Context, c Config) (*Cluster, error) {
	block, err := c.ports()
	if err != nil {
		return nil, err
	}
	cluster := &Cluster{Addresses: block.Addresses, block: block, starter: subprocess.NewStarter(), quiescer: c.Quiescer}
	for i := range c.Servers {
		m := Member{Place: i, Addresses: block.Addresses, Dir: Folder(c.Dir, i)}
		s := &server{cluster: cluster, member: m, command: c.Command}
		cluster.servers = append(cluster.servers, s)
		if _, err := Control(m); err != nil {
			return nil, errors.Join(err, cluster.Close())
		}
		if err := os.MkdirAll(m.Dir, 0o700); err != nil {
			return nil, errors.Join(err, cluster.Close())
		}
		if err := s.launch(); err != nil {
			return nil, errors.Join(err, cluster.Close())
		}
	}
	for _, s := range cluster.servers {
		if err := s.connect(ctx); err != nil {
			return nil, errors.Join(err, cluster.Close())
		}
	}
	return cluster, nil
}

// Obey applies the faults of a schedule to the servers until it ends. When it returns nil, no fault is in effect any
// more. If the context is done first, it returns an error and leaves the servers as they are.
func (c *Cluster) Obey(ctx context.Context, s nemesis.Schedule) error {
	if s.Servers != len(c.servers) {
		return fmt.Errorf("schedule for %d servers, but the cluster has %d", s.Servers, len(c.servers))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	began := time.Now()
	var all []*ackKill
	var wg sync.WaitGroup
	if c.quiescer != nil {
		all = ackKills(s)
		wg.Go(func() { c.killAfterAcks(ctx, began, all) })
	}
	for _, server := range c.servers {
		// Each server has its own pace: a slow start does not delay the faults of the others.
		wg.Go(func() {
			if err := server.obey(ctx, began, s, all); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// obey applies a schedule to one server.
func (s *server) obey(ctx context.Context, began time.Time, schedule nemesis.Schedule, all []*ackKill) error {
	p := ackKillQueue{all, s.member.Place}
	for at, conditions := range schedule.Steps() {
		if !wait.For(ctx, time.Until(began.Add(at))) {
			return nil
		}
		s.await(ctx, p.due(at))
		if err := s.become(ctx, conditions[s.member.Place]); err != nil {
			return err
		}
		p.over(at)
	}
	if !wait.For(ctx, time.Until(began.Add(schedule.Duration))) {
		return nil
	}
	return s.verify()
}

// Tally returns the faults that have taken effect so far.
func (c *Cluster) Tally() nemesis.Tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tally
}

func (c *Cluster) count(k nemesis.Kind, n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tally.Add(k, n)
}

// Close stops all servers, gracefully if that is quick.
func (c *Cluster) Close() error {
	var err error
	c.once.Do(func() {
		var wg sync.WaitGroup
		errs := make([]error, len(c.servers))
		for i, s := range c.servers {
			wg.Go(func() { errs[i] = s.stop() })
		}
		wg.Wait()
		c.done.Wait()
		c.starter.Close()
		err = errors.Join(append(errs, c.block.Close())...)
	})
	return err
}
