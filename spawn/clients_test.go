package spawn_test

import (
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"

	"synod/actor"
	"synod/examples/catalog"
	"synod/spawn"
	"synod/spawn/machine"
)

var long = flag.Bool("long", false, "let a million clients ask a server")

// crowded is a server of durable ABD that is alone, with what a disk would hold of it.
type crowded struct {
	machine spawn.Inspected
	disk    map[string]int // bytes by name
	next    uint64
	saved   int // records
}

func newCrowded(tb testing.TB) *crowded {
	tb.Helper()
	program, err := catalog.Program("durable-abd", nil)
	if err != nil {
		tb.Fatal(err)
	}
	c := &crowded{machine: program.New(1, []actor.ID{1}, true, random()), disk: make(map[string]int)}
	c.step(tb, machine.Event{Kind: machine.Start})
	return c
}

func (c *crowded) step(tb testing.TB, e machine.Event) int {
	tb.Helper()
	effects, err := c.machine.Step(e, 0)
	if err != nil || effects.Rejected != nil {
		tb.Fatal(effects.Rejected, err)
	}
	for _, r := range effects.Save {
		c.saved++
		if r.Data == nil {
			delete(c.disk, r.Name)
		} else {
			c.disk[r.Name] = len(r.Data)
		}
	}
	return len(effects.Send)
}

// put lets a client that was never seen before put, and get.
func (c *crowded) put(tb testing.TB) {
	tb.Helper()
	c.next++
	from := actor.ID(0x7f00_0001_0000 + c.next*0x9e37_79b9)
	for i, text := range []string{`{"Put":[%d,"X"]}`, `{"Get":%d}`} {
		data := fmt.Appendf(nil, text, 2*c.next+uint64(i))
		if n := c.step(tb, machine.Event{Kind: machine.Receive, From: from, Data: data}); n != 1 {
			tb.Fatalf("%s: %d answers", data, n)
		}
	}
}

// TestManyClients makes sure that a server does not slow down, nor grow, with the clients that it has seen: what a step
// allocates and saves does not depend on their number, and what is on disk, and in memory, is bounded. A record of the run
// takes the hash of the state at every step, which is as cheap.
func TestManyClients(t *testing.T) {
	clients := 100_000
	switch {
	case *long:
		clients = 1_000_000
	case testing.Short():
		clients = 70_000
	}
	c := newCrowded(t)
	for range 1_000 {
		c.put(t)
	}
	hashed := func() {
		c.put(t)
		if _, err := c.machine.StateHash(); err != nil {
			t.Fatal(err)
		}
	}
	hashed()
	few := testing.AllocsPerRun(100, hashed)
	for c.next < 65_000 { // before anybody is forgotten
		c.put(t)
	}
	hashed()
	if many := testing.AllocsPerRun(100, hashed); many > 2*few+50 {
		t.Errorf("a put and a get allocate %v times after 1,000 clients, %v times after 65,000", few, many)
	}
	if c.saved > 2*int(c.next)+10 {
		t.Errorf("%d records were saved for %d clients", c.saved, c.next)
	}
	most := 0
	for c.next < uint64(clients) {
		before := c.saved
		c.put(t)
		most = max(most, c.saved-before)
		if len(c.disk) > 1<<16+3 {
			t.Fatalf("%d records on disk after %d clients", len(c.disk), c.next)
		}
	}
	if most > 5_000 || c.saved > 4*clients {
		t.Errorf("%d records were saved for %d clients, at most %d at once", c.saved, clients, most)
	}
	bytes := 0
	for name, n := range c.disk {
		bytes += len(name) + n
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%d clients: %d records of %d bytes on disk, %d MB of heap, %d records saved, at most %d at once",
		clients, len(c.disk), bytes, m.HeapAlloc>>20, c.saved, most)
}

// BenchmarkClients measures a put and a get of a client that was never seen before, after so many others; the longest step
// is one in which clients are forgotten.
func BenchmarkClients(b *testing.B) {
	for _, seen := range []int{100, 10_000, 1_000_000} {
		b.Run(fmt.Sprint(seen), func(b *testing.B) {
			c := newCrowded(b)
			for range seen {
				c.put(b)
			}
			var longest time.Duration
			b.ReportAllocs()
			for b.Loop() {
				began := time.Now()
				c.put(b)
				longest = max(longest, time.Since(began))
			}
			b.ReportMetric(float64(longest.Microseconds()), "µs-longest")
		})
	}
}
