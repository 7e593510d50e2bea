package explorer

import (
	"strconv"
	"testing"

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
	first.expanded.Store(maxExpanded + 1)
	third, err := s.acquire(Query{})
	if err != nil {
		t.Fatal(err)
	}
	if third == first {
		t.Error("full tables are used further")
	}
	// Whoever still uses the old tables can.
	if _, err := first.describe(Query{}, first.initials[0]); err != nil {
		t.Error(err)
	}
	s.sessions.release(first)
	s.sessions.release(again)
	s.sessions.release(third)
}
