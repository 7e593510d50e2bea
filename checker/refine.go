package checker

import (
	"fmt"
	"slices"
	"sync/atomic"

	"synod/checker/internal/store"
	"synod/model/statespace"
)

// refiner checks the transitions of a search against an abstract model, as they are generated, including those to
// states already visited.
type refiner struct {
	property int
	abstract statespace.Abstraction
	images   *predicate
	table    atomic.Pointer[imageTable] // if images does not cache answers
}

// newRefiners opens the abstract models of a space's refinement properties. It returns nil if there are none.
func (e *engine) newRefiners(space statespace.Space) ([]*refiner, error) {
	var all []*refiner
	for i, p := range space.Properties() {
		if p.Expect != statespace.Refines || e.leaves(p) {
			continue
		}
		abstract, err := p.Refinement.Open()
		if err != nil {
			closeRefiners(all)
			return nil, fmt.Errorf("property %q: %w", p.Name, err)
		}
		images := newMemo(space, "the mapping of property "+p.Name, func(r *statespace.Reading) uint32 {
			image, err := abstract.Image(r)
			if err != nil {
				panic(err) // becomes an error of the evaluation
			}
			return image
		})
		_, images.forgets = space.(statespace.Expander)
		all = append(all, &refiner{property: i, abstract: abstract, images: images})
	}
	return all, nil
}

func closeRefiners(all []*refiner) {
	for _, r := range all {
		r.abstract.Close()
	}
}

// refining is a worker's state for a refiner.
type refining struct {
	*refiner
	images *replica
	from   []uint32            // the images of a batch of states
	to     []uint32            // the images of their successors
	pairs  map[uint64]bool     // by pair of images: whether the abstract model has such a step
	last   []statespace.PartID // the state that follows was asked about last, and its image
	image  uint32
}

// maxPairs bounds the pairs that a worker caches; beyond it the cache is cleared.
const maxPairs = 1 << 16

// newRefining returns the state of a worker for the refiners, nil for none.
func newRefining(all []*refiner) []*refining {
	var own []*refining
	for _, r := range all {
		own = append(own, &refining{refiner: r, images: newAsker(r.images, statespace.NewReading(r.images.space)), pairs: make(map[uint64]bool)})
	}
	return own
}

