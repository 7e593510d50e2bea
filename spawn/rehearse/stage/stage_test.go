package stage_test

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"synod/actor"
	"synod/examples/catalog"
	"synod/examples/registers/wire"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/nemesis"
	"synod/spawn/rehearse/stage"
)

const firstServer = actor.ID(1000)

// config is a run of a model with all faults that there are.
func config(t testing.TB, model string, streams bool, seed uint64) stage.Config {
	t.Helper()
	program, err := catalog.Program(model, nil)
	if err != nil {
		t.Fatal(err)
	}
	const n = 3
	schedule, err := nemesis.Generate(nemesis.Config{
		Servers: n, Duration: time.Minute, Kinds: nemesis.VirtualKinds(),
	}, stage.NewSource(seed, stage.Faults))
	if err != nil {
		t.Fatal(err)
	}
	var ids []actor.ID
	for i := range n {
		ids = append(ids, firstServer+actor.ID(i))
	}
	return stage.Config{
		Program: program, Service: wire.Register, Servers: ids, Client: 2000, Schedule: schedule, Seed: seed, Retries: 2,
		Streams:  streams,
		Workload: nemesis.Workload{Clients: 4, Servers: n, Reads: 0.5, ThinkMost: 600 * time.Millisecond},
	}
}

// logged performs a run and returns its log.
func logged(t testing.TB, c stage.Config) (string, stage.Outcome) {
	var b strings.Builder
	c.Log = func(at time.Duration, line string) { fmt.Fprintf(&b, "%d %s\n", at, line) }
	o, err := stage.Run(c)
	if err != nil {
		t.Error(err)
	}
	return b.String(), o
}

// TestSameSeed requires the same run of the same seed, to the byte, alone and beside others, on one processor and on
// many; and another one of another seed.
func TestSameSeed(t *testing.T) {
	for _, model := range []string{"durable-abd", "single-decree", "abd"} {
		for _, streams := range []bool{false, true} {
			c := config(t, model, streams, 7)
			want, o := logged(t, c)
			if len(want) < 10_000 {
				t.Errorf("%s: a log of %d bytes", model, len(want))
			}
			quiet, err := stage.Run(c)
			if err != nil || quiet.Digest != o.Digest || !reflect.DeepEqual(quiet.Notes, o.Notes) || quiet.Tally != o.Tally {
				t.Errorf("%s: without a log the run is another one: %x, %v; want %x", model, quiet.Digest, err, o.Digest)
			}
			for _, procs := range []int{1, 4} {
				before := runtime.GOMAXPROCS(procs)
				var wg sync.WaitGroup
				for range 3 {
					wg.Go(func() {
						if got, again := logged(t, c); got != want || again.Digest != o.Digest {
							t.Errorf("%s, streams %v, %d processors: another run of the same seed", model, streams, procs)
						}
					})
				}
				wg.Wait()
				runtime.GOMAXPROCS(before)
			}
			c.Seed++
			if got, other := logged(t, c); got == want || other.Digest == o.Digest {
				t.Errorf("%s: the same run of another seed", model)
			}
		}
	}
}

// TestNoFaults requires a run without faults to answer everything, but what is in flight at its end.
func TestNoFaults(t *testing.T) {
	for _, model := range []string{"durable-abd", "abd", "single-copy"} {
		for _, streams := range []bool{false, true} {
			c := config(t, model, streams, 3)
			c.Schedule.Faults = nil
			o, err := stage.Run(c)
			if err != nil {
				t.Fatal(err)
			}
			// An abd server that serves somebody ignores others, who ask again.
			if o.Acknowledged < 500 || o.Unknown+o.Failed > 4 || o.Restarts != 3 || len(o.Violations) > 0 {
				t.Errorf("%s, streams %v: %d acknowledged, %d unknown, %d failed, %d starts, %v", model, streams, o.Acknowledged,
					o.Unknown, o.Failed, o.Restarts, o.Violations)
			}
			if o.Tally != (nemesis.Tally{}) {
				t.Errorf("%s: faults without any: %v", model, &o.Tally)
			}
		}
	}
}

