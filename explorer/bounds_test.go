package explorer

import (
	"bytes"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"synod/checker"
	"synod/examples/catalog"
)

// What the server remembers is bounded, and full tables are made anew without anybody noticing.
func TestSessionsAreBounded(t *testing.T) {
	e := catalog.Default()
	s, err := New(Config{Models: []Model{e}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for clients := range 2 * maxSessions {
		tables, err := s.acquire(Query{Config: map[string]string{"clients": strconv.Itoa(clients + 1)}})
		if err != nil {
			t.Fatal(err)
		}
		s.sessions.release(tables)
	}
	if n := len(s.sessions.open); n != maxSessions {
		t.Errorf("%d sessions are kept, expected %d", n, maxSessions)
	}
	first, err := s.acquire(Query{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.acquire(Query{})
	if err != nil {
		t.Fatal(err)
	}
	if first != again {
		t.Error("the same model with the same settings has two sessions")
	}
	first.held.Store(maxSessionBytes)
	third, err := s.acquire(Query{})
	if err != nil {
		t.Fatal(err)
	}
	if third == first {
		t.Error("full tables are used further")
	}
	// Anyone who still uses the old tables can.
	if _, err := first.describe(Query{}, first.initials[0]); err != nil {
		t.Error(err)
	}
	s.sessions.release(first)
	s.sessions.release(again)
	s.sessions.release(third)
}

// Sessions that nobody uses are let go when they are idle, or when all together hold too much, the oldest ones first.
func TestIdleSessionsAreFreed(t *testing.T) {
	s, err := New(Config{Models: []Model{catalog.Default()}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var all []*tables
	for clients := range 6 {
		one, err := s.acquire(Query{Config: map[string]string{"clients": strconv.Itoa(clients + 1)}})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
		one.held.Store(maxSessionBytes * 3 / 4)
	}
	s.sessions.trim(time.Now().Add(time.Hour))
	if n := len(s.sessions.open); n != 6 {
		t.Errorf("%d sessions are kept of 6 that are used", n)
	}
	for _, one := range all { // Each holds 192 MiB; all of them are more than 1 GiB.
		s.sessions.release(one)
	}
	if n := len(s.sessions.open); n != 5 || s.sessions.open[0] == all[0] {
		t.Errorf("%d sessions are kept, expected the 5 that were used last", n)
	}
	if s.sessions.trim(time.Now().Add(-time.Minute)) {
		t.Error("a session goes that was used a moment ago")
	}
	if !s.sessions.trim(time.Now()) || len(s.sessions.open) != 0 {
		t.Errorf("%d idle sessions are kept", len(s.sessions.open))
	}
}

// What sessions are said to hold is what they hold: the states of many clients that remember long histories.
func TestSessionsCountTheirBytes(t *testing.T) {
	entry, err := catalog.Find("single-copy")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Models: []Model{entry}, Settings: map[string]string{"clients": "13", "puts": "100"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	one, err := s.acquire(Query{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.sessions.release(one)
	for seed := uint64(0); one.bytes() < 16<<20; seed++ {
		way, err := one.random(t.Context(), one.initials[0], Query{Seed: seed, Count: 100})
		if err != nil || len(way.Path) == 0 {
			t.Fatalf("%+v, %v", way, err)
		}
		p, err := one.walk(0, way.Path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := one.describe(Query{}, p); err != nil {
			t.Fatal(err)
		}
	}
	held, counted := heap()-before, one.bytes()-one.space.OffHeap()
	if counted < held/2 || counted > 2*held {
		t.Errorf("%d bytes of the heap are counted, %d are held", counted, held)
	}
	one.held.Store(2 * maxSessionBytes)
	if way, err := one.random(t.Context(), one.initials[0], Query{Count: 100}); err != nil || way.Ended != whyExhausted {
		t.Errorf("a walk beyond what a session may hold: %+v, %v", way, err)
	}
}

// A check has a memory of its own: what else the process holds does not end it.
func TestCheckCountsItsOwnMemory(t *testing.T) {
	entry, err := catalog.Find("abd")
	if err != nil {
		t.Fatal(err)
	}
	const limit = 64 << 20
	s, err := New(Config{Models: []Model{entry}, Check: checker.Options{MemoryLimit: limit}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ballast := bytes.Repeat([]byte{1}, 2*limit)
	for _, engine := range []string{"bfs", "dfs", "walk"} {
		s.config.Check.Walks = 50
		if err := s.StartCheck(CheckRequest{Engine: engine}); err != nil {
			t.Fatal(err)
		}
		c := s.currentCheck()
		<-c.done
		if st := c.snapshot(false); st.Stopped != "" && engine != "walk" || st.Error != "" || st.Now.Memory > limit ||
			strings.Contains(st.Stopped, "memory") {
			t.Errorf("%s: %+v", engine, st)
		}
	}
	runtime.KeepAlive(ballast)
}
