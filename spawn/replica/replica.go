// Package replica replicates a machine of package rsm on several servers: [Run] runs a server of Multi-Paxos on
// sockets, with its state on disk, and a [Client] can use any of them. The protocol itself, package multipaxos,
// depends on neither.
package replica

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"synod/actor"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
	"synod/spawn"
	"synod/spawn/jsonwire"
	"synod/spawn/machine"
	"synod/spawn/tcp"
	"synod/storage"
)

const (
	// MaxServers is the maximum number of servers of a cluster.
	MaxServers = 64
	// FirstPeerPort is the default port on which the first server listens for the others; the next servers use the
	// ports that follow.
	FirstPeerPort = 20_000
	// DefaultTimeout is the default time that a server waits for the leader.
	DefaultTimeout = time.Second
	// MaxCommand is the maximum size in bytes of a command or a result in JSON, including its framing. A value of 1 MiB takes
	// six times as much if all of it is escaped.
	MaxCommand = 8 << 20

	resends     = 10 // pings of a leader in the time that others wait for it
	window      = 16 // slots that are in flight at once
	batch       = 64 // commands in a slot, at most
	slotBytes   = 2 * MaxCommand
	partSlots   = 1 << 10       // slots in an answer to a new leader, at most
	partBytes   = 2 * slotBytes // of the commands in it
	mostBetween = 2 * partBytes // bytes of a message between servers

	collect      = 1 << 10  // slots after which a snapshot is made
	retain       = 1 << 8   // slots below it that are remembered, at most
	collectBytes = 16 << 20 // of the commands in either
	chunk        = 1 << 20  // bytes of a snapshot in a message
)

// Config configures a server of a cluster. Count and Peers are the same for all servers.
type Config struct {
	ID      int           // from 0 to Count−1
	Port    int           // port for clients, on 127.0.0.1; 0 for a free port
	Count   int           // number of servers, 1 to MaxServers
	Timeout time.Duration // after which a silent leader is replaced; 0 for DefaultTimeout

	Host  netip.Addr       // IPv4 address to listen on for clients; zero for 127.0.0.1
	Peers []netip.AddrPort // addresses for the other servers; nil for 127.0.0.1 and ports from FirstPeerPort on
	Dir   string           // folder of its file, created if missing; empty for the working directory
	Log   *slog.Logger     // nil for no log
	// Members are the servers that vote at first, in ascending order, among those of Count and Peers; the others execute
	// decided commands. Commands can change the members: all operations, also those of clients, must then be rsm.Change[O].
	// Nil if all servers always vote.
	Members []int
	// LogReads also executes operations that only read (by an rsm.Reader) in slots of the log. Otherwise they are answered
	// after the leader has confirmed its ballot; see multipaxos.Options.ReadIndex.
	LogReads bool
	// Unions list the types that interfaces in operations and results may hold; nil if there are no interfaces. With unions
	// no snapshots are made: a snapshot stores results by encoding/json, which does not support unions.
	Unions []jsonwire.Union
	// Ready is called with the address for clients once they can connect; nil if not needed.
	Ready func(clients netip.AddrPort)
}

// Validate returns an error if the configuration is invalid.
func (c Config) Validate() error {
	switch {
	case c.Count < 1 || c.Count > MaxServers:
		return fmt.Errorf("%d servers: must be 1 to %d", c.Count, MaxServers)
	case c.ID < 0 || c.ID >= c.Count:
		return fmt.Errorf("server %d of %d: must be 0 to %d", c.ID, c.Count, c.Count-1)
	case c.Port < 0 || c.Port > 65_535:
		return fmt.Errorf("port %d: must be 0 to 65535", c.Port)
	case c.Timeout < 0:
		return fmt.Errorf("a timeout of %v: must not be negative", c.Timeout)
	case c.Host.IsValid() && !c.Host.Unmap().Is4():
		return fmt.Errorf("host %v: must be an IPv4 address", c.Host)
	case c.Peers != nil && len(c.Peers) != c.Count:
		return fmt.Errorf("%d addresses of peers: must be %d, one for each server", len(c.Peers), c.Count)
	}
	for i, id := range c.Members {
		if id < 0 || id >= c.Count || i > 0 && id <= c.Members[i-1] {
			return fmt.Errorf("members %v: must be in ascending order, each once, and from 0 to %d", c.Members, c.Count-1)
		}
	}
	if c.Members != nil && len(c.Members) == 0 {
		return errors.New("no members: at least one server must vote, or nil for all")
	}
	for i, p := range c.Peers {
		if !p.Addr().Unmap().Is4() || p.Port() == 0 {
			return fmt.Errorf("peer %d at %v: must be an IPv4 address with a port", i, p)
		}
		for _, q := range c.Peers[:i] {
			if p == q {
				return fmt.Errorf("two peers at %v: each must have an address of its own", p)
			}
		}
	}
	return nil
}

