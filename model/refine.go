package model

import (
	"fmt"
	"slices"
	"sync"

	"synod/model/statespace"
)

// Refine adds the property that a system refines an abstract model. The function image maps a state of the system to
// a state of the abstract model. It must be pure, and reads the state through a View, so that it is called once per
// combination of what it reads. The image of the initial state must be an initial state. The images of the two ends
// of a transition must be equal, or the second a successor of the first. Properties and a state constraint of the
// abstract model are ignored.
func Refine[M, S, A any](sys *System[M], name string, abstract *Plain[S, A], image func(View) S) {
	sys.property(statespace.Property{Name: name, Expect: statespace.Refines, Refinement: refinement[S, A]{abstract, func(r *statespace.Reading) S { return image(View{r}) }}})
}

// RefinePlain adds the property that a plain model refines an abstract one, as Refine does for a system.
func RefinePlain[C, B, S, A any](p *Plain[C, B], name string, abstract *Plain[S, A], image func(C) S) {
	p.property(statespace.Property{
		Name: name, Expect: statespace.Refines,
		Refinement: refinement[S, A]{abstract, func(r *statespace.Reading) S { return image(p.state(r)) }},
	})
}

type refinement[S, A any] struct {
	abstract *Plain[S, A]
	image    func(*statespace.Reading) S
}

// Open creates the abstract model's space and finds its initial states.
func (r refinement[S, A]) Open() (statespace.Abstraction, error) {
	space, err := r.abstract.Space()
	if err != nil {
		return nil, fmt.Errorf("the abstract model: %w", err)
	}
	a := &abstraction[S, A]{
		space: space.(*plainSpace[S, A]), image: r.image, successors: make(map[uint32][]uint32),
	}
	initial, err := space.Initial()
	if err != nil {
		space.Close()
		return nil, fmt.Errorf("the abstract model: %w", err)
	}
	for _, state := range initial {
		a.initial = append(a.initial, uint32(state[0]))
	}
	return a, nil
}

// abstraction numbers images by the states of the abstract model's space.
type abstraction[S, A any] struct {
	space      *plainSpace[S, A]
	image      func(*statespace.Reading) S
	initial    []uint32
	mu         sync.RWMutex
	successors map[uint32][]uint32 // of the images that were queried, ascending
}

func (a *abstraction[S, A]) Image(r *statespace.Reading) (uint32, error) {
	s := a.image(r)
	if err := a.space.stateWalker.CheckShared(s); err != nil {
		return 0, fmt.Errorf("an image: %w", err)
	}
	return internCopy(a.space.states, s), nil
}

func (a *abstraction[S, A]) Initial(image uint32) (bool, error) {
	_, ok := slices.BinarySearch(a.initial, image)
	return ok, nil
}

func (a *abstraction[S, A]) Step(from, to uint32) (bool, error) {
	a.mu.RLock()
	next, known := a.successors[from]
	a.mu.RUnlock()
	if !known {
		steps, err := a.space.Steps(0, statespace.PartID(from), nil)
		if err != nil {
			return false, fmt.Errorf("the abstract model: %w", err)
		}
		for _, step := range steps {
			if step.Ignored == statespace.Counts {
				next = append(next, uint32(step.Next))
			}
		}
		slices.Sort(next)
		a.mu.Lock()
		a.successors[from] = next
		a.mu.Unlock()
	}
	_, ok := slices.BinarySearch(next, to)
	return ok, nil
}

func (a *abstraction[S, A]) Text(image uint32) string {
	return a.space.Text(0, statespace.PartID(image))
}

func (a *abstraction[S, A]) Close() { a.space.Close() }
