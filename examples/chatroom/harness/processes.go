package harness

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"synod/examples/chatroom"
	"synod/examples/chatroom/client"
	"synod/examples/chatroom/wire"
	"synod/internal/ports"
	"synod/internal/subprocess"
	"synod/internal/wait"
)

// Processes is a World of local processes, in a new folder.
type Processes struct {
	config  ProcessConfig
	dir     string
	peers   *ports.Block // nil for servers of another program
	clients *ports.Block // nil to use the ports of the test
	starter *subprocess.Starter
	began   time.Time
	network Network
	servers map[int]*child
}

// ProcessConfig configures how servers are started.
type ProcessConfig struct {
	// Server is the command line of the servers, without the flags -i, -p and -c.
	Server  []string
	Verbose int // number of -v flags
	// Own reports whether the program is the one of this project, whose servers are passed the peer addresses and can
	// inject faults.
	Own bool
	// FreePorts makes servers listen for clients at free ports instead of the ports in the test.
	FreePorts      bool
	Stdout, Stderr io.Writer // of the servers; nil to discard
}

// child is a started server.
type child struct {
	start   Start
	cmd     *exec.Cmd
	killed  bool
	paused  bool
	ended   chan struct{}
	last    *tail
	control string // path of its control socket; empty if it has none
	shaped  bool   // it was sent a network with faults
}

// NewProcesses returns a world for a test. The error describes features that the test requires and the servers do not
// support.
func NewProcesses(t Test, c ProcessConfig) (*Processes, error) {
	var unsupported error
	t.walk(func(s Step) {
		_, parts := s.Command.(Partition)
		_, delays := s.Command.(Delay)
		start, _ := s.Command.(Start)
		if (parts || delays || start.Members != nil) && !c.Own && unsupported == nil {
			unsupported = fmt.Errorf("%s: %w; run it without --server", t.at(s), ErrUnsupported)
		}
	})
	if unsupported != nil {
		return nil, unsupported
	}
	dir, err := os.MkdirTemp("", "paxos-harness-")
	if err != nil {
		return nil, err
	}
	p := &Processes{
		config: c, dir: dir, starter: subprocess.NewStarter(), began: time.Now(), servers: make(map[int]*child),
	}
	if err := p.take(t.Servers()); err != nil {
		return nil, errors.Join(err, p.Close(), p.Remove())
	}
	return p, nil
}

// take reserves ports for the given number of servers.
func (p *Processes) take(servers int) (err error) {
	if p.config.Own {
		if p.peers, err = ports.Take(servers); err != nil {
			return err
		}
	}
	if p.config.FreePorts {
		p.clients, err = ports.Take(servers)
	}
	return err
}

// Dir returns the folder with the files of the servers.
func (p *Processes) Dir() string { return p.dir }

// Remove removes the folder.
func (p *Processes) Remove() error { return os.RemoveAll(p.dir) }

// Now implements World.
func (p *Processes) Now() time.Duration { return time.Since(p.began) }

// Sleep implements World.
func (p *Processes) Sleep(ctx context.Context, d time.Duration) error {
	if !wait.For(ctx, d) {
		return context.Cause(ctx)
	}
	return nil
}

// Start implements World.
func (p *Processes) Start(s Start) error {
	c := &child{start: s, ended: make(chan struct{}), last: &tail{out: p.config.Stderr}}
	args := slices.Clone(p.config.Server)
	if p.config.Verbose > 0 {
		args = append(args, "-"+strings.Repeat("v", p.config.Verbose))
	}
	args = append(args, "-i", strconv.Itoa(s.ID), "-p", strconv.Itoa(p.port(s)), "-c", strconv.Itoa(s.Count))
	if p.config.Own {
		c.control = filepath.Join(p.dir, fmt.Sprintf("%d.control", s.ID))
		var peers []string
		for _, at := range p.peers.Addresses[:s.Count] {
			peers = append(peers, at.String())
		}
		args = append(args, "--peers", strings.Join(peers, ","), "--control", c.control)
		if s.Members != nil {
			args = append(args, "--members", chatroom.MembersText(s.Members))
		}
	}
	c.cmd = exec.Command(args[0], args[1:]...)
	c.cmd.Dir, c.cmd.Stdout, c.cmd.Stderr = p.dir, p.config.Stdout, c.last
	if err := p.starter.Start(c.cmd); err != nil {
		return err
	}
	go func() {
		_ = c.cmd.Wait() // The result is in ProcessState.
		close(c.ended)
	}()
	p.servers[s.ID] = c
	if p.network.Good() {
		return nil
	}
	return p.tell(c)
}

