package intern_test

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"synod/internal/intern"
)

// remembering is a state whose maps a Hasher remembers in every way.
type remembering struct {
	Count uint64
	Flat  map[uint64][3]uint64
	Small map[uint8]bool
	Set   map[uint32]struct{}
	Named map[string]string
	Tasks map[uint64]task
	Deep  map[uint64]map[uint64]uint64
	Inner struct {
		Text string
		Map  map[int16]float64
	}
}

// task refers to memory outside in three ways.
type task struct {
	Client  uint64
	Write   *rune
	Telling bool
	Answers []uint64
	Name    string
}

// TestHasher changes a state in place, copies it, and puts others in its place. It is hashed as if nothing were remembered.
func TestHasher(t *testing.T) {
	w, err := intern.For[remembering]()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		h, s := w.Hasher(), remembering{}
		for range rapid.IntRange(1, 60).Draw(t, "changes") {
			for range rapid.IntRange(1, 4).Draw(t, "of one step") {
				s = changed(t, w, s)
			}
			if got, want := h.Hash(s), w.Hash(s); got != want {
				t.Fatalf("hash %x, want %x, of %+v", got, want, s)
			}
		}
	})
}

// changed changes something, which belongs to the caller.
func changed(t *rapid.T, w *intern.Walker[remembering], s remembering) remembering {
	k := rapid.Uint64Range(0, 20).Draw(t, "key")
	v := rapid.Uint64Range(0, 2).Draw(t, "value")
	switch rapid.IntRange(0, 16).Draw(t, "what") {
	case 0:
		return w.Copy(s)
	case 1:
		s.Count = v
	case 2:
		delete(s.Flat, k)
		delete(s.Set, uint32(k))
		delete(s.Tasks, k)
	case 3:
		s.Flat, s.Tasks = nil, nil
	case 4:
		clear(s.Tasks)
		clear(s.Named)
	case 5, 6:
		put(&s.Flat, k, [3]uint64{0, v, 0})
	case 7:
		put(&s.Small, uint8(k), v > 0)
	case 8:
		put(&s.Set, uint32(k), struct{}{})
	case 9:
		put(&s.Named, string(rune('a'+k)), string(rune('a'+v)))
	case 10, 11:
		write := rune(v)
		put(&s.Tasks, k, task{Client: v, Write: &write, Answers: []uint64{k}, Name: string(rune('a' + v))})
	case 12: // in place, behind the entry
		if task := s.Tasks[k]; task.Write != nil {
			*task.Write++
			task.Answers[0]++
		}
	case 13:
		task := s.Tasks[k]
		task.Answers = append(task.Answers, v)
		put(&s.Tasks, k, task)
	case 14:
		put(&s.Deep, k, map[uint64]uint64{v: v})
	case 15:
		put(&s.Inner.Map, int16(k), float64(v))
	case 16:
		s.Flat, s.Tasks = maps.Clone(s.Flat), maps.Clone(s.Tasks)
		s.Inner.Text = string(rune('a' + v))
	}
	return s
}

func put[K comparable, V any](m *map[K]V, k K, v V) {
	if *m == nil {
		*m = make(map[K]V)
	}
	(*m)[k] = v
}

// TestHasherOfOthers hashes what holds no map, or is none.
func TestHasherOfOthers(t *testing.T) {
	hashed(t, 7)
	hashed(t, "text")
	hashed(t, map[int]int{1: 2})
	hashed(t, struct{ A, B int }{1, 2})
	hashed[any](t, map[string]int{"a": 1})
}

func hashed[T any](t *testing.T, v T) {
	t.Helper()
	w, err := intern.For[T]()
	if err != nil {
		t.Fatal(err)
	}
	h := w.Hasher()
	for range 2 {
		if got, want := h.Hash(v), w.Hash(v); got != want {
			t.Errorf("%v: hash %x, want %x", v, got, want)
		}
	}
}
