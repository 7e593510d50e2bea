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

// The two regular expressions at the beginning of a ShiViz log: for events, and for the separators of executions.
const (
	shivizEvent     = `(?<host>\S*) (?<clock>\{.*\})\n(?<event>.*)`
	shivizExecution = `^=== (?<trace>.*) ===$`
)

// WriteShiViz writes traces as a log for ShiViz (Beschastnikh et al., "Visualizing Distributed System Executions",
// 2020), each as a separately named execution: an event of two lines for the start of every actor that sends
// something then, and for every step. Vector clocks (Fidge 1988, Mattern 1989) define causality. Losing a message is
// an event of the network, which is a host that is not an actor. The first two lines tell ShiViz how to parse the
// rest.
func WriteShiViz(w io.Writer, traces ...Trace) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%s\n", shivizEvent, shivizExecution)
	names := make(map[string]int)
	for _, t := range traces {
		name := Printable(t.headline())
		if names[name]++; names[name] > 1 { // Of executions with the same name, ShiViz shows only the last.
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

// clock is a vector clock: by host, the number of events that precede or are the event.
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
	started := make(map[string]clock)   // by actor, for those that send at the start
	event := func(host, text string, cause clock) (clock, error) {
		if now[host] == nil {
			now[host] = make(clock)
		}
		now[host].join(cause)
		now[host][host]++
		at := maps.Clone(now[host])
		encoded, err := json.Marshal(at)
		if strings.HasPrefix(text, "===") {
			text = " " + text // not a separator of executions
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

// shivizHosts maps lanes to names without white space; the key of the network is "".
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
