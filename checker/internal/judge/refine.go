package judge

import (
	"fmt"
	"slices"
	"sync/atomic"

	"synod/checker/internal/memo"
	"synod/checker/internal/store"
	"synod/model/statespace"
)

// refiner checks the transitions of a search against an abstract model, as they are generated, including those to
// states already visited.
type refiner struct {
	Property int
	abstract statespace.Abstraction
	images   *memo.Function
	table    atomic.Pointer[memo.Images] // if images does not cache answers
}

// openRefiners opens the abstract models of the refinement properties, but those that are left undecided.
func (j *Judge) openRefiners(leaves func(statespace.Property) bool) error {
	for i, p := range j.Properties {
		if p.Expect != statespace.Refines || leaves(p) {
			continue
		}
		abstract, err := p.Refinement.Open()
		if err != nil {
			j.Close()
			return fmt.Errorf("property %q: %w", p.Name, err)
		}
		images := memo.NewMapping(j.space, "the mapping of property "+p.Name, func(r *statespace.Reading) uint32 {
			image, err := abstract.Image(r)
			if err != nil {
				panic(err) // becomes an error of the evaluation
			}
			return image
		})
		j.refiners = append(j.refiners, &refiner{Property: i, abstract: abstract, images: images})
	}
	return nil
}

// Refining is a worker's view of a refinement. The Property has an index among those of the judge.
type Refining struct {
	*refiner
	images *memo.Asker
	from   []uint32            // the images of a batch of states
	to     []uint32            // the images of their successors
	pairs  map[uint64]bool     // by pair of images: whether the abstract model has such a step
	last   []statespace.PartID // the state that Follows was asked about last, and its image
	image  uint32
	missed []uint64 // packed states whose images are to be evaluated
	misses []miss
}

// maxPairs bounds the pairs that a worker caches; beyond it the cache is cleared.
const maxPairs = 1 << 16

// NewRefinings returns the view of a worker of each refinement, nil for none.
func (j *Judge) NewRefinings() []*Refining {
	var own []*Refining
	for _, r := range j.refiners {
		own = append(own, &Refining{refiner: r, images: memo.NewAsker(r.images, statespace.NewReading(j.space)), pairs: make(map[uint64]bool)})
	}
	return own
}

// allows reports whether a transition between these images is allowed.
func (r *Refining) allows(from, to uint32) (bool, error) {
	if from == to {
		return true, nil
	}
	pair := uint64(from)<<32 | uint64(to)
	ok, known := r.pairs[pair]
	if known {
		return ok, nil
	}
	ok, err := r.abstract.Step(from, to)
	if err != nil {
		return false, err
	}
	if len(r.pairs) >= maxPairs {
		clear(r.pairs)
	}
	r.pairs[pair] = ok
	return ok, nil
}

// Follows reports whether a transition between two states is allowed.
func (r *Refining) Follows(from, to []statespace.PartID) (bool, error) {
	a, b := r.image, uint32(0)
	var err error
	if !slices.Equal(r.last, from) {
		if a, err = r.images.Uncounted(from); err != nil {
			return false, err
		}
	}
	if b, err = r.images.Uncounted(to); err != nil {
		return false, err
	}
	r.last, r.image = append(r.last[:0], to...), b
	return r.allows(a, b)
}

// Begin reports whether the image of an initial state is an initial state of the abstract model.
func (r *Refining) Begin(state []statespace.PartID) (bool, error) {
	image, err := r.images.Uncounted(state)
	if err != nil {
		return false, err
	}
	return r.abstract.Initial(image)
}

// Count counts the last image that Follows asked for as an evaluation.
func (r *Refining) Count() { r.images.Count() }

// Inspect calls f with the parts of each of some packed states, which are valid during the call. It reports false if f
// failed, which ends the search.
type Inspect func(keys []uint64, f func(i int, state []statespace.PartID) error) bool

// Check checks the transitions from a batch of states, packed by a layout, against the abstract model, and calls found for
// the first one of each source that is not allowed. Sources are indices in keys. An error is one of the transitions from
// a source. Nothing is found if inspect ends the search.
func (r *Refining) Check(
	l *store.Layout, keys, successors []uint64, sources []uint16, inspect Inspect, found func(source int, successor uint64),
) (source int, err error) {
	if r.from = r.imagesOf(l, keys, inspect, r.from[:0]); len(r.from) < len(keys) {
		return 0, nil
	}
	if r.to = r.imagesOf(l, successors, inspect, r.to[:0]); len(r.to) < len(successors) {
		return 0, nil
	}
	seen := make(map[uint16]bool)
	for i, to := range r.to {
		source := sources[i]
		if r.from[source] == to {
			continue
		}
		ok, err := r.allows(r.from[source], to)
		if err != nil {
			return int(source), err
		}
		if !ok && !seen[source] {
			seen[source] = true
			found(int(source), successors[i])
		}
	}
	return 0, nil
}

// imagesOf appends the images of packed states. It stops at the first error, so that there are fewer images than
// keys.
func (r *Refining) imagesOf(l *store.Layout, keys []uint64, inspect Inspect, into []uint32) []uint32 {
	if r.images.Forgets() {
		return r.knownImages(l, keys, inspect, into)
	}
	inspect(keys, func(_ int, state []statespace.PartID) error {
		image, err := r.images.Value(state)
		if err == nil {
			into = append(into, image)
		}
		return err
	})
	return into
}

// knownImages is imagesOf with the images of the same states remembered.
func (r *Refining) knownImages(l *store.Layout, keys []uint64, inspect Inspect, into []uint32) []uint32 {
	t := r.tableFor(l)
	into = slices.Grow(into, len(keys))
	r.missed, r.misses = r.missed[:0], r.misses[:0]
	for i, key := range keys {
		image, known := t.Find(key)
		into = append(into, image)
		if due := r.images.Due(); due || !known {
			r.missed, r.misses = append(r.missed, key), append(r.misses, miss{i, due})
		}
	}
	ok := inspect(r.missed, func(i int, state []statespace.PartID) error {
		miss := r.misses[i]
		image, err := r.images.Image(t, r.missed[i], state, miss.due)
		into[miss.index] = image
		return err
	})
	if !ok {
		return into[:0]
	}
	return into
}

// miss is a state whose image is to be evaluated: its index in a batch, and whether it is even if it is known.
type miss struct {
	index int
	due   bool
}

// tableFor returns the table of a layout.
func (r *refiner) tableFor(l *store.Layout) *memo.Images {
	for {
		t := r.table.Load()
		if t.Is(l) {
			return t
		}
		r.table.CompareAndSwap(t, memo.NewImages(l))
	}
}

// Move moves the images of states along with these, to the layout that they are packed by now.
func (j *Judge) Move(l *store.Layout, repack func(packed uint64) uint64) {
	for _, r := range j.refiners {
		if old := r.table.Load(); old != nil {
			r.table.Store(old.Moved(l, repack))
		}
	}
}

// Explain describes what the last step of a path violates.
func (r *Refining) Explain(path *statespace.Path) string {
	to, err := r.images.Uncounted(path.Last())
	if err != nil {
		return ""
	}
	if len(path.Steps) == 0 {
		return fmt.Sprintf("the initial state maps to %s, which is not an initial state of the abstract model", r.abstract.Text(to))
	}
	from, err := r.images.Uncounted(path.At(len(path.Steps) - 1))
	if err != nil {
		return ""
	}
	return fmt.Sprintf("the last step maps to one from %s to %s, which is not a step of the abstract model",
		r.abstract.Text(from), r.abstract.Text(to))
}
