package abd_test

import (
	"flag"
	"testing"

	"synod/checker"
	"synod/examples/abd"
	"synod/internal/raced"
	"synod/model"
	"synod/network"
)

var long = flag.Bool("long", false, "run the searches of many millions of states too")

// TestCounts compares with the published counts, and with those that an independent search of the same rules gave, at one
// and at several workers. A lone server is its own majority, and as good as a single copy.
func TestCounts(t *testing.T) {
	for _, c := range []struct {
		servers, clients         int
		unique, generated, depth int
		long                     bool
	}{
		{1, 2, 93, 121, 9, false},
		{2, 2, 544, 875, 25, false},
		{2, 3, 35_009, 68_115, 37, false},
		{3, 2, 41_138_199, 194_646_243, 33, true},
	} {
		for _, workers := range raced.Workers(1, 4) {
			if c.long && (!*long || workers == 1) {
				continue
			}
			config := abd.Config{Servers: c.servers, Clients: c.clients, Puts: 1}
			r := checker.BFS(t.Context(), abd.System(config), checker.Options{Workers: workers, FinishWhen: checker.Exhausted})
			r.Require(t)
			if r.Unique != c.unique || r.Generated != c.generated || r.Depth != c.depth {
				t.Errorf("%d servers, %d clients: %d unique, %d generated, depth %d; want %d, %d, %d", c.servers, c.clients,
					r.Unique, r.Generated, r.Depth, c.unique, c.generated, c.depth)
			}
			r.Close()
		}
	}
}

// TestHolds checks other systems that are linearizable.
func TestHolds(t *testing.T) {
	for _, c := range []abd.Config{
		{Servers: 1, Clients: 2, Puts: 2, Readers: 1},
		{Servers: 2, Clients: 2, Puts: 1, Config: model.Config{Network: network.Ordered}},
		{Servers: 2, Clients: 2, Puts: 1, Config: model.Config{Lossy: true}},
	} {
		if c.Lossy && testing.Short() {
			continue
		}
		r := checker.BFS(t.Context(), abd.System(c), checker.Options{})
		r.Require(t)
		t.Logf("%+v: %d unique, %d generated, depth %d", c, r.Unique, r.Generated, r.Depth)
		r.Close()
	}
}
