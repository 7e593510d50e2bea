package explorer_test

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"synod/explorer"
)

// stepTime is within how much a step should be answered, on a quiet machine. The test allows for one that is not.
const (
	stepTime = 20 * time.Millisecond
	patience = 25
)

// A step deep in the Paxos of three clients is answered at once while a check takes all cores. It is one that does not end
// meanwhile, however slow this test is.
func TestStepsAreQuickBesideACheck(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a large check")
	}
	cores := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(cores + 2) // as paxos explore does
	defer runtime.GOMAXPROCS(cores)
	s, base := serve(t, func(c *explorer.Config) { c.Check.Workers = cores })
	config := map[string]string{"clients": "3"}
	var paths [][]string
	for seed := range uint64(30) {
		way := ask[explorer.Way](t, base, "random", explorer.Query{Config: config, Seed: seed, Count: 40}, 200)
		paths = append(paths, way.Path)
	}
	slices.SortFunc(paths, func(a, b []string) int { return len(b) - len(a) })
	if err := s.StartCheck(explorer.CheckRequest{Config: map[string]string{"clients": "12"}, Model: "single-decree"}); err != nil {
		t.Fatal(err)
	}
	for s := await(t, base, "running"); s.Now.Unique < 50_000; s = await(t, base, "running") {
	}
	var times []time.Duration
	for _, path := range paths[:10] {
		for n := max(0, len(path)-6); n <= len(path); n++ {
			began := time.Now()
			ask[explorer.State](t, base, "state", explorer.Query{Config: config, Path: path[:n], From: max(0, n-1)}, 200)
			times = append(times, time.Since(began))
		}
	}
	ask[explorer.CheckStatus](t, base, "check/stop", nil, 200)
	slices.Sort(times)
	half, most := times[len(times)/2], times[len(times)-1]
	t.Logf("%d steps of paths of up to %d: half of them within %v, all within %v", len(times), len(paths[0]), half, most)
	if half > stepTime*patience {
		t.Errorf("half of the steps take more than %v", stepTime*patience)
	}
}