// withDefaults returns the configuration with defaults filled in.
func (c Config) withDefaults() Config {
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if !c.Host.IsValid() {
		c.Host = loopback
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Dir == "" {
		c.Dir = "."
	}
	if c.Peers == nil {
		for i := range c.Count {
			c.Peers = append(c.Peers, netip.AddrPortFrom(loopback, uint16(FirstPeerPort+i)))
		}
	}
	return c
}

// options returns the options of the protocol.
func (c Config) options() multipaxos.Options {
	o := multipaxos.Options{
		Window: window, Batch: batch, Bytes: slotBytes, Part: partSlots, PartBytes: partBytes, Reduce: true, Forward: true,
		Collect: collect, Retain: retain, CollectBytes: collectBytes, Chunk: chunk,
		ReadIndex: !c.LogReads, Adaptive: true, Patience: c.Timeout,
		Resend: max(c.Timeout/resends, time.Millisecond),
	}
	if len(c.Unions) > 0 {
		o.Collect = 0
	}
	return o
}

// Run serves a machine until the context ends, and then returns nil. A restarted server continues from the contents
// of its file. Operations and results must have a JSON form of at most MaxCommand bytes; see package jsonwire.
func Run[S, O, R any](ctx context.Context, c Config, m rsm.Machine[S, O, R]) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if m == nil {
		return errors.New("there is no machine to serve")
	}
	if c.Members != nil {
		return run(ctx, c, rsm.Machine[S, rsm.Change[O], R](rsm.Changing[S, O, R]{Of: m}))
	}
	return run(ctx, c, m)
}

// run serves a machine that changes its members itself, if there are any.
func run[S, O, R any](ctx context.Context, c Config, m rsm.Machine[S, O, R]) (err error) {
	c = c.withDefaults()
	messages, err := Messages[O, R](c.Unions...)
	if err != nil {
		return err
	}
	records, err := NewRecords[O](c.Unions...)
	if err != nil {
		return err
	}
	size, err := sizes[O](c.Unions...)
	if err != nil {
		return err
	}
	transport, clients, err := c.listen()
	if err != nil {
		return err
	}
	file, err := c.open(fmt.Sprintf("%T", m))
	if err != nil {
		return errors.Join(err, transport.Close())
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if c.Ready != nil {
		c.Ready(clients)
	}
	servers := actor.IDs(c.Count)
	server := multipaxos.Server[S, O, R]{
		Options: c.options(), Machine: m, Peers: actor.Others(servers, actor.ID(c.ID)), Size: size,
	}
	for _, id := range c.Members {
		server.Members = append(server.Members, actor.ID(id))
	}
	return spawn.Run(ctx, spawn.Config{
		Machine: machine.New(machine.Config[multipaxos.State[S, O, R], rsm.Message]{
			Self: actor.ID(c.ID), Servers: servers, Actor: server.New(), Wire: messages, Records: records,
			Random: random(), MaxMessage: mostBetween,
		}),
		Transport: transport, Store: file, Log: c.Log,
	})
}

// sizes returns a function that returns the size of a command in messages, including a comma.
func sizes[O any](unions ...jsonwire.Union) (func(rsm.Command[O]) int, error) {
	form, err := jsonwire.NewForm[rsm.Command[O]](unions...)
	if err != nil {
		return nil, err
	}
	return func(c rsm.Command[O]) int {
		data, err := form.Append(nil, c)
		if err != nil {
			return slotBytes + 1 // Sending it would stop the server.
		}
		return len(data) + 1
	}, nil
}

// listen binds the sockets.
func (c Config) listen() (_ *front, clients netip.AddrPort, err error) {
	at := netip.AddrPortFrom(c.Host, uint16(c.Port))
	front, self := newFront(actor.ID(c.ID)), actor.ID(c.ID)
	l, err := listen(at)
	if err != nil {
		return nil, at, err
	}
	l.Log = c.Log
	if c.Count > 1 {
		between, err := listen(c.Peers[c.ID])
		if err != nil {
			return nil, at, errors.Join(err, l.Close())
		}
		between.Log = c.Log
		config := tcp.Config{Addresses: make(map[actor.ID]netip.AddrPort, c.Count), MaxMessage: mostBetween, Private: true}
		for i, p := range c.Peers {
			config.Addresses[actor.ID(i)] = p
		}
		front.add(config.Serve(between, self, actor.IDs(c.Count)), func(id actor.ID) bool { return id < actor.ID(c.Count) })
	}
	front.add(tcp.Config{MaxRequest: MaxCommand}.Serve(l, self, nil), func(actor.ID) bool { return true })
	return front, l.Address(), nil
}

func listen(at netip.AddrPort) (*tcp.Listener, error) {
	l, err := tcp.Listen(at)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the port %d of %v is in use; stop what listens there, or choose another port", at.Port(), at.Addr())
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen at %v: %w", at, err)
	}
	return l, nil
}

// open opens the file of a server of a machine. It returns an error if the file belongs to another cluster or
// machine.
func (c Config) open(model string) (*storage.File, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder: %w", err)
	}
	names := make([]string, len(c.Peers))
	for i, p := range c.Peers {
		names[i] = p.String()
	}
	cluster := strings.Join(names, ",")
	if c.Members != nil {
		cluster += fmt.Sprintf(", at first %v", c.Members)
	}
	return storage.Open(c.Dir, storage.Identity{
		Model: model, Version: Version, Actor: actor.ID(c.ID), Cluster: cluster,
	})
}

// random returns a randomly seeded source.
func random() *rand.PCG {
	var seed [16]byte
	_, _ = crand.Read(seed[:]) // Read never fails.
	return rand.NewPCG(binary.LittleEndian.Uint64(seed[:8]), binary.LittleEndian.Uint64(seed[8:]))
}
