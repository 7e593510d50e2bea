package consistency_test

import (
	"fmt"
	"testing"

	"synod/consistency"
)

// benchHistory is what single-decree Paxos leaves: all clients write at once, one of the writes was decided, and
// every client whose write was acknowledged reads. seen tells whose value is read, which may be a pending one.
func benchHistory(b *testing.B, clients, acknowledged, seen int) history {
	b.Helper()
	var events []event
	for c := range clients {
		events = append(events, event{Client: consistency.Client(c), Invoke: true, In: consistency.Write(c + 1)})
	}
	for c := range acknowledged {
		events = append(events,
			event{Client: consistency.Client(c), Out: consistency.Wrote[int]()},
			event{Client: consistency.Client(c), Invoke: true, In: consistency.Read[int]()})
	}
	for c := range acknowledged {
		events = append(events, event{Client: consistency.Client(c), Out: consistency.Got(seen)})
	}
	return record(b, events)
}

func BenchmarkLinearizable(b *testing.B) {
	for _, clients := range []int{2, 6, 12} {
		for _, c := range []struct {
			name               string
			acknowledged, seen int
			want               bool
		}{
			{"own", 1, 1, true},
			{"pending", 1, clients, true},
			{"wrong", 1, 99, false},
			{"all", clients, clients, true},
		} {
			b.Run(fmt.Sprintf("clients=%d/%s", clients, c.name), func(b *testing.B) {
				h := benchHistory(b, clients, c.acknowledged, c.seen)
				spec := consistency.Register(0)
				b.ReportAllocs()
				for b.Loop() {
					if consistency.Linearizable(spec, h) != c.want {
						b.Fatal("wrong answer")
					}
				}
			})
		}
	}
}

func BenchmarkSequential(b *testing.B) {
	for _, clients := range []int{2, 6, 12} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			h := benchHistory(b, clients, 1, clients)
			spec := consistency.Register(0)
			b.ReportAllocs()
			for b.Loop() {
				if !consistency.Sequential(spec, h) {
					b.Fatal("wrong answer")
				}
			}
		})
	}
}

func BenchmarkAdvance(b *testing.B) {
	h := benchHistory(b, 12, 6, 1)
	b.ReportAllocs()
	for b.Loop() {
		next, err := h.Invoke(3, consistency.Read[int]())
		if err != nil {
			b.Fatal(err)
		}
		if _, err = next.Return(3, consistency.Got(1)); err != nil {
			b.Fatal(err)
		}
	}
}
