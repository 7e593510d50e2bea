package intern

import (
	"testing"

	"github.com/mitchellh/hashstructure/v2"
)

// server is a state as a Paxos server has it.
type server struct {
	Ballot   ballot
	Proposal *struct {
		Req, From uint64
		V         rune
	}
	Prepares map[uint64]*struct {
		B ballot
		V rune
	}
	Accepts map[uint64]struct{}
	Decided bool
}

// realistic returns the i-th of many distinct states: three prepares, two accepts.
func realistic(i uint64) server {
	s := server{Ballot: ballot{uint32(i), i % 3}, Accepts: map[uint64]struct{}{0: {}, 1: {}}}
	s.Proposal = &struct {
		Req, From uint64
		V         rune
	}{i, 1, 'A'}
	s.Prepares = map[uint64]*struct {
		B ballot
		V rune
	}{0: nil, 1: {ballot{1, 1}, 'A'}, 2: {ballot{2, 2}, 'B'}}
	return s
}

func BenchmarkHashstructure(b *testing.B) {
	s := realistic(1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := hashstructure.Hash(s, hashstructure.FormatV2, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	w, s := walkerOf[server](b), realistic(1)
	b.ReportAllocs()
	for b.Loop() {
		w.Hash(s)
	}
}

func BenchmarkEqual(b *testing.B) {
	w, s := walkerOf[server](b), realistic(1)
	other := w.Copy(s)
	b.ReportAllocs()
	for b.Loop() {
		if !w.Equal(s, other) {
			b.Fatal("differ")
		}
	}
}

func BenchmarkCopy(b *testing.B) {
	w, s := walkerOf[server](b), realistic(1)
	b.ReportAllocs()
	for b.Loop() {
		w.Copy(s)
	}
}

func BenchmarkEncode(b *testing.B) {
	w, s := walkerOf[server](b), realistic(1)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = w.Encode(buf[:0], s)
	}
}

func BenchmarkHashMessage(b *testing.B) {
	w := walkerOf[message](b)
	var m message = put{4, 66}
	b.ReportAllocs()
	for b.Loop() {
		w.Hash(m)
	}
}

func BenchmarkCopyMessage(b *testing.B) {
	w := walkerOf[message](b)
	var m message = put{4, 66}
	b.ReportAllocs()
	for b.Loop() {
		w.Copy(m)
	}
}

func BenchmarkInternExisting(b *testing.B) {
	t, s := tableOf[server](b), realistic(1)
	t.Intern(t.walker.Copy(s))
	b.ReportAllocs()
	for b.Loop() {
		t.Intern(s)
	}
}

func BenchmarkInternExistingFlat(b *testing.B) {
	t, v := tableOf[ballot](b), ballot{1, 2}
	t.Intern(v)
	b.ReportAllocs()
	for b.Loop() {
		t.Intern(v)
	}
}

// BenchmarkInternFresh includes making the value (about the cost of BenchmarkCopy).
func BenchmarkInternFresh(b *testing.B) {
	t := tableOf[server](b)
	i := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		t.Intern(realistic(i))
		i++
	}
}

// BenchmarkHashReflected is a map of no special shape: structs with pointers as elements.
func BenchmarkHashReflected(b *testing.B) {
	w := walkerOf[map[ballot]string](b)
	m := map[ballot]string{{1, 1}: "a", {2, 2}: "b", {3, 3}: "c"}
	b.ReportAllocs()
	for b.Loop() {
		w.Hash(m)
	}
}
