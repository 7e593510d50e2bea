package model

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"synod/internal/intern"
	"synod/internal/offheap"
	"synod/internal/words"
	"synod/model/statespace"
)

// plainSpace is a space of one slot, whose content is the state.
type plainSpace[S, A any] struct {
	plain        *Plain[S, A]
	stateWalker  *intern.Walker[S]
	actionWalker *intern.Walker[A]
	states       *intern.Table[S]
	actions      *intern.Table[A]
	arena        *offheap.Arena
	expanded     *words.Array[uint32] // a bit per state: whether it was expanded
	expansions   sampler
	turns        turns
	fair         *fairness // may be nil
}

// walker returns the walker of a type of state or message, or an error that names what.
func walker[T any](what string) (*intern.Walker[T], error) {
	w, err := intern.For[T]()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return w, nil
}

// Space builds the tables of one check.
func (p *Plain[S, A]) Space() (statespace.Space, error) {
	if p.model == nil {
		return nil, errors.New("a plain model without a Model")
	}
	for i, q := range p.properties {
		if err := validate(q, p.properties[:i]); err != nil {
			return nil, err
		}
	}
	if err := p.validateFairness(); err != nil {
		return nil, err
	}
	arena := offheap.New()
	sp := &plainSpace[S, A]{plain: p, arena: arena, expanded: words.NewArray[uint32](arena)}
	var errs [4]error
	sp.stateWalker, errs[0] = walker[S]("states")
	sp.actionWalker, errs[1] = walker[A]("actions")
	sp.states, errs[2] = intern.NewTable[S]()
	sp.actions, errs[3] = intern.NewTable[A]()
	for _, err := range errs {
		if err != nil {
			arena.Close()
			return nil, err
		}
	}
	sp.fair = sp.justify()
	return sp, nil
}

func (sp *plainSpace[S, A]) Slots() int { return 1 }

func (sp *plainSpace[S, A]) Initial() ([][]statespace.PartID, error) {
	initial, err := sp.initial()
	if err != nil {
		return nil, err
	}
	again, err := sp.initial()
	if err != nil {
		return nil, err
	}
	if id, differ := inOne(initial, again, cmp.Compare[uint32]); differ {
		return nil, &statespace.ImpureError{
			Actor: "the model", Event: "Initial",
			What: "only one of two calls gave the state " + sp.stateWalker.Text(sp.states.Value(id)),
		}
	}
	var all [][]statespace.PartID
	for _, id := range initial {
		all = append(all, []statespace.PartID{statespace.PartID(id)})
	}
	return all, nil
}

// inOne returns the least element that occurs more often in one of two ascending lists than in the other, and whether
// there is one.
func inOne[E any](a, b []E, compare func(E, E) int) (e E, ok bool) {
	for len(a) > 0 && len(b) > 0 && compare(a[0], b[0]) == 0 {
		a, b = a[1:], b[1:]
	}
	switch {
	case len(a) == 0 && len(b) == 0:
		return e, false
	case len(b) == 0 || len(a) > 0 && compare(a[0], b[0]) < 0:
		return a[0], true
	}
	return b[0], true
}

