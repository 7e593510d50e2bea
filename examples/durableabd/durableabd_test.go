package durableabd_test

import (
	"flag"
	"testing"

	"synod/checker"
	"synod/examples/durableabd"
	"synod/model"
	"synod/network"
)

var long = flag.Bool("long", false, "run the searches of many millions of states too")

// TestHolds checks clients that ask again, repeated messages and one crash, alone and together. The counts of the
// greater systems are our own: the plain search agrees on smaller ones.
func TestHolds(t *testing.T) {
	const duplicating = network.UnorderedDuplicating
	for _, c := range []struct {
		name                     string
		config                   durableabd.Config
		unique, generated, depth int
		long                     bool
	}{
		{
			"two clients that ask again, repeated messages",
			durableabd.Config{Servers: 2, Clients: 2, Puts: 1, Resends: 1, Config: model.Config{Network: duplicating}},
			73_700, 910_577, 30, false,
		},
		{
			"one server, two clients that ask again, repeated messages, two crashes",
			durableabd.Config{
				Servers: 1, Clients: 2, Puts: 1, Resends: 1,
				Config: model.Config{Network: duplicating, MaxDown: 1, MaxCrashes: 2},
			},
			6_104, 30_813, 17, false,
		},
		{
			"one server that remembers one of two clients, repeated messages, two crashes",
			durableabd.Config{
				Servers: 1, Clients: 2, Puts: 1, Resends: 1, Remember: 1,
				Config: model.Config{Network: duplicating, MaxDown: 1, MaxCrashes: 2},
			},
			32_822, 173_208, 19, false,
		},
		{
			"two servers that remember one of two clients, repeated messages",
			durableabd.Config{
				Servers: 2, Clients: 2, Puts: 1, Resends: 1, Remember: 1, Config: model.Config{Network: duplicating},
			},
			122_548, 1_508_629, 31, false,
		},
		{
			"two servers that remember one of two clients, repeated messages, a crash",
			durableabd.Config{
				Servers: 2, Clients: 2, Puts: 1, Resends: 1, Remember: 1,
				Config: model.Config{Network: duplicating, MaxDown: 1, MaxCrashes: 1},
			},
			5_591_652, 74_529_017, 38, true,
		},
		{
			"one server that remembers two of three clients, repeated messages, a crash",
			durableabd.Config{
				Servers: 1, Clients: 3, Puts: 1, Resends: 1, Remember: 2,
				Config: model.Config{Network: duplicating, MaxDown: 1, MaxCrashes: 1},
			},
			4_021_223, 28_829_024, 23, true,
		},
		{
			"a client and a reader, repeated messages, a crash",
			durableabd.Config{
				Servers: 2, Clients: 1, Puts: 1, Readers: 1, Resends: 1,
				Config: model.Config{Network: duplicating, MaxDown: 1, MaxCrashes: 1},
			},
			3_754_548, 56_906_569, 40, true,
		},
		{
			"two clients that ask again, repeated messages, a crash",
			durableabd.Config{
				Servers: 2, Clients: 2, Puts: 1, Resends: 1,
				Config: model.Config{Network: duplicating, MaxDown: 1, MaxCrashes: 1},
			},
			11_785_428, 176_252_361, 41, true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.long && !*long {
				t.Skip("too large for this run")
			}
			r := checker.BFS(t.Context(), durableabd.System(c.config), checker.Options{FinishWhen: checker.Exhausted})
			defer r.Close()
			r.Require(t)
			if r.Unique != c.unique || r.Generated != c.generated || r.Depth != c.depth {
				t.Errorf("%d unique, %d generated, depth %d; want %d, %d, %d",
					r.Unique, r.Generated, r.Depth, c.unique, c.generated, c.depth)
			}
		})
	}
}
