package singledecree_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"synod/actor"
	"synod/internal/intern"
	"synod/paxos/singledecree"
	"synod/register"
)

// TestInteraction runs the scripts of testdata/interaction: what servers and clients make of one message after the
// other, to be read like a trace. A script has the commands
//
//	start servers=3 clients=2   starts all actors; servers have the ids from 0, clients those that follow
//	deliver, lose, duplicate    a message under way, for each line "from>to message", such as 3>0 Put(3, 'A')
//	crash                       servers, one a line; they keep what is durable, and receive nothing
//	recover                     servers, one a line, with what they kept
//	state                       prints the states of actors, one a line; without a line, of all
//
// Each but state prints, for every line, what changed in the state of the actor and what it sent, and at the end what
// is under way. Spaces do not matter. Rewrite the expected output with
//
//	go test ./paxos/singledecree -run TestInteraction -rewrite
//
// and read the difference.
func TestInteraction(t *testing.T) {
	datadriven.Walk(t, "testdata/interaction", func(t *testing.T, path string) {
		var c *cluster
		datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
			if td.Cmd == "start" {
				var servers, clients int
				td.ScanArgs(t, "servers", &servers)
				td.ScanArgs(t, "clients", &clients)
				c = start(servers, clients)
				return c.flush()
			}
			lines := strings.Split(td.Input, "\n")
			if td.Input == "" {
				lines = nil
			}
			if td.Cmd == "state" {
				return c.show(lines)
			}
			for _, line := range lines {
				if err := c.step(td.Cmd, line); err != nil {
					td.Fatalf(t, "%s: %v", line, err)
				}
			}
			return c.flush()
		})
	})
}

// cluster is servers and clients and what is under way between them. Nothing happens in it but what the script says.
type cluster struct {
	servers, clients []node
	flight           []actor.Envelope[register.Message] // in the order of sending
	printed          strings.Builder
}

// node is an actor of any state.
type node interface {
	receive(e actor.Envelope[register.Message], out *actor.Out[register.Message])
	crash()
	restart(out *actor.Out[register.Message])
	text() string
	changes() []intern.Change // since the last call
	down() bool
}

// host runs an actor with states S.
type host[S any] struct {
	id        actor.ID
	actor     actor.Typed[S, register.Message]
	state     S
	seen      S // what changes compares with
	kept      any
	isDown    bool
	walkState *intern.Walker[S]
}

