package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"synod/catalog/around"
	"synod/internal/command"
	"synod/internal/flagvalue"
	"synod/network"
	"synod/spawn/replay"
	"synod/trace"
)

// aroundFlags are the flag --explore-around and those that require it.
type aroundFlags struct {
	event, steps                    flagvalue.Positive
	clients, puts, readers, crashes flagvalue.Count
	network                         flagvalue.Choice
	workers, maxStates              flagvalue.Positive
	timeout                         flagvalue.Duration
	memoryLimit                     flagvalue.Size
	asJSON                          bool
}

// aroundNames are the flags that require --explore-around.
var aroundNames = []string{
	"steps", "clients", "puts", "readers", "crashes", "network", "workers", "max-states", "timeout", "memory-limit", "json",
}

func (f *aroundFlags) add(set *pflag.FlagSet) {
	*f = aroundFlags{steps: 8, clients: 1, puts: 1, readers: 1, network: flagvalue.Choice{Known: network.Names()}}
	set.Var(&f.event, "explore-around", "check every continuation after this event (counted from 1), with new clients")
	set.Var(&f.steps, "steps", "depth of the exploration")
	set.Var(&f.clients, "clients", "number of new clients, each with its puts and then a get")
	set.Var(&f.puts, "puts", "number of puts of each new client")
	set.Var(&f.readers, "readers", "number of new clients that only read, each twice")
	set.Var(&f.crashes, "crashes", "maximum number of crashes")
	set.Var(&f.network, "network", "network of the exploration (default ordered over TCP, else unordered_nonduplicating)")
	set.Var(&f.workers, "workers", "number of goroutines (default one per core)")
	set.Var(&f.maxStates, "max-states", "stop the exploration at this number of distinct states")
	set.Var(&f.timeout, "timeout", "stop the check of the past, and the exploration, after this time, such as 30s or 5m")
	set.Var(&f.memoryLimit, "memory-limit", "stop the exploration when the process uses this much memory, such as 500MB or 2GiB")
	set.BoolVar(&f.asJSON, "json", false, "print the result as one JSON document")
}

// asked reports whether an exploration was requested, and returns an error for invalid flags.
func (f *aroundFlags) asked(set *pflag.FlagSet) (bool, error) {
	if set.Changed("explore-around") {
		return true, f.config().Validate()
	}
	for _, name := range aroundNames {
		if set.Changed(name) {
			return false, fmt.Errorf("--%s requires --explore-around", name)
		}
	}
	return false, nil
}

// config returns the configuration set by the flags.
func (f *aroundFlags) config() around.Config {
	return around.Config{
		Event: int(f.event), Steps: int(f.steps), Clients: int(f.clients), Puts: int(f.puts), Readers: int(f.readers),
		Crashes: int(f.crashes), Network: f.network.Value, Workers: int(f.workers), MaxStates: int(f.maxStates),
		Timeout: time.Duration(f.timeout), MemoryLimit: int64(f.memoryLimit),
	}
}

// perform checks everything that could have happened within some steps of an event, prints the results, and returns
// the exit code.
func (f *aroundFlags) perform(a *app, records *replay.Records, out *recordedTrace) (int, error) {
	ctx, stop := command.Interruptible()
	defer stop()
	config := f.config()
	config.Program = a.programOf
	x, err := config.Explore(ctx, a.entries, records)
	if err != nil {
		return 0, err
	}
	defer x.Close()
	code := exitOf(x.Verdict())
	b := bufio.NewWriter(a.stdout)
	closing := io.Writer(b)
	if f.asJSON {
		d := x.Document()
		d.Exit = code
		closing = a.stderr
		err = command.WriteJSON(b, d)
	} else {
		x.WriteText(b)
	}
	r := x.Result()
	if out != nil && err == nil {
		h := x.Header()
		d := trace.Document{Model: h.Model, Config: h.Config, Package: a.packageOf(h.Model)}
		if r != nil {
			d.Traces = r.Traces()
		}
		err = writeTraces(out.file, out.format, d, a.stderr)
	}
	if r != nil {
		fmt.Fprintf(closing, "Done. states=%d, unique=%d, depth=%d, sec=%.2f\n", r.Generated, r.Unique, r.Depth, r.Elapsed.Seconds())
	}
	return code, errors.Join(err, b.Flush())
}
