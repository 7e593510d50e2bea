package store

import (
	"errors"

	"synod/internal/offheap"
	"synod/internal/visited"
	"synod/model/statespace"
)

// A visited state has a tag of TagBits bits: its level, modulo Tags. That is enough to walk back from a discovery level by
// level, as a successor of a state is at most one level deeper.
const (
	TagBits = 4
	Tags    = 1 << TagBits
)

// States are the visited states of a search, and all that is needed to interpret a packed one.
type States struct {
	Arena  *offheap.Arena
	Chunks Chunks
	Layout *Layout
	Shards []*Shard
	// Spare is the number of spare bits of fields, see NewLayout. A search that finds new ids at any time wants some.
	Spare int

	units     Units
	slots     int
	crew      Crew
	movers    []*mover // one per worker
	regrouped int      // the number of states at the last choice of units
	relaid    int      // the number of states at the last relayout
	paired    int      // the number of states when pairs were last chosen
	pairRoom  int      // see chooseLayout
}

// Units are what a state is packed from: an id for each of some groups of slots.
type Units interface {
	Len() int
	Limits() []uint32                             // of each unit, a number greater than all ids in use
	IDs(state []statespace.PartID, into []uint32) // of a state, which may be new
	Parts(ids []uint32, into []statespace.PartID) // the state with these ids
}

// Crew is the workers of a search, who move its states.
type Crew struct {
	Workers int
	// Parallel calls f with the number of each worker, in parallel.
	Parallel func(f func(worker int))
	// Halted reports whether the search is to stop.
	Halted func() bool
	// Guard runs f, and ends the search if the arena is exhausted meanwhile.
	Guard func(f func())
	// Full ends the search, as memory ran out.
	Full func()
}

// NewStates returns states without a layout.
func NewStates(arena *offheap.Arena, units Units, slots int, crew Crew) *States {
	s := &States{Arena: arena, Chunks: Chunks{Arena: arena}, units: units, slots: slots, crew: crew}
	for range crew.Workers {
		s.movers = append(s.movers, &mover{state: make([]statespace.PartID, slots)})
	}
	return s
}

// LayOut creates an empty visited set that is wide enough for the ids in use.
func (s *States) LayOut() error { return s.layOut(NewLayout(s.units.Limits(), nil, 0, 0, 0)) }

// layOut creates an empty visited set for a layout.
func (s *States) layOut(l *Layout) error {
	s.Layout = l
	s.Shards = make([]*Shard, 1<<l.Shards)
	for i := range s.Shards {
		set, err := visited.NewShard(s.Arena, l.Bits-l.Shards, TagBits, visited.Stagger(16, i, len(s.Shards)))
		if err != nil {
			return err
		}
		s.Shards[i] = &Shard{Set: set}
	}
	return nil
}

// Len returns the number of visited states.
func (s *States) Len() int {
	n := 0
	for _, shard := range s.Shards {
		n += shard.Set.Len()
	}
	return n
}

// Paired returns the number of states when pairs of fields were last chosen, or 0 if all ids fitted side by side so far.
func (s *States) Paired() int { return s.paired }

// Bytes returns the size of the visited set in bytes.
func (s *States) Bytes() int64 {
	n := int64(0)
	for _, shard := range s.Shards {
		n += shard.Set.Bytes()
	}
	return n
}

// Index returns an index of the visited states.
func (s *States) Index() (*Index, error) { return NewIndex(s.Arena, s.Layout, s.Shards) }

// Tag returns the tag of a packed state, and reports whether it is visited.
func (s *States) Tag(packed uint64) (tag uint8, visited bool) {
	shard, key := s.Layout.ShardOf(packed)
	return s.Shards[shard].Set.Lookup(key)
}

// EachTagged calls f with the packed states of a shard that have a tag, until f returns false.
func (s *States) EachTagged(shard int, tag uint8, f func(packed uint64) bool) {
	s.Shards[shard].Set.EachTag(tag, func(key uint64) bool { return f(s.Layout.Packed(shard, key)) })
}

// Each calls f with every visited state, which is valid during the call, until f returns false.
func (s *States) Each(f func(state []statespace.PartID) bool) {
	state, ids := make([]statespace.PartID, s.slots), s.Row()
	for i, shard := range s.Shards {
		more := true
		shard.Set.Each(func(key uint64, _ uint8) bool {
			s.Unpack(s.Layout.Packed(i, key), ids, state)
			more = f(state)
			return more
		})
		if !more {
			return
		}
	}
}

// Row returns room for the ids of a state, with those of pairs. It is that of the current units: each pair joins two fields.
func (s *States) Row() []uint32 { return make([]uint32, 2*s.units.Len()) }

// Unpack sets the ids and the parts of a packed state.
func (s *States) Unpack(packed uint64, ids []uint32, state []statespace.PartID) {
	s.now().unpack(packed, ids, state)
}

// Pack packs a state, which must fit into the layout. The ids are for its use, see Row.
func (s *States) Pack(state []statespace.PartID, ids []uint32) uint64 {
	s.units.IDs(state, ids)
	packed, ok := s.Layout.Pack(ids, s.units.Len())
	if !ok {
		panic(errNarrow)
	}
	return packed
}

// errNarrow reports a violated internal invariant.
var errNarrow = errors.New("checker: a layout that does not hold the states it was made for")

// snapshot is what is needed to interpret packed states.
type snapshot struct {
	units  Units
	layout *Layout
	shards []*Shard
}

// now returns the current snapshot.
func (s *States) now() snapshot { return snapshot{s.units, s.Layout, s.Shards} }

func (s snapshot) unpack(packed uint64, ids []uint32, state []statespace.PartID) {
	s.layout.Unpack(packed, ids, s.units.Len())
	s.units.Parts(ids, state)
}
