//go:build unix

package torture_test

import (
	"context"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"synod/spawn/nemesis"
	"synod/spawn/torture"
)

// lull is clients that are quiet soon, or never, and look at servers meanwhile.
type lull struct {
	quiet bool
	look  func() []int // the servers that can be asked

	asked         []int   // the servers that were to answer last
	before, after [][]int // what look said at the beginnings and at the ends
	began         []time.Time
	took          []time.Duration // from the beginnings to the ends
}

func (l *lull) Begin(ctx context.Context, server int) bool {
	l.asked = append(l.asked, server)
	l.before, l.began = append(l.before, l.look()), append(l.began, time.Now())
	if !l.quiet {
		<-ctx.Done()
	}
	return l.quiet
}

func (l *lull) End() {
	l.after = append(l.after, l.look())
	l.took = append(l.took, time.Since(l.began[len(l.took)]))
}

// TestAmbush makes sure that an ambush waits for its moment, kills all of its servers, and lets clients go on as soon as the
// first of them are back; and that kills that begin before it is over are kills like others.
func TestAmbush(t *testing.T) {
	ms := time.Millisecond
	faults := []nemesis.Fault{
		{Kind: nemesis.Kill, At: 50 * ms, For: 50 * ms, Servers: []int{0, 1, 2}, Ambush: true},
		{Kind: nemesis.Kill, At: 50 * ms, For: 950 * ms, Servers: []int{2}, Ambush: true},
		{Kind: nemesis.Pause, At: 50 * ms, For: 20 * ms, Servers: []int{0}},
		{Kind: nemesis.Kill, At: 60 * ms, For: 20 * ms, Servers: []int{1}, Ambush: true},
		{Kind: nemesis.Kill, At: 1500 * ms, For: 50 * ms, Servers: []int{0}, Ambush: true},
		{Kind: nemesis.Kill, At: 1500 * ms, For: 20 * ms, Servers: []int{1}},
	}
	alone := make(map[bool]bool)
	for n := range 20 {
		quiet := n%2 == 0
		if alone[quiet] {
			continue
		}
		l := &lull{quiet: quiet}
		dir := t.TempDir()
		c, err := torture.Start(t.Context(), torture.Config{Servers: 3, Dir: dir, Command: command, Lull: l})
		if err != nil {
			t.Fatal(err)
		}
		l.look = func() []int { return up(t, c, dir) }
		if err := c.Obey(t.Context(), nemesis.Schedule{Servers: 3, Duration: 3 * time.Second, Faults: faults}); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		tally := c.Tally()
		if len(l.before) != 2 || len(l.before[0]) != 3 || len(l.after) != 2 || !slices.Contains(l.after[1], 0) {
			t.Fatalf("before ambushes these servers ran: %v, after: %v", l.before, l.after)
		}
		// Where it takes the first two as long to be back as the third one is away, that says nothing.
		alone[quiet] = slices.Equal(l.after[0], []int{0, 1})
		if !alone[quiet] && l.took[0] < 900*ms {
			t.Errorf("after the first ambush, %v later, these servers ran: %v", l.took[0], l.after[0])
		}
		if want := []int{2, 0}; !slices.Equal(l.asked, want) {
			t.Errorf("%v were asked last, want %v", l.asked, want)
		}
		if n := tally[nemesis.Kill]; n < 5 || n > 6 {
			t.Errorf("%d servers were killed", n)
		}
		if n := c.Ambushes(); quiet && n != 2 || !quiet && n != 0 {
			t.Errorf("%d ambushes had their moment", n)
		}
	}
	if !alone[true] || !alone[false] {
		t.Errorf("of those whose servers were back before the last one, one was quiet: %v, one was not: %v", alone[true], alone[false])
	}
}

// up returns the servers that can be asked.
func up(t *testing.T, c *torture.Cluster, dir string) []int {
	t.Helper()
	var all []int
	for i := range c.Addresses {
		path, err := torture.Control(torture.Member{Place: i, Addresses: c.Addresses, Dir: filepath.Clean(torture.Folder(dir, i))})
		if err != nil {
			t.Fatal(err)
		}
		if conn, err := net.Dial("unix", path); err == nil {
			conn.Close()
			all = append(all, i)
		}
	}
	return all
}
