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
	"synod/spawn/host"
	"synod/spawn/service"
	"synod/spawn/transports"
)

// logger returns the log configured by the flags.
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
	if f.logFormat.Value == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// greet prints the addresses of the servers, example commands, and the location of the data.
func (p *spawnPlan) greet(h *host.Host, stdout io.Writer) error {
	var b strings.Builder
	dir, temporary := h.Folder()
	carrier := strings.ToUpper(p.flags.transport.Value)
	if p.host.Only < 0 {
		fmt.Fprintf(&b, "%s: %s on %s\n", p.host.Program.Model, plural(len(h.Members), "server"), carrier)
	} else {
		fmt.Fprintf(&b, "%s: server %d of %d, on %s\n", p.host.Program.Model, p.host.Only, len(h.Members), carrier)
	}
	for _, r := range h.Servers() {
		fmt.Fprintf(&b, "  %v, id %v\n", r.Address, r.Machine.Self())
	}
	switch {
	case h.Servers()[0].Machine.Durable():
		fmt.Fprintf(&b, "Data in %s\n", dir)
		if temporary {
			b.WriteString("The folder is removed at an orderly shutdown; use --data-dir to keep it.\n")
		}
	case p.flags.ephemeral:
		b.WriteString("State is not persisted; a stopped server loses it.\n")
	default:
		b.WriteString("State is not persisted: servers of this model lose it when they stop.\n")
	}
	if p.flags.control {
		for _, r := range h.Servers() {
			fmt.Fprintf(&b, "Control %v by %s/%s\n", r.Address, dir, host.ControlName(r.Machine.Self()))
		}
	}
	if p.host.Faults != (faults.Plan{}) {
		fmt.Fprintf(&b, "Faults on every message: %v, seed %d\n", p.host.Faults, p.host.Seed)
	}
	if at := h.MetricsAddress(); at != nil {
		fmt.Fprintf(&b, "Metrics at http://%s/metrics\n", at)
	}
	b.WriteString(beware(p.host))
	p.examples(&b, h)
	b.WriteString("Ctrl-C stops.\n")
	_, err := io.WriteString(stdout, b.String())
	return err
}

// beware returns a warning about addresses that other machines can reach.
func beware(c host.Config) string {
	for i, m := range c.Members {
		if (c.Only < 0 || c.Only == i) && !m.Bind.Addr().IsLoopback() {
			return "Warning: anyone who can reach these addresses can send client requests and, with a forged sender\n" +
				"address, messages of a server. There is no encryption and no authentication.\n"
		}
	}
	return ""
}

// examples writes example commands: with nc if the transport permits it, otherwise a client command.
func (p *spawnPlan) examples(b *strings.Builder, h *host.Host) {
	if len(p.host.Program.Examples) == 0 {
		return
	}
	b.WriteString("Try:\n")
	if t, err := transports.Find(p.flags.transport.Value); err == nil && !t.Plain {
		fmt.Fprintf(b, "  %s client %s --transport tcp --servers %s\n", cmp.Or(p.flags.name, "paxos"), p.operation(), h.Cluster())
		return
	}
	for _, e := range p.host.Program.Examples {
		at := h.Members[e.Server%len(h.Members)].Name
		fmt.Fprintf(b, "  echo '%s' | nc -u -w1 %v %d\n", e.Message, at.Addr(), at.Port())
	}
}

// operation returns an example operation, with the model if it is not the default one.
func (p *spawnPlan) operation() string {
	e, err := p.flags.entries.Asked(p.host.Program.Model)
	if err != nil {
		return "bench"
	}
	all := e.Servers.Service.Operations()
	o := all[max(slices.IndexFunc(all, func(o service.Info) bool { return o.Reads && len(o.Arguments) == 0 }), 0)]
	words := append([]string{o.Name}, o.Arguments...)
	if !slices.Equal(operationsOf(p.flags.entries, defaultServed(p.flags.entries)), operationsOf(p.flags.entries, e.Name)) {
		words = append(words, "--model", e.Name)
	}
	return strings.Join(words, " ")
}

// operationsOf returns the names of the client operations of a model.
func operationsOf(entries catalog.Catalogue, model string) []string {
	e, err := entries.Asked(model)
	if err != nil {
		return nil
	}
	return operationNames(e.Servers.Service.Operations())
}

// plural formats a count with its noun.
func plural(n int, what string) string { return noun.Count(n, what) }
