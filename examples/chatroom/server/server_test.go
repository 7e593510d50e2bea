package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"synod/examples/chatroom/client"
	"synod/examples/chatroom/server"
	"synod/examples/chatroom/wire"
	"synod/internal/ports"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cluster is some servers in this process.
type cluster struct {
	t       *testing.T
	base    server.Config
	dir     string
	clients []netip.AddrPort
	stops   []func() error
}

func start(t *testing.T, n int) *cluster {
	t.Helper()
	block, err := ports.Take(n)
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{
		t: t, dir: t.TempDir(), clients: make([]netip.AddrPort, n), stops: make([]func() error, n),
		base: server.Config{Count: n, Peers: block.Addresses, Timeout: 200 * time.Millisecond},
	}
	t.Cleanup(func() {
		for i := range c.stops {
			c.stop(i)
		}
		block.Close()
	})
	for i := range n {
		c.run(i, nil)
	}
	return c
}

// run starts a server, which may be another one than before.
func (c *cluster) run(i int, change func(*server.Config)) {
	c.t.Helper()
	config := c.base
	config.ID, config.Dir, config.Clients = i, c.dir, netip.MustParseAddrPort("127.0.0.1:0")
	ready := make(chan netip.AddrPort, 1)
	config.Ready = func(at netip.AddrPort) { ready <- at }
	if change != nil {
		change(&config)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, config) }()
	select {
	case c.clients[i] = <-ready:
	case err := <-ended:
		cancel()
		c.t.Fatalf("server %d: %v", i, err)
	}
	c.stops[i] = func() error { cancel(); return <-ended }
}

func (c *cluster) stop(i int) {
	c.t.Helper()
	if c.stops[i] == nil {
		return
	}
	if err := c.stops[i](); err != nil {
		c.t.Errorf("server %d: %v", i, err)
	}
	c.stops[i] = nil
}

