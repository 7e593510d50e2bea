package checker_test

import (
	"encoding/binary"
	"maps"
	"slices"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/examples/registers"
	"synod/examples/singlecopy"
	"synod/internal/raced"
	"synod/internal/reference"
	"synod/model"
	"synod/network"
	"synod/register"
)

// A spread is a space whose contents of some slot are about as many as its states, so that nothing is won by collapsing
// states: for the engine, and for a plain search of the same.
type spread struct {
	name  string
	src   model.Source
	plain func(reference.Options) reference.Result
}

func spreadOf[S any](name string, src model.Source, m reference.Model[S]) spread {
	return spread{name, src, func(o reference.Options) reference.Result { return reference.Search(m, o) }}
}

// spreads returns one space of each kind, of some ten thousand states, or of up to a million.
func spreads(large bool) []spread {
	size := func(small, great int) int {
		if large {
			return great
		}
		return small
	}
	flows := sink(network.Ordered, 4, size(2, 3))
	heap := sink(network.UnorderedNonDuplicating, 1, size(6, 9))
	two := registers.Config{Servers: 1, Clients: 2, Puts: size(4, 7), Config: model.Config{Network: network.UnorderedNonDuplicating}}
	three := registers.Config{Servers: 1, Clients: 3, Puts: size(1, 2), Config: model.Config{Network: network.UnorderedNonDuplicating}}
	return []spread{
		spreadOf("sink of flows", flows.sys, flows.ref.Model()),
		spreadOf("sink of a heap", heap.sys, heap.ref.Model()),
		spreadOf("counters", plainSource(counters{size(3, 9)}), quickModel(counters{size(3, 9)}, counts.key)),
		spreadOf("puzzle", plainSource(puzzle{size(15, 31)}), quickModel(puzzle{size(15, 31)}, tiles.key)),
		spreadOf("ballots", plainSource(ballots{size(1, 4)}), quickModel(ballots{size(1, 4)}, election.key)),
		spreadOf("history of two", singlecopy.System(two), plainCopies(two)),
		spreadOf("history of three", singlecopy.System(three), plainCopies(three)),
	}
}

// TestSpread compares the counts, levels and verdicts of the engine with those of a plain search.
func TestSpread(t *testing.T) {
	checker.KeepSteps(t, 1) // so that they are forgotten after every level
	workerCounts := raced.Workers(1, 4)
	searches := []checker.Options{{FinishWhen: checker.Exhausted}, {MaxDepth: 6}}
	if raced.Detector {
		searches = searches[1:]
	}
	for _, s := range spreads(false) {
		t.Run(s.name, func(t *testing.T) {
			for _, o := range searches {
				want := s.plain(plainOptions(o))
				if want.Exhausted && want.Unique < 1_000 {
					t.Errorf("only %d states: this shows nothing", want.Unique)
				}
				for _, workers := range workerCounts {
					o.Workers, o.Timeout = workers, engineTimeout
					got := checker.BFS(t.Context(), s.src, o)
					compareResult(t, got, want)
					replay(t, got)
					got.Close()
					if want.Exhausted {
						compareDepthFirst(t, s.src, want, workers)
					}
				}
			}
		})
	}
}

// plainSource turns a model without actors into a source.
func plainSource[S, A any](m model.Model[S, A]) model.Source { return model.NewPlain(m) }

// quickModel is plainModel with a key made for the type.
func quickModel[S, A any](m model.Model[S, A], key func(S) string) reference.Model[S] {
	quick := plainModel(m, nil)
	quick.Key = key
	return quick
}

func plainCopies(c registers.Config) reference.Model[registerState] {
	return plainRegister(c, func([]actor.ID) actor.Typed[singlecopy.State, register.Message] {
		return singlecopy.New()
	}).Model()
}

