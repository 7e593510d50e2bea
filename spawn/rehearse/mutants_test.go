package rehearse_test

import (
	"bytes"
	"slices"
	"sync"
	"testing"
	"time"

	"synod/actor"
	"synod/examples/durableabd"
	durableabdwire "synod/examples/durableabd/wire"
	singledecreewire "synod/examples/singledecree/wire"
	"synod/paxos/singledecree"
	"synod/register"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/nemesis"
	"synod/spawn/rehearse"
	"synod/storage"
)

// hasty is a store that says at once that it has saved, and does so when the next save comes: its server replies before it
// saves.
type hasty struct {
	spawn.Store
	late []storage.Record
}

func (h *hasty) Save(changes []storage.Record) error {
	late := h.late
	h.late = slices.Clone(changes)
	for i, r := range h.late {
		h.late[i].Data = bytes.Clone(r.Data)
	}
	if late == nil {
		return nil
	}
	return h.Store.Save(late)
}

func replyBeforeSave(c *rehearse.Config) {
	c.Server = func(_ uint64, _ int, _ func() time.Duration, sc spawn.Config) spawn.Config {
		sc.Store = &hasty{Store: sc.Store}
		return sc
	}
}

// stale is a machine that gets the timers of the process before it, too.
type stale struct {
	spawn.Machine
	alarms []machine.Alarm
}

func (s *stale) Next(now time.Duration) (machine.Event, bool) {
	if e, ok := s.Machine.Next(now); ok {
		return e, true
	}
	for i, a := range s.alarms {
		if a.At <= now {
			s.alarms = slices.Delete(s.alarms, i, i+1)
			return machine.Event{Kind: machine.Timeout, Timer: a.Timer}, true
		}
	}
	return machine.Event{}, false
}

func (s *stale) Due() (time.Duration, bool) {
	at, ok := s.Machine.Due()
	for _, a := range s.alarms {
		if !ok || a.At < at {
			at, ok = a.At, true
		}
	}
	return at, ok
}

// timersSurvive lets timers survive a crash.
func timersSurvive(c *rehearse.Config) {
	type key struct {
		seed  uint64
		place int
	}
	var mu sync.Mutex
	last := make(map[key]*stale) // of the run that a seed had last; a new one has other machines
	c.Server = func(seed uint64, place int, now func() time.Duration, sc spawn.Config) spawn.Config {
		mu.Lock()
		defer mu.Unlock()
		s, k := &stale{Machine: sc.Machine}, key{seed, place}
		// What is there at the beginning of a run is of an earlier run.
		if before := last[k]; before != nil && now() > 0 {
			s.alarms = before.Machine.(spawn.Inspector).Alarms()
		}
		last[k] = s
		sc.Machine = s
		return sc
	}
}

// forgetting is a form of records that lacks something.
type forgetting[D any] struct {
	machine.Records
	forget func(D) D
}

func (f forgetting[D]) Split(kept any) ([]storage.Record, error) {
	return f.Records.Split(f.forget(kept.(D)))
}

func forgetCopy(c *rehearse.Config) {
	c.Program = spawn.NewProgram("durable-abd", 1, durableabd.New, durableabdwire.Messages,
		forgetting[durableabd.Durable]{durableabdwire.Records, func(d durableabd.Durable) durableabd.Durable {
			d.Copy = durableabd.Copy{}
			return d
		}})
}

func forgetVote(c *rehearse.Config) {
	server := func(others []actor.ID) actor.Typed[singledecree.State, register.Message] {
		return singledecree.Server{Peers: others, Retry: retry}.New()
	}
	c.Program = spawn.NewProgram("single-decree", 1, server, singledecreewire.Messages,
		forgetting[singledecree.Durable]{singledecreewire.Records, func(d singledecree.Durable) singledecree.Durable {
			d.Accepted, d.Decided = singledecree.Vote{}, false
			return d
		}})
}

// TestMutants makes the mistakes that runtimes make. Each has to be caught within a few runs, of which a
// worker makes a hundred in a second, its seed has to find it again, and so has the schedule that is left when it is
// shrunk.
func TestMutants(t *testing.T) {
	for _, tt := range []struct {
		name, model string
		change      func(*rehearse.Config)
		history     bool // clients have to see it
	}{
		{"save without fsync", "durable-abd", func(c *rehearse.Config) { c.Flaws.NoSync = true }, true},
		{"save without fsync", "single-decree", func(c *rehearse.Config) { c.Flaws.NoSync = true }, false},
		{"reply before save", "durable-abd", replyBeforeSave, true},
		{"reply before save", "single-decree", replyBeforeSave, false},
		{"kept state forgets the value", "durable-abd", forgetCopy, true},
		{"kept state forgets the value", "single-decree", forgetVote, true},
		{"timers survive a crash", "single-decree", timersSurvive, false},
		// It takes a kill in the middle of a save, an answer, and a loss of power before the next save.
		{"cache is trusted", "single-decree", func(c *rehearse.Config) {
			c.Flaws.TrustsCache = true
			c.Length, c.Every = 10*time.Second, 300*time.Millisecond
			c.Kinds = []nemesis.Kind{nemesis.Kill, nemesis.PowerOff}
		}, false},
	} {
		t.Run(tt.name+" "+tt.model, func(t *testing.T) {
			rare := tt.name == "cache is trusted"
			if rare && testing.Short() {
				t.Skip("it takes thousands of runs")
			}
			c := config(t, tt.model, false)
			tt.change(&c)
			began := time.Now()
			runs := 20
			if rare {
				runs = 4000
			}
			var found rehearse.Run
			for seed := uint64(1); ; seed = found.Seed + 1 {
				s, err := c.Perform(t.Context(), rehearse.Campaign{Seed: seed, Runs: runs, Workers: 1})
				if err != nil || s.Violations == 0 {
					t.Fatalf("not caught in %d runs and %d idle ones from seed %d, %v", s.Runs, s.Idle, seed, err)
				}
				found = s.Violated[0]
				if !tt.history || len(found.Check.Findings) > 0 {
					break
				}
				// What a server has lost it may notice itself, before clients can see it.
				if found.Seed > 100 {
					t.Fatalf("no history shows anything up to seed %d", found.Seed)
				}
			}
			took := time.Since(began)
			again, err := c.Rehearse(t.Context(), found.Seed, found.Schedule)
			if err != nil || again.Outcome.Digest != found.Outcome.Digest || !again.Violated() {
				t.Errorf("seed %d: %v, digest %x, want %x", found.Seed, err, again.Outcome.Digest, found.Outcome.Digest)
			}
			small, err := c.Shrink(t.Context(), found)
			if err != nil || len(small.Schedule.Faults) > 5 {
				t.Errorf("shrunk to %v, %v", small.Schedule, err)
			}
			if again, err = c.Rehearse(t.Context(), small.Seed, small.Schedule); err != nil || !again.Violated() {
				t.Errorf("%v is not violated, %v", small.Schedule, err)
			}
			t.Logf("seed %d, caught in %v, shrunk in %v to %v", found.Seed, took, time.Since(began)-took, small.Schedule.Faults)
		})
	}
}
