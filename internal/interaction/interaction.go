// Package interaction runs scripts that pass events to actors one by one. The output can be read like a trace and is
// compared with the expected output. Only tests use it.
package interaction

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"synod/actor"
	"synod/internal/intern"
)

// Cluster is a set of actors and the messages in flight between them. Everything that happens in it is a command of a
// script.
type Cluster[M any] struct {
	nodes    []node[M] // in the order in which they were added
	ids      []actor.ID
	flight   []actor.Envelope[M] // in the order of sending
	printed  strings.Builder
	messages *intern.Walker[M]
}

// New returns a cluster without actors.
func New[M any]() *Cluster[M] { return &Cluster[M]{messages: must(intern.For[M]())} }

// Add starts an actor.
func Add[S, M any](c *Cluster[M], id actor.ID, a actor.Typed[S, M]) {
	out := &actor.Out[M]{}
	h := &host[S, M]{id: id, actor: a, walk: must(intern.For[S]())}
	h.state = a.Start(id, out)
	h.keep()
	h.seen = h.walk.Copy(h.state)
	c.nodes, c.ids = append(c.nodes, h), append(c.ids, id)
	c.perform(h, id, out)
}

// Run runs the scripts of a folder. A script has the commands
//
//	start name=value …          makes a new cluster, by the function that is given
//	deliver, lose, duplicate    a message in flight, for each line "from>to message", such as 3>0 Put(3, 'A'), or 3>0 Put(…
//	                            for the only one that begins so
//	timeout, choose             for each line "actor value": a timer that is set, or an option of a pending choice
//	crash                       actors, one per line; they keep their persisted state, and receive nothing
//	recover                     actors, one per line, with their persisted state
//	state                       prints the states of actors, one per line; without lines, of all actors
//
// For every line, each command except state prints the changes of the actor's state and its effects, and at the end the
// in-flight messages and the pending timers and choices. Spaces do not matter. The flag -rewrite rewrites the expected
// output; review the diff.
func Run[M any](t *testing.T, folder string, start func(*testing.T, *datadriven.TestData) *Cluster[M]) {
	t.Helper()
	datadriven.Walk(t, folder, func(t *testing.T, path string) {
		var c *Cluster[M]
		datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
			if td.Cmd == "start" {
				c = start(t, td)
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

// step executes a line of a command.
func (c *Cluster[M]) step(command, line string) error {
	switch command {
	case "deliver", "lose", "duplicate":
		return c.letter(command, line)
	}
	fmt.Fprintf(&c.printed, "%s %s\n", command, line)
	switch command {
	case "crash", "recover", "timeout", "choose":
		at, value, err := c.named(line)
		if err != nil {
			return err
		}
		n, out := c.nodes[at], &actor.Out[M]{}
		switch command {
		case "crash":
			return n.crash()
		case "recover":
			err = n.recover(out)
		case "timeout":
			err = n.timeout(value, out)
		case "choose":
			err = n.choose(value, out)
		}
		if err == nil {
			c.changed(n, c.ids[at], out)
		}
		return err
	}
	return fmt.Errorf("unknown command %q", command)
}

// letter delivers, loses or duplicates a message in flight.
func (c *Cluster[M]) letter(command, line string) error {
	i, err := c.find(line)
	if err != nil {
		return err
	}
	e := c.flight[i]
	fmt.Fprintf(&c.printed, "%s %s\n", command, c.text(e))
	if command == "duplicate" {
		c.flight = slices.Insert(c.flight, i, e)
		return nil
	}
	if command == "deliver" {
		to := slices.Index(c.ids, e.To)
		if to < 0 || c.nodes[to].down() {
			return fmt.Errorf("%v is not there, or down", e.To)
		}
		out := &actor.Out[M]{}
		c.nodes[to].receive(e, out)
		c.flight = slices.Delete(c.flight, i, i+1)
		c.changed(c.nodes[to], e.To, out)
		return nil
	}
	c.flight = slices.Delete(c.flight, i, i+1)
	return nil
}

// find returns the index of the first message in flight that matches a line.
func (c *Cluster[M]) find(line string) (int, error) {
	beginning, abridged := strings.CutSuffix(squeeze(line), "…")
	at := -1
	for i, e := range c.flight {
		text := squeeze(c.text(e))
		switch {
		case text != beginning && !(abridged && strings.HasPrefix(text, beginning)):
		case at < 0:
			at = i
		case text != squeeze(c.text(c.flight[at])):
			return 0, fmt.Errorf("several such messages are in flight:\n%s", c.underWay())
		}
	}
	if at < 0 {
		return 0, fmt.Errorf("no such message is in flight:\n%s", c.underWay())
	}
	return at, nil
}

// named parses a line with an actor and an optional value.
func (c *Cluster[M]) named(line string) (at int, value string, err error) {
	id, value, _ := strings.Cut(strings.TrimSpace(line), " ")
	at = slices.IndexFunc(c.ids, func(known actor.ID) bool { return known.String() == id })
	if at < 0 {
		return 0, "", fmt.Errorf("no actor %q", id)
	}
	return at, value, nil
}

// changed prints the effects of an actor's step.
func (c *Cluster[M]) changed(n node[M], id actor.ID, out *actor.Out[M]) {
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
	if !c.perform(n, id, out) && len(changes) == 0 {
		c.printed.WriteString("  changes nothing\n")
	}
}

// perform executes the commands of an actor, and reports whether there were any.
func (c *Cluster[M]) perform(n node[M], id actor.ID, out *actor.Out[M]) bool {
	any := false
	for _, command := range out.Commands() {
		did := ""
		switch command.Kind {
		case actor.Send:
			e := actor.Envelope[M]{From: id, To: command.To, Message: command.Message}
			c.flight = append(c.flight, e)
			did = "sends " + c.text(e)
		case actor.SetTimer, actor.CancelTimer, actor.Choose:
			did = pend(n.waits(), command)
		}
		if did != "" {
			any = true
			fmt.Fprintf(&c.printed, "  %s\n", did)
		}
	}
	return any
}

// flush returns the collected output and the possible next events.
func (c *Cluster[M]) flush() string {
	defer c.printed.Reset()
	return c.printed.String() + c.underWay() + c.pending()
}

func (c *Cluster[M]) underWay() string {
	if len(c.flight) == 0 {
		return "nothing under way\n"
	}
	var b strings.Builder
	b.WriteString("under way:\n")
	for _, e := range c.flight {
		fmt.Fprintf(&b, "  %s\n", c.text(e))
	}
	return b.String()
}

func (c *Cluster[M]) pending() string {
	var b strings.Builder
	for i, n := range c.nodes {
		w := n.waits()
		for _, timer := range w.timers {
			fmt.Fprintf(&b, "timer %v %s\n", c.ids[i], text(timer))
		}
		for _, options := range w.choices {
			fmt.Fprintf(&b, "choice %v %s\n", c.ids[i], texts(options))
		}
	}
	return b.String()
}

func (c *Cluster[M]) show(ids []string) string {
	var b strings.Builder
	for i, n := range c.nodes {
		if len(ids) > 0 && !slices.Contains(ids, c.ids[i].String()) {
			continue
		}
		down := ""
		if n.down() {
			down = " (down)"
		}
		fmt.Fprintf(&b, "%v%s %s\n", c.ids[i], down, n.text())
	}
	return b.String()
}

func (c *Cluster[M]) text(e actor.Envelope[M]) string {
	return fmt.Sprintf("%v>%v %s", e.From, e.To, c.messages.Brief(e.Message))
}

func squeeze(s string) string { return strings.ReplaceAll(s, " ", "") }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
