package checker_test

import (
	"flag"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"synod/checker"
	"synod/examples/singledecree"
	"synod/model/statespace"
)

var benchClients = flag.Int("clients", 3, "clients of the Paxos that benchmarks check; 6 has 9,357,525 states")

func benchmark(b *testing.B, search func(int) *checker.Result) {
	for _, workers := range []int{1, 2, 4} {
		if workers > runtime.GOMAXPROCS(0) {
			continue
		}
		b.Run(fmt.Sprintf("clients=%d/workers=%d", *benchClients, workers), func(b *testing.B) {
			generated, unique, memory := 0, 0, int64(0)
			for b.Loop() {
				r := search(workers)
				if r.Err != nil {
					b.Fatal(r.Err)
				}
				generated, unique, memory = generated+r.Generated, unique+r.Unique, r.Memory
				r.Close()
			}
			perRun := float64(b.N)
			b.ReportMetric(float64(generated)/b.Elapsed().Seconds(), "generated/s")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(generated), "ns/generated")
			b.ReportMetric(float64(memory)/(float64(unique)/perRun), "B/state")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func paxosModel() singledecree.Config {
	c := singledecree.Default
	c.Clients = *benchClients
	return c
}

func BenchmarkBFS(b *testing.B) {
	benchmark(b, func(workers int) *checker.Result {
		return checker.BFS(b.Context(), singledecree.System(paxosModel()), checker.Options{Workers: workers})
	})
}

func BenchmarkDFS(b *testing.B) {
	benchmark(b, func(workers int) *checker.Result {
		return checker.DFS(b.Context(), singledecree.System(paxosModel()), checker.Options{Workers: workers})
	})
}

func BenchmarkWalk(b *testing.B) {
	benchmark(b, func(workers int) *checker.Result {
		return checker.Walk(b.Context(), singledecree.System(paxosModel()), checker.Options{
			Workers: workers, Walks: 200_000, FinishWhen: checker.Exhausted,
		})
	})
}

// BenchmarkOnDemand steps as an explorer does: it asks for the transitions of one state after the other, with the keys and
// texts of their actions, until all states of the Paxos of two clients were asked for.
func BenchmarkOnDemand(b *testing.B) {
	transitions := 0
	for b.Loop() {
		space, err := singledecree.System(singledecree.Default).Space()
		if err != nil {
			b.Fatal(err)
		}
		waiting, err := statespace.Initials(space)
		if err != nil {
			b.Fatal(err)
		}
		seen := map[string]bool{}
		for len(waiting) > 0 {
			state := waiting[len(waiting)-1]
			waiting = waiting[:len(waiting)-1]
			if key := fmt.Sprint(state); !seen[key] {
				seen[key] = true
				all, err := statespace.Transitions(space, state)
				if err != nil {
					b.Fatal(err)
				}
				for _, t := range all {
					if t.Ignored == statespace.Counts {
						transitions++
						waiting = append(waiting, t.State)
					}
				}
			}
		}
		space.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(transitions), "ns/transition")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkLimit is what a search that did nothing but remember would cost: as many random words as a search generates
// states, with the same share of repeats, go into an open-addressing table that was made large enough beforehand.
func BenchmarkLimit(b *testing.B) {
	sizes := map[int][2]int{2: {32_971, 16_668}, 3: {2_420_477, 1_194_428}, 6: {18_972_647, 9_357_525}}
	size, ok := sizes[*benchClients]
	if !ok {
		b.Skip("the numbers of states are known for 2, 3 and 6 clients")
	}
	for _, workers := range []int{1, 2, 4} {
		if workers > runtime.GOMAXPROCS(0) {
			continue
		}
		b.Run(fmt.Sprintf("clients=%d/workers=%d", *benchClients, workers), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				table := newWordTable(size[1])
				b.StartTimer()
				var wg sync.WaitGroup
				for w := range workers {
					wg.Go(func() { table.fill(uint64(w), size[0]/workers, size[1]/workers) })
				}
				wg.Wait()
			}
			inserts := float64(size[0]) * float64(b.N)
			b.ReportMetric(inserts/b.Elapsed().Seconds(), "inserts/s")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/inserts, "ns/insert")
			b.ReportMetric(0, "ns/op")
		})
	}
}

type wordTable struct {
	words []atomic.Uint64
	shift int
}

func newWordTable(n int) *wordTable {
	t := &wordTable{shift: 64}
	length := 1
	for length*2 < n*3 { // at most two thirds full
		length *= 2
		t.shift--
	}
	t.words = make([]atomic.Uint64, length)
	for i := 0; i < length; i += 512 {
		t.words[i].Store(0) // The page is there before the time is taken.
	}
	return t
}

// fill inserts n words, so many of which are distinct and belong to one goroutine: the others repeat earlier ones.
func (t *wordTable) fill(who uint64, n, distinct int) {
	random := who*0x9e3779b97f4a7c15 + 1
	next := func() uint64 {
		random ^= random << 13
		random ^= random >> 7
		random ^= random << 17
		return random
	}
	fresh := 0
	for i := range n {
		word := uint64(fresh)
		// Spread the fresh words evenly among the repeats.
		if fresh*n <= i*distinct {
			fresh++
		} else {
			word = next() % uint64(fresh)
		}
		t.insert(mixWord(word<<8 | who + 1))
	}
}

func mixWord(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (t *wordTable) insert(word uint64) {
	mask := len(t.words) - 1
	for i := int(word >> t.shift); ; i++ {
		switch t.words[i&mask].Load() {
		case word:
			return
		case 0:
			if t.words[i&mask].CompareAndSwap(0, word) {
				return
			}
			i--
		}
	}
}