func newHost[S any](id actor.ID, a actor.Typed[S, register.Message], out *actor.Out[register.Message]) *host[S] {
	h := &host[S]{id: id, actor: a, walkState: must(intern.For[S]())}
	h.state = a.Start(id, out)
	h.keep()
	h.seen = h.walkState.Copy(h.state)
	return h
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (h *host[S]) keep() {
	if h.actor.Keep != nil {
		h.kept = h.actor.Keep(h.state)
	}
}

func (h *host[S]) receive(e actor.Envelope[register.Message], out *actor.Out[register.Message]) {
	h.state = h.actor.Receive(h.id, h.state, e.From, e.Message, out)
	h.keep()
}

func (h *host[S]) crash() { h.isDown = true }

func (h *host[S]) restart(out *actor.Out[register.Message]) {
	h.isDown = false
	if h.actor.Recover == nil {
		h.state = h.actor.Start(h.id, out)
		return
	}
	h.state = h.actor.Recover(h.id, h.kept, out)
}

func (h *host[S]) changes() []intern.Change {
	changes := h.walkState.Diff(h.seen, h.state)
	h.seen = h.walkState.Copy(h.state)
	return changes
}

func (h *host[S]) text() string {
	if h.isDown {
		return "keeps " + values.Text(h.kept)
	}
	return h.walkState.Text(h.state)
}

func (h *host[S]) down() bool { return h.isDown }

func start(servers, clients int) *cluster {
	c := &cluster{}
	ids := actor.IDs(servers)
	for _, id := range ids {
		out := &actor.Out[register.Message]{}
		c.servers = append(c.servers, newHost(id, singledecree.New(actor.Others(ids, id)), out))
		c.send(id, out)
	}
	for i, client := range register.Clients(ids, clients, 1) {
		id, out := actor.ID(servers+i), &actor.Out[register.Message]{}
		c.clients = append(c.clients, newHost(id, client, out))
		c.send(id, out)
	}
	return c
}

func (c *cluster) nodes() []node { return slices.Concat(c.servers, c.clients) }

func (c *cluster) send(from actor.ID, out *actor.Out[register.Message]) {
	for _, command := range out.Commands() {
		e := actor.Envelope[register.Message]{From: from, To: command.To, Message: command.Message}
		c.flight = append(c.flight, e)
		fmt.Fprintf(&c.printed, "  sends %s\n", show(e))
	}
}

// step carries out a line of a command.
func (c *cluster) step(command, line string) error {
	fmt.Fprintf(&c.printed, "%s %s\n", command, line)
	out := &actor.Out[register.Message]{}
	switch command {
	case "deliver", "lose", "duplicate":
		i := slices.IndexFunc(c.flight, func(e actor.Envelope[register.Message]) bool {
			return squeeze(show(e)) == squeeze(line)
		})
		if i < 0 {
			return fmt.Errorf("no such message is under way:\n%s", c.underWay())
		}
		e := c.flight[i]
		if command == "duplicate" {
			c.flight = slices.Insert(c.flight, i, e)
			return nil
		}
		if command == "deliver" {
			n := c.nodes()[e.To]
			if n.down() {
				return fmt.Errorf("%v is down", e.To)
			}
			n.receive(e, out)
			c.flight = slices.Delete(c.flight, i, i+1)
			c.changed(n, e.To, out)
			return nil
		}
		c.flight = slices.Delete(c.flight, i, i+1)
	case "crash", "recover":
		var id int
		if _, err := fmt.Sscan(line, &id); err != nil || id < 0 || id >= len(c.servers) {
			return fmt.Errorf("no server %q", line)
		}
		n := c.servers[id]
		if n.down() == (command == "crash") {
			return fmt.Errorf("it is so already")
		}
		if command == "crash" {
			n.crash()
			return nil
		}
		n.restart(out)
		c.changed(n, actor.ID(id), out)
	default:
		return fmt.Errorf("unknown command %q", command)
	}
	return nil
}

// changed prints what a step of an actor did.
func (c *cluster) changed(n node, id actor.ID, out *actor.Out[register.Message]) {
	changes := n.changes()
	for _, d := range changes {
		switch {
		case d.Old == "":
			fmt.Fprintf(&c.printed, "  %v.%s + %s\n", id, d.Path, d.New)
		case d.New == "":
			fmt.Fprintf(&c.printed, "  %v.%s - %s\n", id, d.Path, d.Old)
		default:
			fmt.Fprintf(&c.printed, "  %v.%s: %s -> %s\n", id, d.Path, d.Old, d.New)
		}
	}
	c.send(id, out)
	if len(changes) == 0 && len(out.Commands()) == 0 {
		c.printed.WriteString("  changes nothing\n")
	}
}

// flush gives what was printed, and what is under way.
func (c *cluster) flush() string {
	defer c.printed.Reset()
	return c.printed.String() + c.underWay()
}

func (c *cluster) underWay() string {
	if len(c.flight) == 0 {
		return "nothing under way\n"
	}
	var b strings.Builder
	b.WriteString("under way:\n")
	for _, e := range c.flight {
		fmt.Fprintf(&b, "  %s\n", show(e))
	}
	return b.String()
}

func (c *cluster) show(ids []string) string {
	var b strings.Builder
	for id, n := range c.nodes() {
		if len(ids) > 0 && !slices.Contains(ids, fmt.Sprint(id)) {
			continue
		}
		down := ""
		if n.down() {
			down = " (down)"
		}
		fmt.Fprintf(&b, "%d%s %s\n", id, down, n.text())
	}
	return b.String()
}

var (
	messages = must(intern.For[register.Message]())
	values   = must(intern.For[any]())
)

func show(e actor.Envelope[register.Message]) string {
	return fmt.Sprintf("%v>%v %s", e.From, e.To, messages.Brief(e.Message))
}

func squeeze(s string) string { return strings.ReplaceAll(s, " ", "") }