// initial returns the distinct ids of the initial states, ascending.
func (sp *plainSpace[S, A]) initial() (ids []uint32, err error) {
	defer statespace.Caught(&err, "the model", func() string { return "Initial" })
	for _, s := range sp.plain.model.Initial() {
		if err := sp.stateWalker.Check(s); err != nil {
			return nil, &statespace.ImpureError{Actor: "the model", Event: "Initial", What: err.Error()}
		}
		ids = append(ids, internCopy(sp.states, s))
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// Steps expands a state; a sample of the states is expanded several times, on private copies.
func (sp *plainSpace[S, A]) Steps(_ int, id statespace.PartID, into []statespace.Step) (steps []statespace.Step, err error) {
	s := sp.states.Value(uint32(id))
	times := 1
	if sp.isFirst(id) {
		times = sp.expansions.times(ofReaders)
	}
	if times == 1 {
		return sp.expand(s, id, into, 1)
	}
	sp.turns.run(func() { steps, err = sp.expand(s, id, into, times) })
	if err != nil {
		return into, err
	}
	return steps, nil
}

// isFirst reports whether a state is expanded for the first time; the engine may expand it again.
func (sp *plainSpace[S, A]) isFirst(id statespace.PartID) bool {
	word, bit := uint32(id)/32, uint32(1)<<(id%32)
	sp.expanded.Ensure(word)
	return atomic.OrUint32(sp.expanded.At(word), bit)&bit == 0
}

// expand appends the steps of a state. It calls each method the given number of times.
func (sp *plainSpace[S, A]) expand(s S, id statespace.PartID, into []statespace.Step, times int) ([]statespace.Step, error) {
	given := sp.copies(s, times)
	actions, err := sp.actionsOf(s, given)
	if err != nil {
		return into, err
	}
	for _, a := range actions {
		event := func() string {
			return "Next of " + sp.stateWalker.Text(s) + " by " + sp.actionWalker.Brief(a)
		}
		next, ok, err := sp.nextOf(&s, a, given, sp.fits, event)
		if err != nil {
			return into, err
		}
		action := statespace.ActionID(internCopy(sp.actions, a))
		if !ok {
			into = append(into, statespace.Step{Next: id, Action: action, Ignored: statespace.Impossible})
			continue
		}
		into = append(into, statespace.Step{Next: statespace.PartID(internCopy(sp.states, next)), Action: action})
	}
	return into, nil
}

// fewActions is the maximum number of actions that are compared pairwise rather than by their sorted encodings.
const fewActions = 16

// actionsOf returns the actions of a state. It calls the model once for each of the given copies, which the model
// must not change, or once on s if there are none.
func (sp *plainSpace[S, A]) actionsOf(s S, given []S) ([]A, error) {
	event := func() string { return "Actions of " + sp.stateWalker.Text(s) }
	if len(given) == 0 {
		return sp.callActions(s, event)
	}
	call := func(order int) ([]A, error) {
		actions, err := sp.callActions(given[order], event)
		if err == nil {
			err = unchanged(sp.stateWalker, &s, &given[order], event, "the state")
		}
		return actions, err
	}
	actions, err := call(0)
	if err != nil {
		return nil, err
	}
	var encoded []string // of the first call; computed on demand
	for order := 1; order < len(given); order++ {
		again, err := call(order)
		if err != nil {
			return nil, err
		}
		if sp.sameActions(actions, again) && (encoded != nil || sp.distinct(actions)) {
			continue
		}
		if encoded == nil {
			encoded = sp.encodings(actions)
		}
		if twice := repeated(encoded); twice != "" {
			return nil, &statespace.ImpureError{Actor: "the model", Event: event(), What: "it gave the action " + twice + " twice"}
		}
		if only, differ := inOne(encoded, sp.encodings(again), strings.Compare); differ {
			return nil, &statespace.ImpureError{
				Actor: "the model", Event: event(),
				What: "only one of two calls gave the action " + only + statespace.MapOrder(sp.stateWalker.Orders(s)),
			}
		}
	}
	return actions, nil
}

// repeated returns an item that occurs twice in a sorted list, or an empty string.
func repeated(sorted []string) string {
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			return sorted[i]
		}
	}
	return ""
}

// sameActions reports whether two lists of actions are equal.
func (sp *plainSpace[S, A]) sameActions(actions, again []A) bool {
	if len(actions) != len(again) {
		return false
	}
	for i := range actions {
		if !sp.actionWalker.EqualAt(&actions[i], &again[i]) {
			return false
		}
	}
	return true
}

// distinct reports whether there are few actions and all have different hashes. False does not mean that two are
// equal.
func (sp *plainSpace[S, A]) distinct(actions []A) bool {
	if len(actions) > fewActions {
		return false
	}
	var hashes [fewActions]uint64
	for i := range actions {
		hashes[i] = sp.actionWalker.HashAt(&actions[i])
		if slices.Contains(hashes[:i], hashes[i]) {
			return false
		}
	}
	return true
}

// encodings returns the canonical encodings of actions, sorted: their order has no meaning.
func (sp *plainSpace[S, A]) encodings(actions []A) []string {
	all := make([]string, len(actions))
	for i, a := range actions {
		all[i] = string(sp.actionWalker.Encode(nil, a))
	}
	slices.Sort(all)
	return all
}

// copies returns private copies of a state, one for each of the calls, or nil for a single call.
func (sp *plainSpace[S, A]) copies(s S, times int) []S {
	if times == 1 {
		return nil
	}
	given := make([]S, times)
	for order := range given {
		given[order] = sp.stateWalker.Rebuild(s, order)
	}
	return given
}

// fitting checks the next state of a transition, given the state that it starts from.
type fitting[S any] func(from, next *S) error

func (sp *plainSpace[S, A]) fits(_, next *S) error { return sp.stateWalker.CheckAt(next) }

// nextOf returns the next state of an action. It calls the model once for each of the given copies of the state,
// which the model must not change, or once on s if there are none.
func (sp *plainSpace[S, A]) nextOf(
	s *S, a A, given []S, fits fitting[S], event func() string,
) (next S, ok bool, err error) {
	if len(given) == 0 {
		return sp.callNext(s, a, fits, event)
	}
	for order := range given {
		givenAction := sp.actionWalker.Rebuild(a, order)
		again, okAgain, err := sp.callNext(&given[order], givenAction, fits, event)
		if err == nil {
			err = errors.Join(unchanged(sp.stateWalker, s, &given[order], event, "the state"),
				unchanged(sp.actionWalker, &a, &givenAction, event, "the action"))
		}
		switch {
		case err != nil:
			return next, false, err
		case order == 0:
			next, ok = again, okAgain
		case ok != okAgain || ok && !sp.stateWalker.EqualAt(&next, &again):
			orders := sp.stateWalker.Orders(*s) || sp.actionWalker.Orders(a)
			what := sp.disagreement(&next, &again, ok, okAgain) + statespace.MapOrder(orders)
			return next, ok, &statespace.ImpureError{Actor: "the model", Event: event(), What: what}
		}
	}
	return next, ok, nil
}

