package model

import (
	"fmt"
	"sync"

	"synod/internal/intern"
)

// Model is a model of any state type S, without actors: an action A of a state may lead to a next state. The methods
// must be pure and safe for concurrent use, and must not change a state that they are given.
type Model[S, A any] interface {
	// Initial gives the initial states.
	Initial() []S
	// Actions gives what may happen in a state. No two actions of a state may be equal.
	Actions(s S) []A
	// Next gives what an action makes of a state, or false if it is not possible after all.
	Next(s S, a A) (S, bool)
}

// Plain is a Model with properties: a Source.
type Plain[S, A any] struct {
	model      Model[S, A]
	properties []Property
	boundary   func(View) bool
}

// NewPlain gives a model without properties.
func NewPlain[S, A any](m Model[S, A]) *Plain[S, A] { return &Plain[S, A]{model: m} }

// Always adds the property that every reachable state satisfies holds.
func (p *Plain[S, A]) Always(name string, holds func(S) bool) {
	p.properties = append(p.properties, Property{name, Always, p.read(holds)})
}

// Sometimes adds the property that some reachable state satisfies holds.
func (p *Plain[S, A]) Sometimes(name string, holds func(S) bool) {
	p.properties = append(p.properties, Property{name, Sometimes, p.read(holds)})
}

// Within sets the boundary, as for a System.
func (p *Plain[S, A]) Within(inside func(S) bool) { p.boundary = p.read(inside) }

func (p *Plain[S, A]) read(holds func(S) bool) func(View) bool {
	return func(v View) bool {
		return holds(v.r.space.(*plainSpace[S, A]).states.Value(v.read(0, Whole)))
	}
}

// Space makes the tables of one check.
func (p *Plain[S, A]) Space() (Space, error) {
	for i, a := range p.properties {
		for _, b := range p.properties[:i] {
			if a.Name == b.Name {
				return nil, fmt.Errorf("property %q was added twice", a.Name)
			}
		}
	}
	sp := &plainSpace[S, A]{plain: p}
	var err error
	if sp.stateWalker, err = walker[S]("states"); err != nil {
		return nil, err
	}
	if sp.actionWalker, err = walker[A]("actions"); err != nil {
		return nil, err
	}
	if sp.states, err = intern.NewTable[S](); err != nil {
		return nil, err
	}
	if sp.actions, err = intern.NewTable[A](); err != nil {
		return nil, err
	}
	return sp, nil
}

// plainSpace is a space of one slot, whose content is the state.
type plainSpace[S, A any] struct {
	plain        *Plain[S, A]
	stateWalker  *intern.Walker[S]
	actionWalker *intern.Walker[A]
	states       *intern.Table[S]
	actions      *intern.Table[A]
	mu           sync.Mutex
	initial      [][]PartID
}

func (sp *plainSpace[S, A]) Slots() int { return 1 }

func (sp *plainSpace[S, A]) Initial() (all [][]PartID, err error) {
	defer caught("the initial states", &err)
	seen := make(map[uint32]bool)
	for _, s := range sp.plain.model.Initial() {
		if err := sp.stateWalker.Check(s); err != nil {
			return nil, err
		}
		if id, _ := sp.states.Intern(sp.stateWalker.Copy(s)); !seen[id] {
			seen[id] = true
			all = append(all, []PartID{PartID(id)})
		}
	}
	return all, nil
}

func (sp *plainSpace[S, A]) Steps(_ int, id PartID, into []Step) (steps []Step, err error) {
	steps = into
	s := sp.states.Value(uint32(id))
	defer caught("state "+"", &err)
	for _, a := range sp.plain.model.Actions(s) {
		action, _ := sp.actions.Intern(a)
		next, ok := sp.plain.model.Next(s, a)
		if !ok {
			steps = append(steps, Step{Next: id, Action: ActionID(action), Ignored: Impossible})
			continue
		}
		n, _ := sp.states.Intern(next)
		steps = append(steps, Step{Next: PartID(n), Action: ActionID(action)})
	}
	return steps, nil
}

// caught turns a panic of a model's method into an error.
func caught(what string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s: panic: %v", what, r)
	}
}

func (sp *plainSpace[S, A]) Apply(_ int, id PartID, _ EffectID) (PartID, bool, error) {
	return id, true, nil
}

func (sp *plainSpace[S, A]) Properties() []Property                   { return sp.plain.properties }
func (sp *plainSpace[S, A]) Boundary() func(View) bool                { return sp.plain.boundary }
func (sp *plainSpace[S, A]) Aspect(_ int, id PartID, _ Aspect) uint32 { return uint32(id) }
func (sp *plainSpace[S, A]) SlotName(int) string                      { return "state" }

func (sp *plainSpace[S, A]) Action(_ int, a ActionID) Action {
	v := sp.actions.Value(uint32(a))
	return Action{
		Kind: Act, Key: string(sp.actionWalker.Encode(nil, v)), Text: sp.actionWalker.Brief(v), Actor: "state",
	}
}

func (sp *plainSpace[S, A]) Content(dst []byte, _ int, id PartID) []byte {
	return sp.stateWalker.Encode(dst, sp.states.Value(uint32(id)))
}

func (sp *plainSpace[S, A]) Text(_ int, id PartID) string {
	return sp.stateWalker.Text(sp.states.Value(uint32(id)))
}

func (sp *plainSpace[S, A]) Changes(_ int, from, to PartID) []Change {
	return changes(sp.stateWalker.Diff(sp.states.Value(uint32(from)), sp.states.Value(uint32(to))))
}

func (sp *plainSpace[S, A]) Audit() error {
	if id, ok := sp.states.Verify(); !ok {
		return fmt.Errorf("a state was changed after it was reached; it now reads %s", sp.Text(0, PartID(id)))
	}
	return nil
}

func (sp *plainSpace[S, A]) Report() SpaceReport {
	return SpaceReport{Slots: []SlotReport{{Name: "state", Parts: sp.states.Len()}}}
}

func (sp *plainSpace[S, A]) OffHeap() int64 { return 0 }
func (sp *plainSpace[S, A]) Close()         {}
