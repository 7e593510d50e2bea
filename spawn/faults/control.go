package faults

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"synod/actor"
	"synod/spawn"
)

// Injector is the part of a server that can be changed while it runs. Store is nil for a server without a disk.
type Injector struct {
	Transport *Transport
	Store     *Store
	Resolve   func(text string) (actor.ID, error) // returns the server with a name
}

// Status is the answer to the status command, as JSON.
type Status struct {
	Drop      float64  `json:"drop"`
	Duplicate float64  `json:"duplicate"`
	Reorder   float64  `json:"reorder"`
	Delay     string   `json:"delay"`
	Cut       []string `json:"cut"`  // addresses of servers
	Deaf      []string `json:"deaf"` // addresses of servers
	Disk      string   `json:"disk"` // ok, full, failing or none

	// How often each fault occurred, in messages or saves.
	Dropped     uint64 `json:"dropped"`
	Duplicated  uint64 `json:"duplicated"`
	Delayed     uint64 `json:"delayed"`
	Reordered   uint64 `json:"reordered"`
	Severed     uint64 `json:"severed"`    // lost on a cut link
	Overflowed  uint64 `json:"overflowed"` // lost because too many were delayed
	SavesFailed uint64 `json:"saves_failed"`
}

// Status returns the current plan, links, disk and counts.
func (i *Injector) Status() Status {
	p, c := i.Transport.Plan(), &i.Transport.Counts
	s := Status{
		Drop: p.Drop, Duplicate: p.Duplicate, Reorder: p.Reorder, Delay: fmt.Sprintf("%v..%v", p.DelayMin, p.DelayMax),
		Cut: []string{}, Deaf: []string{}, Disk: "none",
		Dropped: c.Dropped.Load(), Duplicated: c.Duplicated.Load(), Delayed: c.Delayed.Load(),
		Reordered: c.Reordered.Load(), Severed: c.Cut.Load(), Overflowed: c.Overflowed.Load(),
		SavesFailed: c.SavesFailed.Load(),
	}
	for _, id := range i.Transport.Severed() {
		s.Cut = append(s.Cut, spawn.Describe(id))
	}
	for _, id := range i.Transport.Unheard() {
		s.Deaf = append(s.Deaf, spawn.Describe(id))
	}
	if i.Store != nil {
		s.Disk = i.Store.Disk().String()
	}
	return s
}

// Do executes a command, and returns the answer without its newline:
//
//	status                    how things are, as JSON
//	drop P, duplicate P, reorder P
//	                          changes a probability
//	delay D, delay A..B       changes the delay
//	cut SERVER...             cuts links
//	deaf SERVER...            loses what comes over links, and carries what goes
//	heal [SERVER...]          mends them, or all
//	disk ok|full|failing      changes the disk
//
// All but the first are answered with ok.
func (i *Injector) Do(command string) (string, error) {
	words := strings.Fields(command)
	if len(words) == 0 {
		return "", errors.New("expected a command: status, drop, duplicate, reorder, delay, cut, deaf, heal or disk")
	}
	name, args := words[0], words[1:]
	for _, s := range Settings() {
		if s.Word == name {
			return "ok", i.plan(s, args)
		}
	}
	switch name {
	case "status":
		text, err := json.Marshal(i.Status())
		return string(text), err
	case "cut", "deaf", "heal":
		return "ok", i.link(name, args)
	case "disk":
		return "ok", i.disk(args)
	}
	return "", fmt.Errorf("%q: expected status, drop, duplicate, reorder, delay, cut, deaf, heal or disk", name)
}

func (i *Injector) plan(s Setting, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%s: expected one value", s.Word)
	}
	change, err := s.Parse(args[0])
	if err != nil {
		return fmt.Errorf("%s %q: %w", s.Word, args[0], err)
	}
	i.Transport.Change(change)
	return nil
}

func (i *Injector) link(name string, args []string) error {
	if name != "heal" && len(args) == 0 {
		return fmt.Errorf("%s: expected the addresses of servers", name)
	}
	var ids []actor.ID
	for _, arg := range args {
		id, err := i.Resolve(arg)
		if err != nil {
			return fmt.Errorf("%s %q: %w", name, arg, err)
		}
		ids = append(ids, id)
	}
	switch name {
	case "cut":
		i.Transport.Cut(ids...)
	case "deaf":
		i.Transport.Deafen(ids...)
	default:
		i.Transport.Heal(ids...)
	}
	return nil
}

func (i *Injector) disk(args []string) error {
	if i.Store == nil {
		return errors.New("disk: this server persists no state")
	}
	for d := Sound; d <= Failing; d++ {
		if len(args) == 1 && args[0] == d.String() {
			i.Store.Set(d)
			return nil
		}
	}
	return errors.New("disk: expected ok, full or failing")
}

// maxControlLine is the maximum length of a command, in bytes.
const maxControlLine = 4096

// maxControls is the maximum number of open connections.
const maxControls = 16

// Control serves an injector on a Unix socket. Commands are lines, and each is answered with one line.
type Control struct {
	listener net.Listener
	injector *Injector
	done     sync.WaitGroup
	places   chan struct{}

	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

// maxSocketPath is the length of a socket path, in bytes, that every system supports.
const maxSocketPath = 103

// Room returns an error if the path of a socket is too long for some systems, or nil.
func Room(path string) error {
	if len(path) <= maxSocketPath {
		return nil
	}
	return fmt.Errorf("%s is too long for a socket; use a folder whose path is %d bytes shorter",
		path, len(path)-maxSocketPath)
}

// Serve opens the socket, to which only the current user may connect. It replaces a socket left behind by a dead
// process.
func Serve(path string, i *Injector) (*Control, error) {
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		conn.Close()
		return nil, fmt.Errorf("%s: another process has the control socket", path)
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&os.ModeSocket == 0 {
			return nil, fmt.Errorf("%s: the path of the control socket is an existing file", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, cmp.Or(Room(path), err) // This system may support longer paths.
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	c := &Control{
		listener: listener, injector: i, places: make(chan struct{}, maxControls), open: make(map[net.Conn]bool),
	}
	c.done.Go(c.accept)
	return c, nil
}

func (c *Control) accept() {
	for {
		c.places <- struct{}{}
		conn, err := c.listener.Accept()
		if err != nil {
			return
		}
		c.mu.Lock()
		if c.closed {
			conn.Close()
			c.mu.Unlock()
			return
		}
		c.open[conn] = true
		c.mu.Unlock()
		c.done.Go(func() {
			c.serve(conn)
			c.mu.Lock()
			delete(c.open, conn)
			c.mu.Unlock()
			conn.Close()
			<-c.places
		})
	}
}

func (c *Control) serve(conn io.ReadWriter) {
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, maxControlLine)
	for lines.Scan() {
		answer, err := c.injector.Do(lines.Text())
		if err != nil {
			answer = "error: " + err.Error()
		}
		if _, err := fmt.Fprintln(conn, answer); err != nil {
			return
		}
	}
}

// Close closes the socket and all connections, and removes the file.
func (c *Control) Close() error {
	c.mu.Lock()
	c.closed = true
	for conn := range c.open {
		conn.Close()
	}
	c.mu.Unlock()
	err := c.listener.Close()
	c.done.Wait()
	return err
}
