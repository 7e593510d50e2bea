package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"

	"synod/model/statespace"
)

// The two regular expressions that a log for ShiViz begins with: of an event, and of what separates executions.
const (
	shivizEvent     = `(?<host>\S*) (?<clock>\{.*\})\n(?<event>.*)`
	shivizExecution = `^=== (?<trace>.*) ===$`
)

// WriteShiViz writes traces as a log for ShiViz (Beschastnikh et al., "Visualizing Distributed System Executions",
// 2020), each as an execution with a name of its own: an event of two lines for the start of every actor that sends something then, and for
// every step. Vector clocks (Fidge 1988, Mattern 1989) say what comes before what. A message that gets lost is an event of
// the network, which is no actor. The first two lines are what ShiViz needs to read the rest.
func WriteShiViz(w io.Writer, traces ...Trace) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%s\n", shivizEvent, shivizExecution)
	names := make(map[string]int)
	for _, t := range traces {
		name := Printable(t.headline())
		if names[name]++; names[name] > 1 { // Of executions with one name, ShiViz shows the last.
			name = fmt.Sprintf("%s (%d)", name, names[name])
		}
		fmt.Fprintf(&b, "=== %s ===\n", name)
		if err := writeExecution(&b, t); err != nil {
			return fmt.Errorf("trace for ShiViz: %w", err)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// clock is a vector clock: how many events of each host come before, or are, the event.
type clock map[string]int

func (c clock) join(other clock) {
	for host, n := range other {
		c[host] = max(c[host], n)
	}
}

func writeExecution(b *bytes.Buffer, t Trace) error {
	hosts := shivizHosts(t)
	now := make(map[string]clock)       // by host
	sent := make([]clock, len(t.Steps)) // by step
	started := make(map[string]clock)   // by actor, those that send at the start
	event := func(host, text string, cause clock) (clock, error) {
		if now[host] == nil {
			now[host] = make(clock)
		}
		now[host].join(cause)
		now[host][host]++
		at := maps.Clone(now[host])
		encoded, err := json.Marshal(at)
		if strings.HasPrefix(text, "===") {
			text = " " + text // It separates no executions.
		}
		fmt.Fprintf(b, "%s %s\n%s\n", host, encoded, text)
		return at, err
	}
	for _, m := range t.Initial.Sent {
		if started[m.From] != nil {
			continue
		}
		var err error
		if started[m.From], err = event(hosts[m.From], "start", nil); err != nil {
			return err
		}
	}
	for i, s := range t.Steps {
		host := hosts[s.Actor]
		if s.Kind == statespace.Drop.String() {
			host = hosts[""]
		}
		var cause clock
		switch {
		case s.Sender > 0:
			cause = sent[s.Sender-1]
		case s.From != "":
			cause = started[s.From]
		}
		var err error
		if sent[i], err = event(host, Printable(s.Text), cause); err != nil {
			return err
		}
	}
	return nil
}

// shivizHosts names the lanes of a trace without white space, and the network by "".
func shivizHosts(t Trace) map[string]string {
	hosts := make(map[string]string)
	used := make(map[string]bool)
	for _, name := range append(t.lanes(), "") {
		host := "network"
		if name != "" {
			host = strings.Join(strings.Fields(Printable(name)), "_")
		}
		for used[host] {
			host += "_"
		}
		used[host] = true
		hosts[name] = host
	}
	return hosts
}
