package rehearse_test

import (
	"flag"
	"reflect"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"synod/catalog"
	"synod/consistency/oplog"
	shipped "synod/examples/catalog"
	"synod/spawn/nemesis"
	"synod/spawn/rehearse"
)

var long = flag.Bool("long", false, "make ten thousand runs, too")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const retry = 100 * time.Millisecond

// config is a configuration of a model, with all kinds of faults that its servers have to stand.
func config(t testing.TB, model string, streams bool) rehearse.Config {
	t.Helper()
	entry, err := shipped.Find(model)
	if err != nil {
		t.Fatal(err)
	}
	var v catalog.Variant
	c := rehearse.Config{
		Service: entry.Servers.Service, Writes: entry.Servers.Writes, Servers: 3, Clients: 4, Length: time.Minute, Kinds: nemesis.VirtualKinds(), Streams: streams,
		Reads: 0.5, Retries: 2,
	}
	switch model {
	case "single-decree":
		v = catalog.Variant{"retry": retry.String(), "learn": "true"}
	case "abd", "single-copy":
		c.Kinds, c.Retries = []nemesis.Kind{nemesis.Delay, nemesis.Reorder, nemesis.Pause}, 0
	}
	if model == "single-copy" {
		c.Servers = 1
	}
	if streams {
		c.Kinds = slices.DeleteFunc(c.Kinds, func(k nemesis.Kind) bool {
			return k == nemesis.Duplicate || k == nemesis.Reorder
		})
	}
	if c.Program, err = shipped.Program(model, v); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSound makes many runs of all servers that can be run: they do nothing wrong, enough is acknowledged, and every kind of
// fault happens.
func TestSound(t *testing.T) {
	runs := 40
	if testing.Short() {
		runs = 5
	}
	for _, model := range shipped.All().Spawnable() {
		for _, streams := range []bool{false, true} {
			perform(t, config(t, model, streams), rehearse.Campaign{Seed: 1, Runs: runs})
		}
	}
}

// perform makes runs, none of which may be violated.
func perform(t *testing.T, c rehearse.Config, k rehearse.Campaign) {
	t.Helper()
	began := time.Now()
	s, err := c.Perform(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Violated {
		t.Errorf("%s, streams %v, seed %d: %v, %v", c.Program.Model, c.Streams, r.Seed, r.Outcome.Violations, r.Check.Findings)
	}
	missing := s.Tally.Missing(c.Kinds)
	if testing.Short() {
		missing = nil // A server of Paxos saves a few times only, and seldom while its disk is full.
	}
	if s.Runs != k.Runs || s.Undecided > 0 || s.Ended || len(missing) > 0 || s.Acknowledged < s.Runs*rehearse.Enough {
		t.Errorf("%s, streams %v: %d runs, %d undecided, ended %v, %v never happened, %d acknowledged", c.Program.Model, c.Streams,
			s.Runs, s.Undecided, s.Ended, missing, s.Acknowledged)
	}
	t.Logf("%s, streams %v: %d runs and %d idle in %v, %d acknowledged, %d unknown, %d failed; %v", c.Program.Model, c.Streams,
		s.Runs, s.Idle, time.Since(began).Round(time.Millisecond), s.Acknowledged, s.Unknown, s.Failed, &s.Tally)
}

// TestTenThousand is TestSound, but for a hundred times as long.
func TestTenThousand(t *testing.T) {
	if !*long {
		t.Skip("ten thousand runs take minutes: -long")
	}
	perform(t, config(t, "durable-abd", false), rehearse.Campaign{Seed: 1, Runs: 10_000})
}

// TestWorkers requires the same summary of one worker and of many, with a violation and without.
func TestWorkers(t *testing.T) {
	sound := config(t, "single-decree", false)
	sound.Length = 20 * time.Second
	wrong := config(t, "abd", false)
	wrong.Kinds, wrong.Length = []nemesis.Kind{nemesis.Kill}, 20*time.Second
	for _, c := range []rehearse.Config{sound, wrong} {
		var want rehearse.Summary
		for _, workers := range []int{1, 3, 8} {
			s, err := c.Perform(t.Context(), rehearse.Campaign{Seed: 5, Runs: 20, Workers: workers, KeepGoing: true})
			if err != nil {
				t.Fatal(err)
			}
			for i := range s.Violated {
				s.Violated[i].Check.Findings = nil // They hold functions.
			}
			if workers == 1 {
				want = s
			} else if !reflect.DeepEqual(s, want) {
				t.Errorf("%d workers: %+v, want %+v", workers, s, want)
			}
		}
		if (want.Violations > 0) != (c.Program.Model == "abd") {
			t.Errorf("%s: %d violations", c.Program.Model, want.Violations)
		}
	}
}

// TestIdle requires runs in which too little happens not to count, and the campaign to give up in the end.
func TestIdle(t *testing.T) {
	c := config(t, "durable-abd", false)
	c.Length = 2 * time.Second
	told := 0
	s, err := c.Perform(t.Context(), rehearse.Campaign{Seed: 1, Runs: 5, Progress: func(rehearse.Summary) { told++ }})
	if err != nil || s.Runs != 0 || s.Idle < 5 || s.Ended || told == 0 {
		t.Errorf("%d runs, %d idle, ended %v, told %d times, %v", s.Runs, s.Idle, s.Ended, told, err)
	}
}

func TestValidate(t *testing.T) {
	for name, change := range map[string]func(*rehearse.Config){
		"no time":         func(c *rehearse.Config) { c.Length = 0 },
		"too long":        func(c *rehearse.Config) { c.Length = 25 * time.Hour },
		"no servers":      func(c *rehearse.Config) { c.Servers = 0 },
		"no clients":      func(c *rehearse.Config) { c.Clients = 0 },
		"reads":           func(c *rehearse.Config) { c.Reads = 2 },
		"no service":      func(c *rehearse.Config) { c.Service = nil },
		"streams repeat":  func(c *rehearse.Config) { c.Streams = true },
		"no disk to fill": func(c *rehearse.Config) { c.Ephemeral = true },
		"a partition of one": func(c *rehearse.Config) {
			c.Servers = 1
		},
	} {
		c := config(t, "durable-abd", false)
		change(&c)
		if _, err := c.Perform(t.Context(), rehearse.Campaign{Runs: 1}); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestVaried makes a run of a store: clients ask for each of its keys, and write, delete and swap.
func TestVaried(t *testing.T) {
	for _, model := range []string{"multi-paxos", "system-builders"} {
		c := config(t, model, false)
		c.Kinds = nil
		s, err := c.Schedule(1)
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.Rehearse(t.Context(), 1, s)
		if err != nil {
			t.Fatal(err)
		}
		asked := make(map[oplog.Op]int)
		for _, e := range rehearse.Events(r.Outcome.Notes, c.Clients) {
			if e.Type == oplog.Invoke {
				asked[e.Op]++
			}
		}
		if r.Check.Counts.Keys != 4 || len(asked) != 4 {
			t.Errorf("%s: %d keys: must be 4; asked for %v: must be 4 operations", model, r.Check.Counts.Keys, asked)
		}
	}
}
