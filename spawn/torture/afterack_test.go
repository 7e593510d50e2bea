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

// quiescer is clients that are quiet soon, or never, and look at servers meanwhile.
type quiescer struct {
	quiet bool
	look  func() []int // the servers that can be asked

	asked         []int   // the servers that were to answer last
	before, after [][]int // what look said at the beginnings and at the ends
	began         []time.Time
	took          []time.Duration // from the beginnings to the ends
}

func (q *quiescer) Quiesce(ctx context.Context, server int) bool {
	q.asked = append(q.asked, server)
	q.before, q.began = append(q.before, q.look()), append(q.began, time.Now())
	if !q.quiet {
		<-ctx.Done()
	}
	return q.quiet
}

func (q *quiescer) Resume() {
	q.after = append(q.after, q.look())
	q.took = append(q.took, time.Since(q.began[len(q.took)]))
}

// TestAfterAck makes sure that a kill after an acknowledgement waits for one, kills all of its servers, and lets clients go on as soon as the
// first of them are back; and that kills that begin before it is over are kills like others.
func TestAfterAck(t *testing.T) {
	ms := time.Millisecond
	faults := []nemesis.Fault{
		{Kind: nemesis.Kill, At: 50 * ms, For: 50 * ms, Servers: []int{0, 1, 2}, AfterAck: true},
		{Kind: nemesis.Kill, At: 50 * ms, For: 950 * ms, Servers: []int{2}, AfterAck: true},
		{Kind: nemesis.Pause, At: 50 * ms, For: 20 * ms, Servers: []int{0}},
		{Kind: nemesis.Kill, At: 60 * ms, For: 20 * ms, Servers: []int{1}, AfterAck: true},
		{Kind: nemesis.Kill, At: 1500 * ms, For: 50 * ms, Servers: []int{0}, AfterAck: true},
		{Kind: nemesis.Kill, At: 1500 * ms, For: 20 * ms, Servers: []int{1}},
	}
	alone := make(map[bool]bool)
	for n := range 20 {
		quiet := n%2 == 0
		if alone[quiet] {
			continue
		}
		q := &quiescer{quiet: quiet}
		dir := t.TempDir()
		c, err := torture.Start(t.Context(), torture.Config{Servers: 3, Dir: dir, Command: command, Quiescer: q})
		if err != nil {
			t.Fatal(err)
		}
		q.look = func() []int { return up(t, c, dir) }
		if err := c.Obey(t.Context(), nemesis.Schedule{Servers: 3, Duration: 3 * time.Second, Faults: faults}); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		tally := c.Tally()
		if len(q.before) != 2 || len(q.before[0]) != 3 || len(q.after) != 2 || !slices.Contains(q.after[1], 0) {
			t.Fatalf("before the kills these servers ran: %v, after: %v", q.before, q.after)
		}
		// Where it takes the first two as long to be back as the third one is away, that says nothing.
		alone[quiet] = slices.Equal(q.after[0], []int{0, 1})
		if !alone[quiet] && q.took[0] < 900*ms {
			t.Errorf("after the first kill, %v later, these servers ran: %v", q.took[0], q.after[0])
		}
		if want := []int{2, 0}; !slices.Equal(q.asked, want) {
			t.Errorf("%v were asked last, want %v", q.asked, want)
		}
		if n := tally[nemesis.Kill]; n < 5 || n > 6 {
			t.Errorf("%d servers were killed", n)
		}
		if n := c.KillsAfterAck(); quiet && n != 2 || !quiet && n != 0 {
			t.Errorf("%d kills took place after an acknowledgement", n)
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