// talk runs the lines of a client's script at servers, of which connect names one by its place, and returns what it prints.
func (c *cluster) talk(first uint64, lines ...string) string {
	c.t.Helper()
	for i, line := range lines {
		var place int
		if n, _ := fmt.Sscanf(line, "connect %d", &place); n == 1 {
			lines[i] = fmt.Sprintf("connect %d", c.clients[place].Port())
		}
	}
	var out strings.Builder
	err := client.Run(context.Background(), client.Options{
		ID: 7, In: strings.NewReader(strings.Join(lines, "\n")), Out: &out, Timeout: time.Minute, First: first,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	text := out.String()
	for i, at := range c.clients {
		text = strings.ReplaceAll(text, fmt.Sprintf("port %d\n", at.Port()), fmt.Sprintf("port of %d\n", i))
	}
	return text
}

// TestTalk lets a client talk to a cluster, of which a server stops and starts again.
func TestTalk(t *testing.T) {
	c := start(t, 3)
	const want = `> [RESPONSE]: connected to server at port of 0
> [RESPONSE]: successfully sent message
> [RESPONSE]: ["say \"hi\""]
> [RESPONSE]: connected to server at port of 2
> [RESPONSE]: ["say \"hi\""]
> [RESPONSE]: disconnected from server at port of 2
> [ERROR]: not connected to a server
> 
`
	if got := c.talk(1, "connect 0", `put say "hi"`, "get", "connect 2", "g", "d", "get"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	c.stop(0)
	// A number that was used names the command that it named before.
	again := c.talk(1, "connect 1", "put another", "get")
	if !strings.Contains(again, `["say \"hi\""]`) {
		t.Errorf("a command that was sent before took effect again:\n%s", again)
	}
	c.talk(10, "connect 1", "p b", "g")
	c.run(0, nil)
	if got := c.talk(20, "c "+fmt.Sprint(c.clients[0].Port()), "g"); !strings.Contains(got, `["say \"hi\"", "b"]`) {
		t.Errorf("a server that was down says\n%s", got)
	}
	for i := range 3 {
		if _, err := os.Stat(filepath.Join(c.dir, fmt.Sprintf("%d.paxos", i))); err != nil {
			t.Error(err)
		}
	}
}

func dial(t *testing.T, at netip.AddrPort) *client.Connection {
	t.Helper()
	conn, err := client.Dial(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func ask(t *testing.T, conn *client.Connection, c wire.Command) wire.Answer {
	t.Helper()
	if err := conn.Send(c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	a, err := conn.Answer(ctx)
	if err != nil {
		t.Fatalf("%+v: %v", c, err)
	}
	return a
}

// TestExtensions asks for what published servers do not know.
func TestExtensions(t *testing.T) {
	c := start(t, 1)
	conn := dial(t, c.clients[0])
	for _, step := range []struct {
		command wire.Command
		want    wire.Answer
	}{
		{wire.Command{Number: 1, Mode: wire.AcknowledgedPut, Message: "a"}, wire.Answer{Kind: wire.Done, Number: 1, Count: 1}},
		{wire.Command{Number: 1, Mode: wire.AcknowledgedPut, Message: "a"}, wire.Answer{Kind: wire.Done, Number: 1, Count: 1}},
		{wire.Command{Number: 2, Mode: wire.Swap, Message: "b"}, wire.Answer{Kind: wire.Differs, Number: 2, Count: 1}},
		{wire.Command{Number: 3, Mode: wire.Swap, Count: 1, Message: "b"}, wire.Answer{Kind: wire.Done, Number: 3, Count: 2}},
		{wire.Command{Number: 4}, wire.Answer{Messages: []string{"a", "b"}}},
	} {
		if got := ask(t, conn, step.command); fmt.Sprint(got) != fmt.Sprint(step.want) {
			t.Errorf("%+v was answered %+v, want %+v", step.command, got, step.want)
		}
	}
	refused := ask(t, conn, wire.Command{Client: 1<<64 - 1, Mode: wire.AcknowledgedPut})
	if refused.Kind != wire.Refused || !strings.Contains(refused.Reason, "must be less") {
		t.Errorf("%+v", refused)
	}
	if _, err := conn.Answer(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("after a refusal: %v", err)
	}
}

// lines is a log that a test reads.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestClosed closes connections of clients that say what cannot be served, with a reason in the log.
func TestClosed(t *testing.T) {
	c := start(t, 1)
	c.stop(0)
	log := new(lines)
	c.run(0, func(s *server.Config) { s.Log = server.NewLog(log, 0, server.Level(1)) })
	for body, reason := range map[string]string{
		"\x00\x00\x00\x02hi": "command: a number: 2 bytes are left",
		"\x7f\x00\x00\x00":   "a frame has at most 8388608 bytes",
		string(wire.AppendCommand(nil, wire.Command{Mode: 9})): "the mode 9 is not known",
	} {
		conn, err := net.Dial("tcp4", c.clients[0].String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, body); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(conn); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Error(err)
		}
		conn.Close()
		for !strings.Contains(log.String(), reason) { // The line comes after the end of the connection.
			time.Sleep(time.Millisecond)
		}
	}
	if text := log.String(); !strings.HasPrefix(text, "[0][INFO][chatroom]: listening clients=127.0.0.1:") ||
		!strings.Contains(text, "\n[0][INFO][clients]: a client connected client=0 from=") {
		t.Errorf("the log begins\n%s", text)
	}
}

// TestTooLarge closes the connection of a client that asks for a log which has no frame.
func TestTooLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("nine megabytes")
	}
	c := start(t, 1)
	c.stop(0)
	log := new(lines)
	c.run(0, func(s *server.Config) { s.Log = server.NewLog(log, 0, server.Level(1)) })
	conn := dial(t, c.clients[0])
	for i := range uint64(9) {
		ask(t, conn, wire.Command{Number: i, Mode: wire.AcknowledgedPut, Message: strings.Repeat("x", 1<<20)})
	}
	if err := conn.Send(wire.Command{Number: 10}); err != nil {
		t.Fatal(err)
	}
	if a, err := conn.Answer(t.Context()); err == nil {
		t.Errorf("nine megabytes were answered with %d messages", len(a.Messages))
	}
	for !strings.Contains(log.String(), wire.ErrTooLarge.Error()) {
		time.Sleep(time.Millisecond)
	}
}

// TestRefused starts servers that cannot run.
func TestRefused(t *testing.T) {
	c := start(t, 2)
	c.stop(0)
	fails := func(name, want string, change func(*server.Config)) {
		t.Helper()
		config := c.base
		config.Dir, config.Clients = c.dir, netip.MustParseAddrPort("127.0.0.1:0")
		change(&config)
		if err := server.Run(t.Context(), config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	fails("another cluster", "among", func(s *server.Config) {
		s.Count, s.Peers = 1, s.Peers[:1]
	})
	fails("a port in use", "is in use", func(s *server.Config) { s.Clients = c.clients[1] })
	fails("no such server", "must be 0 to 1", func(s *server.Config) { s.ID = 2 })
	fails("no servers", "must be 1 to 64", func(s *server.Config) { s.Count = 0 })
	fails("addresses of others", "must be 3", func(s *server.Config) { s.Count = 3 })
	fails("twice the same address", "an address of its own", func(s *server.Config) {
		s.Peers = []netip.AddrPort{s.Peers[0], s.Peers[0]}
	})
	fails("timeout", "must not be negative", func(s *server.Config) { s.Timeout = -1 })
}

// TestFresh wipes the files of the server alone.
func TestFresh(t *testing.T) {
	c := start(t, 1)
	c.talk(1, "connect 0", "put a", "get")
	c.stop(0)
	other := filepath.Join(c.dir, "10.paxos")
	if err := os.WriteFile(other, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.run(0, func(s *server.Config) { s.Fresh = true })
	if got := c.talk(2, "connect 0", "get"); !strings.Contains(got, "[RESPONSE]: []") {
		t.Errorf("a fresh server says\n%s", got)
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
}

// TestFlood sends more puts than wait anywhere, without reading, and finds all of them in order.
func TestFlood(t *testing.T) {
	c := start(t, 1)
	conn := dial(t, c.clients[0])
	const n = 5000
	for i := range uint64(n) {
		if err := conn.Send(wire.Command{Number: i, Mode: wire.Put, Message: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for {
		messages := ask(t, conn, wire.Command{Number: n}).Messages
		for i, m := range messages {
			if m != fmt.Sprint(i) {
				t.Fatalf("message %d is %s", i, m)
			}
		}
		if len(messages) == n {
			return
		}
	}
}

func TestLog(t *testing.T) {
	out := new(strings.Builder)
	log := server.NewLog(out, 3, server.Level(2))
	log.Info("up", "port", 7)
	log.Log(t.Context(), server.LevelTrace, "not shown")
	log.With("target", "paxos").Debug("down")
	if server.NewLog(out, 3, server.Level(0)).Enabled(t.Context(), slog.LevelError) {
		t.Error("a silent log is enabled")
	}
	if got, want := out.String(), "[3][INFO][chatroom]: up port=7\n[3][DEBUG][paxos]: down\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
