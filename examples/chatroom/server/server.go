// Package server serves a chatroom on sockets: clients at one port, with the protocol of the published programs, and
// the other servers of the cluster at another port.
package server

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"synod/actor"
	"synod/examples/chatroom"
	"synod/spawn"
	"synod/spawn/faults"
	"synod/spawn/tcp"
	"synod/storage"
)

// MaxServers is the maximum number of servers of a cluster.
const MaxServers = 64

// FirstPeerPort is the default port on which the first server listens for the others; the next servers use the ports
// that follow.
const FirstPeerPort = 20_000

// DefaultTimeout is the default time that servers wait for a leader.
const DefaultTimeout = time.Second

// Config configures a server.
type Config struct {
	ID      int              // from 0
	Count   int              // number of all servers, 1 to MaxServers
	Clients netip.AddrPort   // address to listen on for clients; port 0 for a free port
	Peers   []netip.AddrPort // addresses on which the servers listen for each other; nil for ports from FirstPeerPort on
	Timeout time.Duration    // time without a message of the leader; 0 for DefaultTimeout
	Dir     string           // folder of the server's file; empty for the working directory
	Fresh   bool             // remove the file first
	Members []int            // servers that vote initially, if clients can change them; nil if all servers always vote
	Control string           // path of the control socket for faults; empty for none
	Log     *slog.Logger     // from NewLog or any other; nil for no log
	// Ready is called with the bound address for clients; nil if not needed.
	Ready func(clients netip.AddrPort)
}

// Validate returns an error if the configuration is invalid.
func (c Config) Validate() error {
	switch {
	case c.Count < 1 || c.Count > MaxServers:
		return fmt.Errorf("%d servers: must be 1 to %d", c.Count, MaxServers)
	case c.ID < 0 || c.ID >= c.Count:
		return fmt.Errorf("server %d of %d: must be 0 to %d", c.ID, c.Count, c.Count-1)
	case c.Timeout < 0:
		return fmt.Errorf("a timeout of %v: must not be negative", c.Timeout)
	case c.Peers != nil && len(c.Peers) != c.Count:
		return fmt.Errorf("the addresses of %d servers: must be %d", len(c.Peers), c.Count)
	}
	if c.Members != nil {
		if _, err := chatroom.ParseMembers(chatroom.MembersText(c.Members), c.Count); err != nil {
			return err
		}
	}
	for i, p := range c.Peers {
		for _, q := range c.Peers[:i] {
			if p == q {
				return fmt.Errorf("two servers at %v: each must have an address of its own", p)
			}
		}
	}
	return nil
}

// peers returns the addresses on which the servers listen for each other.
func (c Config) peers() map[actor.ID]netip.AddrPort {
	all := make(map[actor.ID]netip.AddrPort, c.Count)
	for i := range c.Count {
		at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(FirstPeerPort+i))
		if c.Peers != nil {
			at = c.Peers[i]
		}
		all[actor.ID(i)] = at
	}
	return all
}

// Run serves until the context ends, and then returns nil. It listens for clients before it opens its file, so that
// they can connect early.
func Run(ctx context.Context, c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	listener, err := listen(c.Clients)
	if err != nil {
		return err
	}
	defer listener.Close()
	if c.Ready != nil {
		c.Ready(listener.Addr().(*net.TCPAddr).AddrPort())
	}
	addresses := c.peers()
	peers, err := tcp.Listen(addresses[actor.ID(c.ID)])
	if err != nil {
		return explain(err, addresses[actor.ID(c.ID)])
	}
	defer peers.Close()
	peers.Log = target(c.Log, "peers", 0)
	room := c.room()
	file, err := c.open(room)
	if err != nil {
		return err
	}
	defer file.Close()
	c.Log.Info("listening", "clients", listener.Addr(), "servers", peers.Address(), "file", file.Path())
	between := tcp.Config{Addresses: addresses, MaxMessage: room.MaxBetween(), Private: true}
	var transport spawn.Transport = between.Serve(peers, room.ID, room.Servers)
	var store spawn.Store = file
	if c.Control != "" {
		wrapped := faults.Wrap(transport, room.Servers, faults.Plan{}, mathrand.NewPCG(seed(), 0))
		injector := &faults.Injector{Transport: wrapped, Resolve: resolve(c.Count)}
		injector.Store = faults.WrapStore(store, &wrapped.Counts, mathrand.NewPCG(seed(), 1))
		control, err := faults.Serve(c.Control, injector)
		if err != nil {
			return errors.Join(fmt.Errorf("the control socket: %w", err), wrapped.Close())
		}
		defer control.Close()
		transport, store = wrapped, injector.Store
	}
	return spawn.Run(ctx, spawn.Config{
		Machine:   room.Machine(mathrand.NewPCG(seed(), uint64(c.ID))),
		Transport: newFront(listener, transport, room, seed(), target(c.Log, "clients", 0)),
		Store:     store,
		// Package spawn's info messages are debug messages here.
		Log: target(c.Log, "paxos", slog.LevelInfo-slog.LevelDebug),
	})
}

// room returns the configuration of the actor.
func (c Config) room() chatroom.Config {
	room := chatroom.Config{ID: actor.ID(c.ID), Servers: actor.IDs(c.Count), Timeout: c.Timeout, Durable: true}
	for _, id := range slices.Sorted(slices.Values(c.Members)) {
		room.Members = append(room.Members, actor.ID(id))
	}
	return room
}

// seed returns a random number.
func seed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // Read never fails.
	return binary.LittleEndian.Uint64(b[:])
}

func listen(at netip.AddrPort) (*net.TCPListener, error) {
	l, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(at))
	if err != nil {
		return nil, explain(err, at)
	}
	return l, nil
}

func explain(err error, at netip.AddrPort) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("the port %d of %v is in use; stop what listens there, or choose another port", at.Port(), at.Addr())
	}
	return fmt.Errorf("cannot listen at %v: %w", at, err)
}

// resolve returns a function that parses the id of a server.
func resolve(count int) func(string) (actor.ID, error) {
	return func(word string) (actor.ID, error) {
		id, err := strconv.ParseUint(word, 10, 16)
		if err != nil || int(id) >= count {
			return 0, fmt.Errorf("must be the number of a server, 0 to %d", count-1)
		}
		return actor.ID(id), nil
	}
}

// open opens the file of the server.
func (c Config) open(room chatroom.Config) (*storage.File, error) {
	dir := c.Dir
	if dir == "" {
		dir = "."
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if c.Fresh {
		if err := wipe(dir, room.ID); err != nil {
			return nil, err
		}
	}
	var names []string
	addresses := c.peers()
	for _, id := range room.Servers {
		names = append(names, addresses[id].String())
	}
	return storage.Open(dir, room.Identity(strings.Join(names, ",")))
}

// wipe removes the file of a server and its drafts, but nothing else.
func wipe(dir string, id actor.ID) error {
	drafts, err := filepath.Glob(filepath.Join(escape(dir), storage.Name(id)+".new-*"))
	if err != nil {
		return err
	}
	for _, name := range append(drafts, filepath.Join(dir, storage.Name(id))) {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// escape returns a pattern that matches only the path.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