// allows reports whether a transition between these images is allowed.
func (r *refining) allows(from, to uint32) (bool, error) {
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

// value returns the image of a state. It is not counted as evaluated if it would not be cached either.
func (r *refining) value(state []statespace.PartID) (uint32, error) {
	if !r.images.forgets {
		return r.images.value(state)
	}
	p := r.images.of
	if r.images.asked.due() {
		if err := p.again(r.images.reading, state); err != nil {
			return 0, err
		}
	}
	image, _, err := p.evaluate(r.images.reading, state, p.forgotten.Load() < guardFirst)
	return image, err
}

// follows reports whether a transition between two states is allowed.
func (r *refining) follows(from, to []statespace.PartID) (bool, error) {
	a, b := r.image, uint32(0)
	var err error
	if !slices.Equal(r.last, from) {
		if a, err = r.value(from); err != nil {
			return false, err
		}
	}
	if b, err = r.value(to); err != nil {
		return false, err
	}
	r.last, r.image = append(r.last[:0], to...), b
	return r.allows(a, b)
}

// begin reports whether the image of an initial state is an initial state of the abstract model.
func (r *refining) begin(state []statespace.PartID) (bool, error) {
	image, err := r.value(state)
	if err != nil {
		return false, err
	}
	return r.abstract.Initial(image)
}

// refine checks the transitions of the batch just expanded against the abstract models, and calls found for those
// that are not allowed: the first one of each property and source. Sources are indices in keys.
func (w *worker) refine(keys []uint64, found func(property, source int, successor uint64)) {
	for _, r := range w.refining {
		if w.e.judge.decided[r.property].Load() {
			continue
		}
		if r.from = w.imagesOf(r, keys, r.from[:0]); len(r.from) < len(keys) {
			return
		}
		if r.to = w.imagesOf(r, w.successors, r.to[:0]); len(r.to) < len(w.successors) {
			return
		}
		seen := make(map[uint16]bool)
		for i, to := range r.to {
			source := w.sources[i]
			if r.from[source] == to {
				continue
			}
			ok, err := r.allows(r.from[source], to)
			if err != nil {
				w.e.failAt(err, w.statesOf(keys[source : source+1])[0])
				return
			}
			if !ok && !seen[source] {
				seen[source] = true
				found(r.property, int(source), w.successors[i])
			}
		}
	}
}

// imagesOf appends the images of packed states. It stops at the first error, so that there are fewer images than
// keys.
func (w *worker) imagesOf(r *refining, keys []uint64, into []uint32) []uint32 {
	if r.images.forgets {
		return w.knownImages(r, keys, into)
	}
	w.inspect(keys, func(_ int, state []statespace.PartID) error {
		image, err := r.images.value(state)
		if err == nil {
			into = append(into, image)
		}
		return err
	})
	return into
}

// knownImages is imagesOf with the images of the same states remembered.
func (w *worker) knownImages(r *refining, keys []uint64, into []uint32) []uint32 {
	t := r.tableFor(w.e.layout)
	into = slices.Grow(into, len(keys))
	w.missed, w.misses = w.missed[:0], w.misses[:0]
	for i, key := range keys {
		image, known := t.find(key)
		into = append(into, image)
		if due := r.images.asked.due(); due || !known {
			w.missed, w.misses = append(w.missed, key), append(w.misses, miss{i, due})
		}
	}
	ok := w.inspect(w.missed, func(i int, state []statespace.PartID) error {
		miss := w.misses[i]
		image, err := r.imageOf(t, w.missed[i], state, miss.due)
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

// imageOf returns the image of a state that is packed as key. It evaluates the image if that is not in the table, or
// due to be evaluated again.
func (r *refining) imageOf(t *imageTable, key uint64, state []statespace.PartID, due bool) (uint32, error) {
	p := r.images.of
	if due {
		if err := p.again(r.images.reading, state); err != nil {
			return 0, err
		}
	}
	image, known := t.find(key)
	if known && !due {
		return image, nil
	}
	now, reads, err := p.evaluate(r.images.reading, state, p.forgotten.Load() < guardFirst)
	switch {
	case err != nil:
		return 0, err
	case known && now != image:
		return 0, p.strays(reads)
	case !known:
		t.add(key, now, p)
	}
	return now, nil
}

// tableFor returns the table of a layout.
func (r *refiner) tableFor(l *store.Layout) *imageTable {
	for {
		t := r.table.Load()
		if t != nil && t.layout == l {
			return t
		}
		r.table.CompareAndSwap(t, newImageTable(l))
	}
}

// noteRefined keeps the sources of disallowed transitions until the end of the level.
func (w *worker) noteRefined(keys []uint64) {
	w.refine(keys, func(property, source int, _ uint64) {
		w.e.judge.note([]int{property}, w.statesOf(keys[source : source+1])[0])
	})
}

// refineInitial notes the initial states that are not allowed.
func (e *engine) refineInitial() {
	for _, r := range e.workers[0].refining {
		for _, state := range e.initial {
			ok, err := r.begin(state)
			if err != nil {
				e.failAt(err, state)
				return
			}
			if !ok {
				e.judge.note([]int{r.property}, state)
			}
		}
	}
}

// refinedPath extends a shortest path to the source of a disallowed transition by that transition, the one with the
// least key if there are several. A path without steps stays as it is if the initial state itself is not allowed.
func (e *engine) refinedPath(path *statespace.Path, property int) error {
	r := e.refiningOf(property)
	if len(path.Steps) == 0 {
		if ok, err := r.begin(path.Initial); err != nil || !ok {
			return err
		}
	}
	from := path.Last()
	_, err := e.extendPath(path, func(t statespace.Transition, _ uint64) bool {
		ok, err := r.follows(from, t.State)
		if err != nil {
			e.failAt(err, from)
		}
		return !ok
	})
	return err
}

// refiningOf returns the first worker's state for a refinement.
func (e *engine) refiningOf(property int) *refining {
	all := e.workers[0].refining
	return all[slices.IndexFunc(all, func(r *refining) bool { return r.property == property })]
}

// explain describes what the last step of a path violates.
func (e *engine) explain(property int, path *statespace.Path) string {
	r := e.refiningOf(property)
	to, err := r.value(path.Last())
	if err != nil {
		return ""
	}
	if len(path.Steps) == 0 {
		return fmt.Sprintf("the initial state stands for %s, in which the abstract model does not begin", r.abstract.Text(to))
	}
	from, err := r.value(path.At(len(path.Steps) - 1))
	if err != nil {
		return ""
	}
	return fmt.Sprintf("the last step stands for one from %s to %s, which the abstract model does not have",
		r.abstract.Text(from), r.abstract.Text(to))
}