// disagreement describes how the results of two calls of Next differ.
func (sp *plainSpace[S, A]) disagreement(next, again *S, ok, okAgain bool) string {
	if ok != okAgain {
		return "only one of two calls was possible"
	}
	return "two calls gave different states: " + first(sp.stateWalker.Diff(*next, *again), " and ")
}

// unchanged returns an error if a method changed its argument.
func unchanged[T any](w *intern.Walker[T], was, is *T, event func() string, what string) error {
	if w.SameAt(was, is) {
		return nil
	}
	changes := w.Diff(*was, *is)
	return &statespace.ImpureError{
		Actor: "the model", Event: event(),
		What: fmt.Sprintf("it changed %s that it was given: %s", what, first(changes, " became ")),
	}
}

func (sp *plainSpace[S, A]) callActions(s S, event func() string) (actions []A, err error) {
	defer statespace.Caught(&err, "the model", event)
	actions = sp.plain.model.Actions(s)
	for _, a := range actions {
		if err := sp.actionWalker.Check(a); err != nil {
			return nil, &statespace.ImpureError{Actor: "the model", Event: event(), What: err.Error()}
		}
	}
	return actions, nil
}

func (sp *plainSpace[S, A]) callNext(
	s *S, a A, fits fitting[S], event func() string,
) (next S, ok bool, err error) {
	defer statespace.Caught(&err, "the model", event)
	if next, ok = sp.plain.model.Next(*s, a); ok {
		if err := fits(s, &next); err != nil {
			return next, false, &statespace.ImpureError{Actor: "the model", Event: event(), What: err.Error()}
		}
	}
	return next, ok, nil
}

func (sp *plainSpace[S, A]) Apply(_ int, id statespace.PartID, _ statespace.EffectID) (statespace.PartID, bool, error) {
	return id, true, nil
}

func (sp *plainSpace[S, A]) Properties() []statespace.Property        { return sp.plain.properties }
func (sp *plainSpace[S, A]) Boundary() func(*statespace.Reading) bool { return sp.plain.boundary }
func (sp *plainSpace[S, A]) Aspect(_ int, id statespace.PartID, _ statespace.Aspect) uint32 {
	return uint32(id)
}
func (sp *plainSpace[S, A]) SlotName(int) string { return "state" }

func (sp *plainSpace[S, A]) Action(_ int, a statespace.ActionID) statespace.Action {
	v := sp.actions.Value(uint32(a))
	text := sp.actionWalker.Brief(v)
	if _, ok := any(v).(string); ok {
		text = textAny(v)
	}
	return statespace.Action{Kind: statespace.Act, Key: string(sp.actionWalker.Encode(nil, v)), Text: text, Actor: "state"}
}

func (sp *plainSpace[S, A]) Content(dst []byte, _ int, id statespace.PartID) []byte {
	return sp.stateWalker.Encode(dst, sp.states.Value(uint32(id)))
}

func (sp *plainSpace[S, A]) Text(_ int, id statespace.PartID) string {
	return sp.stateWalker.Text(sp.states.Value(uint32(id)))
}

func (sp *plainSpace[S, A]) Changes(_ int, from, to statespace.PartID) []statespace.Change {
	return changes(sp.stateWalker.Diff(sp.states.Value(uint32(from)), sp.states.Value(uint32(to))))
}

func (sp *plainSpace[S, A]) Audit() error {
	if id, ok := sp.states.Verify(); !ok {
		return &statespace.ImpureError{
			Actor: "the model", Event: "later",
			What: "a state was changed, by a method or a property; it now reads " + sp.Text(0, statespace.PartID(id)),
		}
	}
	if id, ok := sp.actions.Verify(); !ok {
		return &statespace.ImpureError{
			Actor: "the model", Event: "later",
			What: "an action was changed; it now reads " + sp.actionWalker.Text(sp.actions.Value(id)),
		}
	}
	return nil
}

func (sp *plainSpace[S, A]) Report() statespace.SpaceReport {
	return statespace.SpaceReport{
		Slots:  []statespace.SlotReport{{Name: "state", Parts: sp.states.Len()}},
		Guards: []statespace.Guard{sp.expansions.report("expansions", ofReaders)},
	}
}

// OffHeap returns the bytes in the space's arena.
func (sp *plainSpace[S, A]) OffHeap() int64 { return sp.arena.Bytes() }

// Close frees the tables.
func (sp *plainSpace[S, A]) Close() { sp.arena.Close() }
