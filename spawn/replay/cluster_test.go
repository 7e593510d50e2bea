package replay_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"synod/actor"
	"synod/catalog"
	shipped "synod/examples/catalog"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/record"
	"synod/spawn/replay"
	"synod/storage"
)

// The ids of 127.0.0.1:3000 and of a client at 127.0.0.1:4000.
const first, client = actor.ID(139637976796088), actor.ID(139637976797088)

// envelope is a message in flight.
type envelope struct {
	from, to actor.ID
	data     []byte
}

// cluster is servers that are driven by hand on a network and disks in memory, each with a record.
type cluster struct {
	t         *testing.T
	program   spawn.Program
	header    record.Header
	ids       []actor.ID
	now       time.Duration
	network   []envelope
	answers   []string
	stores    []*storage.Memory
	lines     []*bytes.Buffer
	merged    *bytes.Buffer // the lines of all, in the order in which they were written
	servers   []*spawn.Server
	processes int
}

// end is a server's end of the network.
type end struct {
	spawn.Transport
	c    *cluster
	self actor.ID
}

func (e end) Send(to actor.ID, data []byte) error {
	if to == client {
		e.c.answers = append(e.c.answers, string(data))
		return nil
	}
	e.c.network = append(e.c.network, envelope{e.self, to, bytes.Clone(data)})
	return nil
}

// both writes to two buffers.
type both struct{ one, all *bytes.Buffer }

func (b both) Write(line []byte) (int, error) {
	b.all.Write(line)
	return b.one.Write(line)
}

func newCluster(t *testing.T, model, transport string, v catalog.Variant) *cluster {
	t.Helper()
	program, err := shipped.Program(model, v)
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, program: program, ids: []actor.ID{first, first + 1, first + 2}, merged: new(bytes.Buffer)}
	c.header = record.Header{
		Servers: c.ids, Model: model, Version: program.Version, Config: v, Durable: true, Transport: transport,
	}
	for range c.ids {
		c.stores = append(c.stores, new(storage.Memory))
		c.lines = append(c.lines, new(bytes.Buffer))
		c.servers = append(c.servers, nil)
	}
	for i := range c.ids {
		c.start(i)
	}
	return c
}

// wall is the time of day.
func (c *cluster) wall() time.Time { return time.Unix(1_000_000_000, 0).Add(c.now) }

// start starts a server, whose process may have crashed before.
func (c *cluster) start(i int) {
	c.t.Helper()
	c.processes++
	h := c.header
	h.Server = c.ids[i]
	recorder, err := record.New(both{c.lines[i], c.merged}, h, c.wall)
	if err != nil {
		c.t.Fatal(err)
	}
	random := rand.NewPCG(1, uint64(c.processes))
	c.servers[i] = spawn.NewServer(spawn.Config{
		Machine: c.program.New(c.ids[i], c.ids, true, random), Transport: end{c: c, self: c.ids[i]},
		Store: c.stores[i], Clock: func() time.Duration { return c.now }, Record: recorder,
	})
	if err := c.servers[i].Begin(); err != nil {
		c.t.Fatal(err)
	}
}

// crash ends a server's process at once, perhaps within a line.
func (c *cluster) crash(i int, torn string) {
	c.servers[i] = nil
	if torn == "" {
		return
	}
	if !strings.HasSuffix(torn, zeros) {
		torn += "\n" // As the next process does.
	}
	fmt.Fprint(both{c.lines[i], c.merged}, torn)
}

// deliver lets a message come.
func (c *cluster) deliver(e envelope) error {
	c.t.Helper()
	c.now += time.Millisecond
	s := c.servers[e.to-first]
	if s == nil {
		return nil
	}
	return s.Step(machine.Event{Kind: machine.Receive, From: e.from, Data: e.data})
}

// ask lets a request come, and then everything that follows from it, in the order of sending.
func (c *cluster) ask(server int, request string) {
	c.t.Helper()
	if err := c.deliver(envelope{client, c.ids[server], []byte(request)}); err != nil {
		c.t.Fatal(err)
	}
	c.settle()
}

func (c *cluster) settle() {
	c.t.Helper()
	for len(c.network) > 0 {
		e := c.network[0]
		c.network = c.network[1:]
		if err := c.deliver(e); err != nil {
			c.t.Fatal(err)
		}
	}
}

// wait lets time pass until a timer fires, if one does.
func (c *cluster) wait() {
	c.t.Helper()
	for _, s := range c.servers {
		if s == nil {
			continue
		}
		if due, ok := s.Due(); ok {
			c.now = max(c.now, due)
			e, _ := s.Next()
			if err := s.Step(e); err != nil {
				c.t.Fatal(err)
			}
			return
		}
	}
}

// replayed replays records, each from a file of the name run0, run1 and so on.
func replayed(files ...string) (*replay.Result, error) {
	var records replay.Records
	for i, text := range files {
		records.Add(fmt.Sprintf("run%d", i), []byte(text))
	}
	return records.Run(replay.Config{Program: program})
}

func (c *cluster) files() []string {
	var all []string
	for _, b := range c.lines {
		all = append(all, b.String())
	}
	return all
}

// confirm requires a replay to confirm the run.
func confirm(t *testing.T, files ...string) *replay.Result {
	t.Helper()
	result, err := replayed(files...)
	if err != nil {
		t.Fatalf("%v in\n%s", err, strings.Join(files, "\n"))
	}
	return result
}

// deviates requires a replay to find that a line is not the model's.
func deviates(t *testing.T, line string, want string, files ...string) {
	t.Helper()
	_, err := replayed(files...)
	var d *replay.Deviation
	if !errors.As(err, &d) {
		t.Errorf("the result is %v, want a deviation at %s: %s", err, line, want)
		return
	}
	if at := fmt.Sprintf("%s:%d", d.File, d.Line); at != line || !strings.Contains(err.Error(), want) {
		t.Errorf("%v\nwant it at %s, with %q", err, line, want)
	}
}

// decided is a run in which a put is decided, and then a server crashes and recovers.
func decided(t *testing.T, transport string) *cluster {
	t.Helper()
	c := newCluster(t, "single-decree", transport, nil)
	c.ask(0, `{"Put":[1,"X"]}`)
	c.crash(1, "")
	c.start(1)
	c.ask(1, `{"Get":2}`)
	if strings.Join(c.answers, " ") != `{"PutOk":1} {"GetOk":[2,"X"]}` {
		t.Fatalf("answers %q", c.answers)
	}
	return c
}