// TestKinds requires each kind of fault to happen when it is planned, and no other one.
func TestKinds(t *testing.T) {
	for _, k := range nemesis.VirtualKinds() {
		c := config(t, "durable-abd", false, 5)
		var err error
		c.Schedule, err = nemesis.Generate(nemesis.Config{
			Servers: 3, Duration: time.Minute, Kinds: []nemesis.Kind{k},
		}, stage.NewSource(5, stage.Faults))
		if err != nil {
			t.Fatal(err)
		}
		o, err := stage.Run(c)
		if err != nil || len(o.Violations) > 0 {
			t.Fatalf("%v: %v, %v", k, err, o.Violations)
		}
		for other, n := range o.Tally {
			if (n > 0) != (nemesis.Kind(other) == k) {
				t.Errorf("of %v alone there were %v", k, &o.Tally)
				break
			}
		}
	}
}

// broken is a machine that does wrong when it is told to.
type broken struct {
	spawn.Machine
	step func(e machine.Event) error
}

func (b broken) Step(e machine.Event, now time.Duration) (machine.Effects, error) {
	if err := b.step(e); err != nil {
		return machine.Effects{}, err
	}
	return b.Machine.Step(e, now)
}

// TestBroken requires a handler that panics, and a machine that cannot go on, to be told.
func TestBroken(t *testing.T) {
	for name, step := range map[string]func() error{
		"panic: no":    func() error { panic("no") },
		"cannot go on": func() error { return fmt.Errorf("cannot go on") },
	} {
		c := config(t, "durable-abd", false, 1)
		steps := 0
		c.Server = func(place int, _ func() time.Duration, sc spawn.Config) spawn.Config {
			sc.Machine = broken{sc.Machine, func(machine.Event) error {
				if steps++; place == 1 && steps > 100 {
					return step()
				}
				return nil
			}}
			return sc
		}
		o, err := stage.Run(c)
		if err != nil || len(o.Violations) == 0 || o.Violations[0].Text != name || o.Violations[0].Server != 1 {
			t.Errorf("%q: %v, %v", name, o.Violations, err)
		}
	}
}

func TestValidate(t *testing.T) {
	for name, change := range map[string]func(*stage.Config){
		"no program":     func(c *stage.Config) { c.Program = spawn.Program{} },
		"no service":     func(c *stage.Config) { c.Service = nil },
		"two servers":    func(c *stage.Config) { c.Servers = c.Servers[:2] },
		"timeout":        func(c *stage.Config) { c.Timeout = -1 },
		"no clients":     func(c *stage.Config) { c.Workload.Clients = 0 },
		"clients of two": func(c *stage.Config) { c.Workload.Servers = 2 },
		"no time":        func(c *stage.Config) { c.Schedule.Duration = 0 },
	} {
		c := config(t, "durable-abd", false, 1)
		change(&c)
		if _, err := stage.Run(c); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// BenchmarkRun is a minute of virtual time.
func BenchmarkRun(b *testing.B) {
	seed, acknowledged := uint64(0), 0
	for b.Loop() {
		seed++
		o, err := stage.Run(config(b, "durable-abd", false, seed))
		if err != nil {
			b.Fatal(err)
		}
		acknowledged += o.Acknowledged
	}
	b.ReportMetric(float64(acknowledged)/float64(b.N), "operations/op")
}

// TestBatches makes sure that servers of a run save once for several events, as they do in a process.
func TestBatches(t *testing.T) {
	c := config(t, "durable-abd", false, 3)
	c.Workload.Clients, c.Workload.ThinkMost = 20, 0
	var metrics spawn.Metrics
	c.Server = func(_ int, _ func() time.Duration, sc spawn.Config) spawn.Config {
		sc.Metrics = &metrics
		return sc
	}
	if o, err := stage.Run(c); err != nil || len(o.Violations) > 0 {
		t.Fatal(err, o.Violations)
	}
	saves, steps := metrics.Saves.Load(), metrics.SavedSteps.Load()
	if saves == 0 || steps < saves*3/2 {
		t.Errorf("%d saves of %d steps", saves, steps)
	}
	t.Logf("%d saves of %d steps", saves, steps)
}
