package intern_test

import (
	"testing"

	"synod/internal/intern"
)

type (
	number   uint32
	letter   rune
	pair     struct{ Round, Leader uint32 }
	proposal struct {
		Request uint64
		From    number
		Value   letter
	}
	entry struct {
		Ballot pair
		Values []proposal
	}
	call interface{ call() }
	put  struct {
		Request uint64
		Value   letter
	}
	swap   struct{ Old, New letter }
	seen   struct{ View, SlotOut int }
	accept struct {
		Ballot   pair
		Proposal proposal
	}
	vote struct {
		entry
		Last  bool
		Under *pair
	}
	votes struct {
		By   map[int][]entry
		None []int
	}
	wrapped struct{ Message call }
	ask     struct{ Proposal proposal }
	prepare struct{ Ballot pair }
	query   struct {
		Reader  number
		Request uint64
	}
)

func (n number) String() string { return string(rune('0' + n)) }
func (l letter) String() string { return "'" + string(rune(l)) + "'" }

func (put) call()     {}
func (swap) call()    {}
func (seen) call()    {}
func (accept) call()  {}
func (vote) call()    {}
func (votes) call()   {}
func (wrapped) call() {}
func (ask) call()     {}
func (query) call()   {}
func (prepare) call() {}

// TestBrief names the fields that would not be understood without.
func TestBrief(t *testing.T) {
	w, err := intern.For[call]()
	if err != nil {
		t.Fatal(err)
	}
	a := proposal{4, 3, 'A'}
	for want, v := range map[string]call{
		"put(4, 'A')":                 put{4, 'A'},
		"put(0, 'A')":                 wrapped{put{0, 'A'}},
		"ask(request 4, from 3, 'A')": ask{a},
		"ask(proposal {})":            ask{},
		"query(reader 3, request 3)":  query{3, 3},
		"prepare(ballot (2, 0))":      prepare{pair{2, 0}},
		"swap(old 'A', new 'B')":      swap{'A', 'B'},
		"seen(view 0, slotOut 2)":     seen{0, 2},
		"accept(ballot (2, 0), proposal (request 4, from 3, 'A'))": accept{pair{2, 0}, a},
		"accept(ballot {}, proposal (from 0, 'A'))":                accept{pair{}, proposal{Value: 'A'}},
		"vote(ballot {}, values nil, not last, under nil)":         vote{},
		"vote(ballot (0, 1), values [(request 4, from 3, 'A'), (from 0, 'B')], last, under &(0, 2))": vote{
			entry{pair{0, 1}, []proposal{a, {Value: 'B'}}}, true, &pair{0, 2},
		},
		"votes(by {1: [], 2: [(ballot (1, 1), values nil)]}, none [])": votes{map[int][]entry{2: {{Ballot: pair{1, 1}}}, 1: {}}, []int{}},
	} {
		if got := w.Brief(v); got != want {
			t.Errorf("%#v reads %s, want %s", v, got, want)
		}
	}
}
