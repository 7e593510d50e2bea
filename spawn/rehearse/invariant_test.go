package rehearse_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"synod/actor"
	"synod/examples/catalog"
	"synod/invariant"
	"synod/paxos/singledecree"
	"synod/spawn"
	"synod/spawn/record"
	"synod/spawn/rehearse"
	"synod/spawn/replay"
)

// TestInvariants makes sure that what must hold of servers is looked at after each step, of each and of all, that one which
// does not hold is told once and shrunk, and that the records of the run show the same.
func TestInvariants(t *testing.T) {
	entry, err := catalog.All().Find("single-decree")
	if err != nil {
		t.Fatal(err)
	}
	never := invariant.Each("nobody ever decides", func(_ actor.ID, st singledecree.State) bool { return !st.Decided })
	most := 0
	few := invariant.All("few are up", func(states map[actor.ID]singledecree.State) bool {
		most = max(most, len(states))
		return len(states) <= 3
	})
	c := rehearse.Config{
		Program: entry.Servers.Program(nil), Service: entry.Servers.Service, Servers: 3, Clients: 2, Length: 5 * time.Second, Writes: 1,
	}
	c.Program.Invariants = []invariant.Checked{few, never}
	s, err := c.Schedule(1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Rehearse(t.Context(), 1, s)
	if err != nil {
		t.Fatal(err)
	}
	if most != 3 || len(r.Outcome.Violations) != 1 || !r.Violated() ||
		!strings.Contains(r.What(), `"nobody ever decides" does not hold, after the step that made its state`) {
		t.Fatalf("%d servers at once, %v", most, r.Outcome.Violations)
	}
	if r, err = c.Shrink(t.Context(), r); err != nil || r.Schedule.Duration >= time.Second {
		t.Errorf("shrunk to %v, %v", r.Schedule.Duration, err)
	}
	dir := t.TempDir()
	if r, err = c.Write(t.Context(), dir, 1, r.Schedule, record.Header{}); err != nil {
		t.Fatal(err)
	}
	records, err := replay.Open(filepath.Join(dir, rehearse.RecordName(0)), filepath.Join(dir, rehearse.RecordName(1)),
		filepath.Join(dir, rehearse.RecordName(2)))
	if err != nil {
		t.Fatal(err)
	}
	defer records.Close()
	visited := 0
	_, err = records.Run(replay.Config{
		Program: func(*record.Header) (spawn.Program, error) { return c.Program, nil },
		Visit:   func(e *replay.Event, _ *replay.Run) error { visited = e.Number; return nil },
	})
	var violation *replay.Violation
	if !errors.As(err, &violation) || violation.Event != visited || !strings.Contains(violation.Error(), "nobody ever decides") ||
		!strings.HasSuffix(violation.File, rehearse.RecordName(r.Outcome.Violations[0].Server)) {
		t.Errorf("after %d events: %v, want a violation of server %d", visited, err, r.Outcome.Violations[0].Server)
	}
	c.Program.Invariants = c.Program.Invariants[:1]
	if _, err := records.Run(replay.Config{Program: func(*record.Header) (spawn.Program, error) { return c.Program, nil }}); err != nil {
		t.Errorf("with an invariant that holds: %v", err)
	}
}

// TestPanickingInvariant makes sure that an invariant about other states, and one that panics, are told as violations.
func TestPanickingInvariant(t *testing.T) {
	entry, err := catalog.All().Find("single-decree")
	if err != nil {
		t.Fatal(err)
	}
	c := rehearse.Config{
		Program: entry.Servers.Program(nil), Service: entry.Servers.Service, Servers: 3, Clients: 2, Length: time.Second, Writes: 1,
	}
	c.Program.Invariants = []invariant.Checked{
		invariant.All("panics", func(map[actor.ID]singledecree.State) bool { panic("no") }),
		invariant.Each("is about others", func(actor.ID, int) bool { return true }),
	}
	s, err := c.Schedule(1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Rehearse(t.Context(), 1, s)
	if err != nil || len(r.Outcome.Violations) != 2 {
		t.Errorf("%v, %v", r.Outcome.Violations, err)
	}
}