func (p *Processes) port(s Start) int {
	if p.clients != nil {
		return int(p.clients.Addresses[s.ID].Port())
	}
	return s.Port
}

// Crash implements World.
func (p *Processes) Crash(id int) error {
	c := p.servers[id]
	c.killed = true
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-c.ended
	return nil
}

// Pause implements World.
func (p *Processes) Pause(id int) error {
	c := p.servers[id]
	if err := subprocess.Pause(c.cmd.Process); err != nil {
		return err
	}
	c.paused = true
	return nil
}

// Resume implements World.
func (p *Processes) Resume(id int) error {
	c := p.servers[id]
	if err := subprocess.Resume(c.cmd.Process); err != nil {
		return err
	}
	c.paused = false
	if p.network.Good() && !c.shaped {
		return nil
	}
	return p.tell(c)
}

// Shape implements World. A paused server is updated when it resumes.
func (p *Processes) Shape(n Network) error {
	p.network = n
	if !p.config.Own {
		return nil // Only a network without faults gets here.
	}
	for _, c := range p.servers {
		if c.killed || c.paused || p.Ended(c.start.ID) != nil {
			continue
		}
		if err := p.tell(c); err != nil {
			return err
		}
	}
	return nil
}

// tell sends the network conditions to a server.
func (p *Processes) tell(c *child) error {
	id := c.start.ID
	lines := []string{"heal"}
	if cut := p.network.Cut(id, c.start.Count); len(cut) > 0 {
		lines = append(lines, "cut "+strings.Trim(fmt.Sprint(cut), "[]"))
	}
	span := p.network.Delays[id]
	lines = append(lines, fmt.Sprintf("delay %v..%v", span.Least, span.Most))
	conn, err := p.dialControl(c)
	if err != nil {
		return fmt.Errorf("server %d cannot be told of the network: %w", id, err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(ConnectPatience)); err != nil {
		return err
	}
	answers := bufio.NewScanner(conn)
	for _, line := range lines {
		if _, err := fmt.Fprintln(conn, line); err != nil {
			return err
		}
		if !answers.Scan() || answers.Text() != "ok" {
			return fmt.Errorf("server %d, %s: %s", id, line, answers.Text())
		}
	}
	c.shaped = !p.network.Good()
	return nil
}

// dialControl connects to the control socket of a server that may just have started.
func (p *Processes) dialControl(c *child) (net.Conn, error) {
	for end := time.Now().Add(ConnectPatience); ; {
		conn, err := net.DialTimeout("unix", c.control, time.Second)
		if err == nil || time.Now().After(end) {
			return conn, err
		}
		if ended := p.Ended(c.start.ID); ended != nil {
			return nil, ended
		}
		time.Sleep(pause)
	}
}

// Ended implements World.
func (p *Processes) Ended(id int) error {
	c := p.servers[id]
	select {
	case <-c.ended:
		if c.killed {
			return nil
		}
		if words := c.last.String(); words != "" {
			return errors.New(words)
		}
		return errors.New(c.cmd.ProcessState.String())
	default:
		return nil
	}
}

// Dial implements World.
func (p *Processes) Dial(ctx context.Context, id int) (Conn, error) {
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(p.port(p.servers[id].start)))
	conn, err := client.Dial(ctx, at)
	if err != nil {
		return nil, err
	}
	return processConn{conn}, nil
}

// processConn is a connection to a process.
type processConn struct{ *client.Connection }

// Answer implements Conn.
func (c processConn) Answer(ctx context.Context, wait time.Duration) (wire.Answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, wait, ErrLate)
	defer cancel()
	return c.Connection.Answer(ctx)
}

// Close implements World: it stops all servers.
func (p *Processes) Close() error {
	var err error
	for _, c := range p.servers {
		c.killed = true
		if e := c.cmd.Process.Kill(); e != nil && !errors.Is(e, os.ErrProcessDone) {
			err = errors.Join(err, e)
		}
		<-c.ended
	}
	p.starter.Close()
	for _, block := range []*ports.Block{p.peers, p.clients} {
		if block != nil {
			err = errors.Join(err, block.Close())
		}
	}
	return err
}

// maxWords is the number of bytes kept of a server's last output.
const maxWords = 2000

// tail forwards the output of a server, and keeps the end of it.
type tail struct {
	out io.Writer // nil to discard

	mu    sync.Mutex
	words []byte
}

func (t *tail) Write(data []byte) (int, error) {
	t.mu.Lock()
	t.words = append(t.words, data...)
	t.words = t.words[max(0, len(t.words)-maxWords):]
	t.mu.Unlock()
	if t.out != nil {
		return t.out.Write(data)
	}
	return len(data), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.words))
}
