package network_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"synod/network"
)

// plain is the dumbest network: all letters in the order of sending.
type plain []network.Letter

// put is what becomes of the letters when one more is sent.
func (p plain) put(s network.Semantics, l network.Letter) plain {
	if s == network.UnorderedDuplicating && slices.Contains(p, l) {
		return p
	}
	return append(slices.Clone(p), l)
}

// without takes the earliest copy of a letter away.
func (p plain) without(l network.Letter) plain {
	i := slices.Index(p, l)
	return slices.Delete(slices.Clone(p), i, i+1)
}

// deliverable returns the distinct letters that may be delivered next.
func (p plain) deliverable(s network.Semantics) map[network.Letter]bool {
	all := make(map[network.Letter]bool)
	begun := make(map[uint32]bool) // sources of which an earlier letter waits
	for _, l := range p {
		if s != network.Ordered || !begun[l.Source] {
			all[l] = true
		}
		begun[l.Source] = true
	}
	return all
}

// same reports whether two orders of sending are one state of the network.
func (p plain) same(s network.Semantics, q plain) bool {
	return slices.Equal(p.sorted(s), q.sorted(s))
}

func (p plain) sorted(s network.Semantics) plain {
	p = slices.Clone(p)
	slices.SortStableFunc(p, func(a, b network.Letter) int {
		if a.Source != b.Source || s == network.Ordered {
			return int(a.Source) - int(b.Source)
		}
		return int(a.Message) - int(b.Message)
	})
	return p
}

// TestMailbox sends, delivers and drops at random, in a mailbox and in a plain list.
func TestMailbox(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(network.All()).Draw(t, "semantics")
		var box network.Mailbox
		var want plain
		type both struct {
			box  network.Mailbox
			list plain
		}
		var seen []both
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			before := slices.Clone(box)
			prefix := network.Mailbox{{Source: 77, Message: 77}}
			var next network.Mailbox
			places := deliverable(t, s, box, want)
			action := rapid.IntRange(0, 3).Draw(t, "action")
			if len(places) == 0 || action < 2 {
				letter := network.Letter{
					Source: rapid.Uint32Range(0, 2).Draw(t, "source"), Message: rapid.Uint32Range(0, 2).Draw(t, "message"),
				}
				next, want = s.Put(prefix, box, letter), want.put(s, letter)
			} else {
				i := rapid.SampledFrom(places).Draw(t, "place")
				if action == 2 {
					next = s.Drop(prefix, box, i)
				} else {
					next = s.Deliver(prefix, box, i)
				}
				if action == 2 || s != network.UnorderedDuplicating {
					want = want.without(box[i])
				}
			}
			if !slices.Equal(box, before) {
				t.Fatalf("%v became %v while something else was made of it", before, box)
			}
			if next[0] != prefix[0] {
				t.Fatalf("what stood before was overwritten: %v", next)
			}
			box = next[1:]
			if !slices.Equal(plain(box), want.sorted(s)) {
				t.Fatalf("mailbox %v, want %v", box, want.sorted(s))
			}
			seen = append(seen, both{slices.Clone(box), slices.Clone(want)})
		}
		for _, a := range seen {
			for _, b := range seen {
				if slices.Equal(a.box, b.box) != a.list.same(s, b.list) {
					t.Fatalf("%v and %v: equal mailboxes and equal networks must be the same thing", a, b)
				}
			}
		}
	})
}

// deliverable returns the places of what may be delivered, after comparing them with the plain list.
func deliverable(t *rapid.T, s network.Semantics, box network.Mailbox, want plain) []int {
	var places []int
	found := make(map[network.Letter]bool)
	for i, l := range box {
		if !s.Deliverable(box, i) {
			continue
		}
		if found[l] {
			t.Fatalf("%v may be delivered twice over, in %v", l, box)
		}
		found[l] = true
		places = append(places, i)
	}
	letters := want.deliverable(s)
	for l := range letters {
		if !found[l] {
			t.Fatalf("%v is not deliverable, in %v", l, box)
		}
	}
	if len(found) != len(letters) {
		t.Fatalf("deliverable %v, want %v, in %v", found, letters, box)
	}
	return places
}

// TestNames makes sure that every semantics has a name of its own that is understood.
func TestNames(t *testing.T) {
	for _, s := range network.All() {
		if got, err := network.Parse(s.String()); err != nil || got != s {
			t.Errorf("%q is parsed as %v, %v", s.String(), got, err)
		}
	}
	if s, err := network.Parse("carrier pigeons"); err == nil {
		t.Errorf("carrier pigeons are %v", s)
	}
	if got := network.Semantics(9).String(); got != "network.Semantics(9)" {
		t.Errorf("an unknown semantics is called %s", got)
	}
}
