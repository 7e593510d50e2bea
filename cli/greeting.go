package cli

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"synod/catalog"
	"synod/internal/noun"
	"synod/spawn/faults"
	"synod/spawn/service"
	"synod/spawn/transports"
)

// logger makes the log that the flags ask for.
func (f *spawnFlags) logger(w io.Writer) *slog.Logger {
	level := slog.LevelWarn
	switch f.verbose {
	case 0:
	case 1:
		level = slog.LevelInfo
	default:
		level = slog.LevelDebug
	}
	options := &slog.HandlerOptions{Level: level}
	if f.logFormat.value == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// greet says where the servers are, what to try, and where the data lives.
func (s *process) greet() error {
	var b strings.Builder
	carrier := strings.ToUpper(s.flags.transport.value)
	if s.only < 0 {
		fmt.Fprintf(&b, "%s: %s on %s\n", s.program.Model, plural(len(s.members), "server"), carrier)
	} else {
		fmt.Fprintf(&b, "%s: server %d of %d, on %s\n", s.program.Model, s.only, len(s.members), carrier)
	}
	for _, r := range s.servers {
		fmt.Fprintf(&b, "  %v, id %v\n", r.address, r.Machine.Self())
	}
	switch {
	case s.servers[0].Machine.Durable():
		fmt.Fprintf(&b, "Data in %s\n", s.dir)
		if s.temporary {
			b.WriteString("That folder is removed when the servers stop in order: --data-dir names one that stays.\n")
		}
	case s.flags.ephemeral:
		b.WriteString("Nothing is kept: a server that stops has forgotten.\n")
	default:
		b.WriteString("Nothing is kept: servers of this model forget when they stop.\n")
	}
	if s.flags.control {
		for _, r := range s.servers {
			fmt.Fprintf(&b, "Control %v by %s/%s\n", r.address, s.dir, controlName(r.Machine.Self()))
		}
	}
	if s.faults != (faults.Plan{}) {
		fmt.Fprintf(&b, "Faults on every message: %s, seed %d\n", describeFaults(s.faults), s.seed)
	}
	if s.metrics != nil {
		fmt.Fprintf(&b, "Metrics at http://%s/metrics\n", s.metrics.Addr())
	}
	for i, m := range s.members {
		if (s.only < 0 || s.only == i) && !m.bind.Addr().IsLoopback() {
			b.WriteString("Beware: whoever reaches these addresses can ask for whatever clients may, and, with a forged\n" +
				"sender, speak as a server. Nothing is encrypted, and nobody has to prove who they are.\n")
			break
		}
	}
	s.examples(&b)
	b.WriteString("Ctrl-C stops.\n")
	_, err := io.WriteString(s.stdout, b.String())
	return err
}

// examples says what to try, if nc can.
func (s *process) examples(b *strings.Builder) {
	if len(s.program.Examples) == 0 {
		return
	}
	b.WriteString("Try:\n")
	if t, err := transports.Find(s.flags.transport.value); err == nil && !t.Plain {
		fmt.Fprintf(b, "  %s client %s --transport tcp --servers %s\n", cmp.Or(s.flags.name, "paxos"), s.operation(), s.cluster())
		return
	}
	for _, e := range s.program.Examples {
		at := s.members[e.Server%len(s.members)].name
		fmt.Fprintf(b, "  echo '%s' | nc -u -w1 %v %d\n", e.Message, at.Addr(), at.Port())
	}
}

// operation is one to try, with the model if another one is asked unless it is named.
func (s *process) operation() string {
	e, err := s.flags.entries.Asked(s.program.Model)
	if err != nil {
		return "bench"
	}
	all := e.Servers.Service.Operations()
	o := all[max(slices.IndexFunc(all, func(o service.Info) bool { return o.Reads && len(o.Arguments) == 0 }), 0)]
	words := append([]string{o.Name}, o.Arguments...)
	if !slices.Equal(operationsOf(s.flags.entries, defaultServed(s.flags.entries)), operationsOf(s.flags.entries, e.Name)) {
		words = append(words, "--model", e.Name)
	}
	return strings.Join(words, " ")
}

// operationsOf returns the names of what clients ask of a model's servers.
func operationsOf(entries catalog.Catalogue, model string) []string {
	e, err := entries.Asked(model)
	if err != nil {
		return nil
	}
	return operationNames(e.Servers.Service.Operations())
}

func describeFaults(p faults.Plan) string {
	var all []string
	add := func(name string, value float64) {
		if value > 0 {
			all = append(all, fmt.Sprintf("%s %g", name, value))
		}
	}
	add("drop", p.Drop)
	add("duplicate", p.Duplicate)
	add("reorder", p.Reorder)
	if p.DelayMax > 0 {
		all = append(all, fmt.Sprintf("delay %v..%v", p.DelayMin, p.DelayMax))
	}
	return strings.Join(all, ", ")
}

// plural is a number of things.
func plural(n int, what string) string { return noun.Count(n, what) }