// sink is an actor that logs what it receives, in order, and others that each send it a number of messages.
func sink(n network.Semantics, senders, messages int) *twin[int] {
	tw := newTwin[int](model.Config{Network: n})
	log := add(tw, 0, actor.Typed[[]int, int]{
		Start: func(actor.ID, *actor.Out[int]) []int { return nil },
		Receive: func(_ actor.ID, log []int, from actor.ID, msg int, _ *actor.Out[int]) []int {
			return append(log, int(from)*100+msg)
		},
	})
	for id := range senders {
		add(tw, actor.ID(id+1), actor.Typed[int, int]{
			Start: func(_ actor.ID, out *actor.Out[int]) int {
				for k := range messages {
					out.Send(0, k)
				}
				return 0
			},
			Receive: func(_ actor.ID, st int, _ actor.ID, _ int, _ *actor.Out[int]) int { return st },
		})
	}
	twice := func(log []int) bool {
		for i, entry := range log {
			if slices.Contains(log[:i], entry) {
				return true
			}
		}
		return false
	}
	tw.always("nothing twice", func(v model.View) bool {
		entries, _ := log.In(v)
		return !twice(entries)
	}, func(s *reference.State[int]) bool { return !twice(reference.Local[[]int](s, 0)) })
	return tw
}

// counters count to most, each for itself.
type counters struct{ most int }

type counts [6]uint8

func (s counts) key() string { return string(s[:]) }

func (counters) Initial() []counts { return []counts{{}} }

func (c counters) Actions(s counts) []int {
	all := make([]int, 0, len(s))
	for i, n := range s {
		if int(n) < c.most {
			all = append(all, i)
		}
	}
	return all
}

func (counters) Next(s counts, i int) (counts, bool) {
	s[i]++
	return s, true
}

// puzzle is eight tiles in a frame of nine places, and how far one may shift them.
type puzzle struct{ most int }

type (
	tiles struct {
		At     [9]uint8
		Shifts int8
	}
	shift int8
)

func (s tiles) key() string { return string(append(s.At[:], byte(s.Shifts))) }

func (puzzle) Initial() []tiles { return []tiles{{At: [9]uint8{1, 2, 3, 4, 5, 6, 7, 8}}} }

func (p puzzle) Actions(s tiles) []shift {
	if p.most < 31 && int(s.Shifts) == p.most {
		return nil
	}
	hole := slices.Index(s.At[:], 0)
	all := make([]shift, 0, 4)
	for _, by := range []shift{-3, -1, 1, 3} {
		to := hole + int(by)
		if to < 0 || to > 8 || (by == 1 || by == -1) && to/3 != hole/3 {
			continue
		}
		all = append(all, by)
	}
	return all
}

func (p puzzle) Next(s tiles, by shift) (tiles, bool) {
	hole := slices.Index(s.At[:], 0)
	s.At[hole], s.At[hole+int(by)] = s.At[hole+int(by)], 0
	if p.most < 31 {
		s.Shifts++
	}
	return s, true
}

// ballots is votes for candidates, of which each who gets two more wins an election.
type ballots struct{ elections int }

type (
	election struct {
		Votes  map[string]int
		Won    []string
		Leader *string
	}
	vote struct {
		For   string
		Elect bool
	}
)

func (s election) key() string {
	var key []byte
	for _, name := range slices.Sorted(maps.Keys(s.Votes)) {
		key = append(append(key, name...), ' ')
		key = binary.AppendUvarint(key, uint64(s.Votes[name]))
	}
	key = append(key, '|')
	for _, name := range s.Won {
		key = append(append(key, name...), ' ')
	}
	if s.Leader != nil {
		key = append(append(key, '|'), *s.Leader...)
	}
	return string(key)
}

func (ballots) Initial() []election { return []election{{Votes: map[string]int{}}} }

func (b ballots) Actions(s election) []vote {
	var all []vote
	for _, name := range []string{"Ada", "Bob", "Cleo", "Dirk"} {
		if s.Votes[name] < 5 {
			all = append(all, vote{For: name})
		}
		if s.Votes[name] >= 2 && len(s.Won) < b.elections {
			all = append(all, vote{For: name, Elect: true})
		}
	}
	return all
}

func (ballots) Next(s election, v vote) (election, bool) {
	next := election{Votes: maps.Clone(s.Votes), Won: slices.Clone(s.Won), Leader: s.Leader}
	if !v.Elect {
		next.Votes[v.For]++
		return next, true
	}
	next.Votes[v.For] -= 2
	if next.Votes[v.For] == 0 {
		delete(next.Votes, v.For)
	}
	next.Won = append(next.Won, v.For)
	next.Leader = &v.For
	return next, true
}
