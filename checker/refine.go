package checker

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
	property int
	abstract statespace.Abstraction
	images   *memo.Function
	table    atomic.Pointer[memo.Images] // if images does not cache answers
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
		images := memo.NewMapping(space, "the mapping of property "+p.Name, func(r *statespace.Reading) uint32 {
			image, err := abstract.Image(r)
			if err != nil {
				panic(err) // becomes an error of the evaluation
			}
			return image
		})
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
	images *memo.Asker
	from   []uint32            // the images of a batch of states
	to     []uint32            // the images of their successors
	pairs  map[uint64]bool     // by pair of images: whether the abstract model has such a step
	last   []statespace.PartID // the state that follows was asked about last, and its image
	image  uint32
}

// maxPairs bounds the pairs that a worker caches; beyond it the cache is cleared.
const maxPairs = 1 << 16

// newRefining returns the state of a worker for the refiners, nil for none.
func newRefining(space statespace.Space, all []*refiner) []*refining {
	var own []*refining
	for _, r := range all {
		own = append(own, &refining{refiner: r, images: memo.NewAsker(r.images, statespace.NewReading(space)), pairs: make(map[uint64]bool)})
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

// follows reports whether a transition between two states is allowed.
func (r *refining) follows(from, to []statespace.PartID) (bool, error) {
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

// begin reports whether the image of an initial state is an initial state of the abstract model.
func (r *refining) begin(state []statespace.PartID) (bool, error) {
	image, err := r.images.Uncounted(state)
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
	if r.images.Forgets() {
		return w.knownImages(r, keys, into)
	}
	w.inspect(keys, func(_ int, state []statespace.PartID) error {
		image, err := r.images.Value(state)
		if err == nil {
			into = append(into, image)
		}
		return err
	})
	return into
}

// knownImages is imagesOf with the images of the same states remembered.
func (w *worker) knownImages(r *refining, keys []uint64, into []uint32) []uint32 {
	t := r.tableFor(w.e.states.Layout)
	into = slices.Grow(into, len(keys))
	w.missed, w.misses = w.missed[:0], w.misses[:0]
	for i, key := range keys {
		image, known := t.Find(key)
		into = append(into, image)
		if due := r.images.Due(); due || !known {
			w.missed, w.misses = append(w.missed, key), append(w.misses, miss{i, due})
		}
	}
	ok := w.inspect(w.missed, func(i int, state []statespace.PartID) error {
		miss := w.misses[i]
		image, err := r.images.Image(t, w.missed[i], state, miss.due)
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

// moveImages moves the images of states along with these.
func (e *engine) moveImages(m *store.Migration) {
	for _, r := range e.refiners {
		if old := r.table.Load(); old != nil {
			r.table.Store(old.Moved(e.states.Layout, m.Repack))
		}
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
	to, err := r.images.Uncounted(path.Last())
	if err != nil {
		return ""
	}
	if len(path.Steps) == 0 {
		return fmt.Sprintf("the initial state stands for %s, in which the abstract model does not begin", r.abstract.Text(to))
	}
	from, err := r.images.Uncounted(path.At(len(path.Steps) - 1))
	if err != nil {
		return ""
	}
	return fmt.Sprintf("the last step stands for one from %s to %s, which the abstract model does not have",
		r.abstract.Text(from), r.abstract.Text(to))
}
