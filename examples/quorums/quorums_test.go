package quorums_test

import (
	"testing"

	"synod/checker"
	"synod/examples/quorums"
	"synod/examples/registers"
)

// TestSweep requires quorums to be safe exactly if any two of them meet, and majorities to have the known counts.
func TestSweep(t *testing.T) {
	for servers := 1; servers <= 3; servers++ {
		pairs := 0
		c := registers.Config{Servers: servers, Clients: 2, Puts: 1}
		err := quorums.Sweep(t.Context(), c, checker.Options{}, func(q quorums.Pair) {
			pairs++
			want := checker.Violated
			if q.Promises+q.Votes > servers {
				want = checker.Holds
			}
			if q.Verdict != want || (q.Verdict == checker.Violated) != (q.Property == "agreement") {
				t.Errorf("%d servers: %+v, want %v", servers, q, want)
			}
			if servers == 3 && q.Promises == 2 && q.Votes == 2 && q.States != 16_668 {
				t.Errorf("majorities have %d states", q.States)
			}
		})
		if err != nil || pairs != servers*servers {
			t.Errorf("%d pairs of %d servers, %v", pairs, servers, err)
		}
	}
	if err := quorums.Sweep(t.Context(), registers.Config{}, checker.Options{}, nil); err == nil {
		t.Error("no servers are fine")
	}
}
