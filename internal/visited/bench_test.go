package visited

import (
	"fmt"
	"testing"
	"unsafe"

	"synod/internal/offheap"
)

const (
	benchBits   = 59 // of a state
	benchShards = 8  // bits that choose the shard
	benchBatch  = 256
)

// batch is a run of keys for one shard.
type batch struct {
	shard int
	keys  []uint64
}

// workload returns inserts of distinct random keys, each key on average repeats times, in batches per shard in the
// order in which a scatter buffer per shard would fill.
func workload(distinct, repeats int) []batch {
	mix := NewMixer(benchBits)
	var buffers [1 << benchShards][]uint64
	var out []batch
	put := func(i uint64) {
		x := mix.Mix(i)
		shard := x >> (benchBits - benchShards)
		buffers[shard] = append(buffers[shard], x&(1<<(benchBits-benchShards)-1))
		if len(buffers[shard]) == benchBatch {
			out = append(out, batch{int(shard), buffers[shard]})
			buffers[shard] = make([]uint64, 0, benchBatch)
		}
	}
	random := splitmix(1)
	for i := range distinct {
		put(uint64(i) << 8)
		for range repeats - 1 {
			put(random.below(uint64(i)+1) << 8)
		}
	}
	for shard, keys := range buffers {
		out = append(out, batch{shard, keys})
	}
	return out
}

type splitmix uint64

// next is Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
func (s *splitmix) next() uint64 {
	*s += 0x9E3779B97F4A7C15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func (s *splitmix) below(n uint64) uint64 { return s.next() % n }

func benchInsert(b *testing.B, work []batch, p policy, start int) {
	inserts, live, transient, distinct := 0, int64(0), int64(0), 0
	for b.Loop() {
		arena := offheap.New()
		shards := make([]*Shard, 1<<benchShards)
		for i := range shards {
			shards[i], _ = newShard(arena, benchBits-benchShards, 2, stagger(p, start, i, len(shards)), p)
		}
		fresh := make([]uint64, 0, benchBatch)
		var err error
		inserts, distinct = 0, 0
		for _, w := range work {
			if fresh, err = shards[w.shard].InsertBatch(w.keys, 1, fresh[:0]); err != nil {
				b.Fatal(err)
			}
			inserts += len(w.keys)
			distinct += len(fresh)
		}
		live, transient = arena.Bytes(), arena.Peak()
		arena.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(inserts), "ns/insert")
	b.ReportMetric(float64(live)/float64(distinct), "B/key")
	b.ReportMetric(float64(transient)/float64(distinct), "peakB/key")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkInsert fills the set as the checker does: half of what it inserts is there already.
func BenchmarkInsert(b *testing.B) {
	for _, distinct := range []int{100_000, 1_000_000, 10_000_000} {
		work := workload(distinct, 2)
		b.Run(fmt.Sprintf("keys=%d", distinct), func(b *testing.B) {
			benchInsert(b, work, defaultPolicy, 256)
		})
	}
}

// BenchmarkPolicy is what defaultPolicy was chosen by.
func BenchmarkPolicy(b *testing.B) {
	work := workload(10_000_000, 2)
	for _, load := range []float64{0.8, 0.85, 0.9} {
		for _, growth := range []float64{1.25, 1.33, 1.41, 1.5, 2} {
			b.Run(fmt.Sprintf("load=%v/growth=%v", load, growth), func(b *testing.B) {
				benchInsert(b, work, policy{load, growth}, 256)
			})
		}
	}
}

// BenchmarkPlain is the measure to compare with: words of eight bytes in one table that never grows, half full.
func BenchmarkPlain(b *testing.B) {
	for _, distinct := range []int{1_000_000, 5_000_000, 10_000_000} {
		work := workload(distinct, 2)
		size := 1
		for size < distinct+distinct/4 {
			size *= 2
		}
		b.Run(fmt.Sprintf("keys=%d", distinct), func(b *testing.B) {
			inserts := 0
			for b.Loop() {
				table := make([]uint64, size)
				inserts = 0
				for _, w := range work {
					for _, key := range w.keys {
						word := key | uint64(w.shard)<<(benchBits-benchShards) + 1
						i := word * 0x9E3779B97F4A7C15 >> 20 & uint64(size-1)
						for table[i] != 0 && table[i] != word {
							i = (i + 1) & uint64(size-1)
						}
						table[i] = word
					}
					inserts += len(w.keys)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(inserts), "ns/insert")
			b.ReportMetric(float64(8*size)/float64(distinct), "B/key")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkGrow moves the entries of one shard, which the first-level caches do not hold, to a larger table.
func BenchmarkGrow(b *testing.B) {
	arena := offheap.New()
	defer arena.Close()
	s, err := NewShard(arena, benchBits-benchShards, 2, 50_000)
	if err != nil {
		b.Fatal(err)
	}
	for i, random := 0, splitmix(1); i < 42_000; i++ {
		if _, err := s.Insert(random.next()>>(64-benchBits+benchShards), 1); err != nil {
			b.Fatal(err)
		}
	}
	l := s.policy.next(s.layout, s.count)
	table, err := allocTable(arena, l)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.copyTo(&l, unsafe.Pointer(&table[0]))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(s.Len()), "ns/entry")
}
