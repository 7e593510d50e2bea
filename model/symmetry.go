package model

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"synod/internal/intern"
	"synod/internal/words"
	"synod/model/statespace"
	"synod/network"
)

// symmetry permutes the states of a space by all permutations of the interchangeable things. The image of a slot's
// content is computed once per permutation; permuting a state looks up the images slot by slot.
type symmetry struct {
	space      *space
	groups     []interchange
	perms      []*permutation         // all permutations, the identity first
	generators []*permutation         // the exchanges of neighbours, which generate the others
	order      []int                  // in which slots are compared: first the exchanged ones
	keys       []*words.Array[uint64] // per slot: a hash of each content
	audited    []int                  // per slot: how many of the calls were audited
	calls      int
	mu         sync.Mutex // of failed
	failed     error      // the first value that cannot be permuted
}

// permutation is a permutation of the interchangeable things.
type permutation struct {
	of       *symmetry
	number   int
	slot     []int // slot -> its image
	inverse  *permutation
	renaming *intern.Renaming
	names    string                 // of a generator: what it exchanges
	images   []*words.Array[uint32] // per slot: content -> its image, plus one
	locals   []*words.Array[uint32] // per actor: local state -> its image, plus one
	kept     []*words.Array[uint32] // per actor: kept data -> its image, plus one
	messages *words.Array[uint32]
}

// twistShift is the position in an aspect of the number of the permutation that is applied before the read.
const (
	twistShift = 19
	aspectMask = 1<<twistShift - 1
)

// Symmetry implements Symmetric.
func (sp *space) Symmetry() (statespace.Symmetry, string, error) {
	sp.symmetry = nil
	why := sp.sys.asymmetry()
	if d := sp.reduced; why == "" && d != nil && d.reducer.forgets {
		why = "No states are taken for one another by symmetry: local states are merged."
	}
	if why != "" {
		return nil, why, nil
	}
	s := &symmetry{space: sp, groups: sp.sys.grouped(), audited: make([]int, len(sp.slots))}
	for range sp.slots {
		s.keys = append(s.keys, words.NewArray[uint64](sp.arena))
	}
	s.permute()
	moved := func(slot int) bool {
		return slices.ContainsFunc(s.generators, func(p *permutation) bool { return p.slot[slot] != slot })
	}
	for slot := range sp.slots {
		if moved(slot) {
			s.order = append(s.order, slot)
		}
	}
	for slot := range sp.slots {
		if !moved(slot) {
			s.order = append(s.order, slot)
		}
	}
	sp.symmetry = s
	return s, "", nil
}

// permute creates the permutations, in an order that depends on the groups only.
func (s *symmetry) permute() {
	var sizes []int
	for _, g := range s.groups {
		sizes = append(sizes, len(g.of))
	}
	all := allWays(sizes)
	byName := make(map[string]*permutation)
	for number, to := range all {
		p := s.newPermutation(number, to)
		s.perms = append(s.perms, p)
		byName[fmt.Sprint(to)] = p
	}
	for number, to := range all {
		back := make([][]int, len(to))
		for g := range to {
			back[g] = make([]int, len(to[g]))
			for i, j := range to[g] {
				back[g][j] = i
			}
		}
		s.perms[number].inverse = byName[fmt.Sprint(back)]
	}
	for g := range s.groups {
		for i := range max(0, len(s.groups[g].of)-1) {
			to := make([][]int, len(s.groups))
			for k := range to {
				to[k] = arrangements(len(s.groups[k].of))[0]
			}
			to[g] = slices.Clone(to[g])
			to[g][i], to[g][i+1] = i+1, i
			p := byName[fmt.Sprint(to)]
			p.names = s.space.sys.textOf(interchange{s.groups[g].of[i : i+1]}) + " and " +
				s.space.sys.textOf(interchange{s.groups[g].of[i+1 : i+2]})
			s.generators = append(s.generators, p)
		}
	}
}

// allWays returns all ways to permute groups of these sizes: per group, the image of each thing.
func allWays(sizes []int) [][][]int {
	all := [][][]int{nil}
	for _, n := range sizes {
		var more [][][]int
		for _, p := range all {
			for _, q := range arrangements(n) {
				more = append(more, append(slices.Clone(p), q))
			}
		}
		all = more
	}
	return all
}

// arrangements returns the permutations of n things, in lexicographic order.
func arrangements(n int) [][]int {
	all := [][]int{{}}
	for k := range n {
		var more [][]int
		for _, a := range all {
			for at := range k + 1 {
				more = append(more, slices.Insert(slices.Clone(a), at, k))
			}
		}
		all = more
	}
	slices.SortFunc(all, slices.Compare)
	return all
}

func (s *symmetry) newPermutation(number int, to [][]int) *permutation {
	sp := s.space
	p := &permutation{of: s, number: number, messages: words.NewArray[uint32](sp.arena)}
	for slot := range sp.slots {
		p.slot = append(p.slot, slot)
		p.images = append(p.images, words.NewArray[uint32](sp.arena))
		p.locals = append(p.locals, words.NewArray[uint32](sp.arena))
		p.kept = append(p.kept, words.NewArray[uint32](sp.arena))
	}
	values := make(map[any]any)
	for g, group := range s.groups {
		for i, x := range group.of {
			y := group.of[to[g][i]]
			if x.actor {
				p.slot[sp.sys.ids[x.id]] = sp.sys.ids[y.id]
			}
			others := y.everything()
			for k, v := range x.everything() {
				values[v] = others[k]
			}
		}
	}
	p.renaming = intern.NewRenaming(values)
	return p
}

// Least implements Symmetry.
func (s *symmetry) Least(state []statespace.PartID) bool {
	return least(state, len(s.perms), s.order, s.compare, func(way, slot int) statespace.PartID {
		p := s.perms[way]
		from := p.inverse.slot[slot]
		return p.image(from, state[from])
	})
}

// least replaces a state by the least of its images. There are the given number of ways, of which the first is the
// identity; comes returns the content of a slot in the image of the state by a way.
func least(
	state []statespace.PartID, ways int, order []int, compare func(slot int, a, b statespace.PartID) int,
	comes func(way, slot int) statespace.PartID,
) (turned bool) {
	var few [2][32]statespace.PartID
	best, candidate := few[0][:0], few[1][:0]
	best = append(best, state...)
	candidate = append(candidate, state...)
	for way := 1; way < ways; way++ {
		c := 0
		for _, slot := range order {
			candidate[slot] = comes(way, slot)
			if c == 0 {
				c = compare(slot, candidate[slot], best[slot])
			}
			if c > 0 {
				break
			}
		}
		if c < 0 {
			best, candidate = candidate, best
			turned = true
		}
	}
	copy(state, best)
	return turned
}

// compare compares two contents of a slot in an order that is the same in every run.
func (s *symmetry) compare(slot int, a, b statespace.PartID) int {
	if a == b {
		return 0
	}
	if c := cmp.Compare(s.key(slot, a), s.key(slot, b)); c != 0 {
		return c
	}
	return bytes.Compare(s.space.Content(nil, slot, a), s.space.Content(nil, slot, b))
}

// key returns a hash of a content that is the same in every run.
func (s *symmetry) key(slot int, id statespace.PartID) uint64 {
	place := ensured(s.keys[slot], uint32(id))
	if known := atomic.LoadUint64(place); known != 0 {
		return known
	}
	key := s.hash(slot, id) | 1
	atomic.StoreUint64(place, key)
	return key
}

// ensured returns the place of an element, for which it makes room.
func ensured[T any](a *words.Array[T], i uint32) *T {
	a.Ensure(i)
	return a.At(i)
}

// hash computes the result of key.
func (s *symmetry) hash(slot int, id statespace.PartID) uint64 {
	sp := s.space
	letters := func(b *mailboxes, mailbox uint32) (sum uint64) {
		for _, l := range b.at(mailbox, nil) {
			w := sp.envelopes.At(b.envelope(l))
			h := mixed(mixed(uint64(sp.ends.id(w[0])), uint64(sp.ends.id(w[1]))), sp.walker.Hash(sp.messages.Value(w[2])))
			if sp.network == network.Ordered {
				h = mixed(sum, h)
			}
			sum += h
		}
		return sum
	}
	switch c := sp.slots[slot].(type) {
	case *cells:
		t := c.at(id)
		sum := letters(c.mailbox, t[tupleMailbox])
		if t[tupleTimers] == isDown {
			return mixed(sum, anyWalker.Hash(c.kept.Value(t[tupleLocal])))
		}
		timers, choices := uint64(0), uint64(0)
		for _, timer := range c.lists.At(t[tupleTimers]) {
			timers += anyWalker.Hash(c.timers.Value(timer))
		}
		for _, choice := range c.lists.At(t[tupleChoices]) {
			options := uint64(0)
			for _, option := range c.lists.At(choice) {
				options += anyWalker.Hash(c.options.Value(option))
			}
			choices += mixed(options, 1)
		}
		return mixed(mixed(mixed(sum, c.walker.Hash(c.states.Value(t[tupleLocal]))), timers), choices)
	case *nobody:
		return letters(c.mailbox, uint32(id))
	case *histories:
		return c.walker.Hash(c.values.Value(uint32(id)))
	}
	return uint64(id)
}

// mixed hashes two numbers into one.
func mixed(a, b uint64) uint64 {
	h := (a ^ b>>29 ^ 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27 ^ b) * 0x94d049bb133111eb
	return h ^ h>>31
}

// image returns the image of the content of a slot. It is a content of the slot's image.
func (p *permutation) image(slot int, id statespace.PartID) statespace.PartID {
	if p.number == 0 {
		return id
	}
	place := ensured(p.images[slot], uint32(id))
	if known := atomic.LoadUint32(place); known != 0 {
		return statespace.PartID(known - 1)
	}
	image := p.turn(slot, id)
	atomic.StoreUint32(place, uint32(image)+1)
	return image
}

// turn computes the result of image.
func (p *permutation) turn(slot int, id statespace.PartID) statespace.PartID {
	switch c := p.of.space.slots[slot].(type) {
	case *cells:
		return p.cell(c, c.at(id))
	case *nobody:
		turned := statespace.PartID(c.mailbox.empty())
		for _, l := range c.mailbox.at(uint32(id), nil) {
			turned = c.put(turned, p.envelope(l.Message))
		}
		return turned
	case *histories:
		h := c.values.Value(uint32(id))
		renamed := c.walker.Rename(p.renaming, h)
		if !c.walker.Equal(c.walker.Rename(p.inverse.renaming, renamed), h) {
			p.ambiguous("what the "+c.who()+" remembers", c.walker, h, renamed)
		}
		image, _ := c.values.Intern(renamed)
		return statespace.PartID(image)
	}
	return id
}

// cell returns the image of a cell of an actor.
func (p *permutation) cell(c *cells, t [tupleLength]uint32) statespace.PartID {
	to := p.becomes(c)
	turned := [tupleLength]uint32{tupleMailbox: to.mailbox.empty(), tupleTimers: isDown, tupleChoices: to.none}
	for _, l := range c.mailbox.at(t[tupleMailbox], nil) {
		turned[tupleMailbox] = to.mailbox.put(turned[tupleMailbox], network.Letter{Source: p.end(l.Source), Message: p.message(l.Message)})
	}
	if t[tupleTimers] == isDown {
		turned[tupleLocal] = p.remnant(c, t[tupleLocal])
		return to.tuple(turned)
	}
	turned[tupleLocal] = p.local(c, t[tupleLocal])
	turned[tupleTimers] = to.carryList(c.lists.At(t[tupleTimers]), func(timer uint32) uint32 { return p.timer(c, timer) })
	turned[tupleChoices] = to.carryList(c.lists.At(t[tupleChoices]), func(choice uint32) uint32 { return p.choice(c, choice) })
	return to.tuple(turned)
}

// becomes returns the cells of the image of an actor.
func (p *permutation) becomes(c *cells) *cells { return p.of.space.slots[p.slot[c.slot]].(*cells) }

// end returns the image of an end.
func (p *permutation) end(number uint32) uint32 {
	if int(number) < len(p.of.space.sys.actors) {
		return uint32(p.slot[number])
	}
	return number
}

// envelope returns the image of an envelope.
func (p *permutation) envelope(id uint32) uint32 {
	w := p.of.space.envelopes.At(id)
	return p.of.space.envelope(p.end(w[0]), p.end(w[1]), p.message(w[2]))
}

// message returns the image of a message.
func (p *permutation) message(id uint32) uint32 {
	sp := p.of.space
	return p.renamed(p.messages, id, func() string { return "the message" }, sp.walker, sp.messages, sp.messages)
}

// local returns the image of a local state.
func (p *permutation) local(c *cells, id uint32) uint32 {
	return p.renamed(p.locals[c.slot], id, func() string { return "in " + c.who() + " the state" }, c.walker, c.states, p.becomes(c).states)
}

// remnant returns the image of what an actor kept.
func (p *permutation) remnant(c *cells, id uint32) uint32 {
	return p.renamed(p.kept[c.slot], id, func() string { return "what " + c.who() + " kept" }, anyWalker, c.kept, p.becomes(c).kept)
}

func (p *permutation) timer(c *cells, id uint32) uint32 {
	timer, _ := p.becomes(c).timers.Intern(anyWalker.Rename(p.renaming, c.timers.Value(id)))
	return timer
}

func (p *permutation) option(c *cells, id uint32) uint32 {
	option, _ := p.becomes(c).options.Intern(anyWalker.Rename(p.renaming, c.options.Value(id)))
	return option
}

func (p *permutation) choice(c *cells, id uint32) uint32 {
	return p.becomes(c).carryList(c.lists.At(id), func(option uint32) uint32 { return p.option(c, option) })
}

// renamed returns the image of a value, in another table, and caches it. Two values with the same image are an error,
// since the image cannot be inverted.
func (p *permutation) renamed(
	known *words.Array[uint32], id uint32, what func() string, w *intern.Walker[any], from, to *intern.Table[any],
) uint32 {
	if p.number == 0 {
		return id
	}
	place := ensured(known, id)
	if image := atomic.LoadUint32(place); image != 0 {
		return image - 1
	}
	value := from.Value(id)
	renamed := w.Rename(p.renaming, value)
	if !w.Equal(w.Rename(p.inverse.renaming, renamed), value) {
		p.ambiguous(what(), w, value, renamed)
	}
	image, _ := to.Intern(renamed)
	atomic.StoreUint32(place, image+1)
	return image
}

// ambiguous records that the image of a value cannot be inverted.
func (p *permutation) ambiguous(what string, w *intern.Walker[any], value, renamed any) {
	p.of.fail(&statespace.AsymmetryError{
		Who: p.of.everything(), What: fmt.Sprintf("%s %s becomes %s, and so does another one: a list in ascending order of what is exchanged "+
			"is taken for a set, so no sequence may be one", what, w.Text(value), w.Text(renamed)),
	})
}

// everything describes all interchangeable groups.
func (s *symmetry) everything() string {
	names := ""
	for _, g := range s.groups {
		if names != "" {
			names += "; "
		}
		names += s.space.sys.textOf(g)
	}
	return names
}

// fail records an error; the least one is kept, so that it is the same in every run.
func (s *symmetry) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil || err.Error() < s.failed.Error() {
		s.failed = err
	}
}

// turned returns the properties of a space, each evaluated in all permutations of a state.
func (s *symmetry) turned(properties []statespace.Property) []statespace.Property {
	all := slices.Clone(properties)
	for i := range all {
		all[i].Holds = s.everyWay(fmt.Sprintf("the property %q", all[i].Name), all[i].Holds)
	}
	return all
}

// everyWay evaluates a predicate on a state and all of its images.
func (s *symmetry) everyWay(who string, holds func(*statespace.Reading) bool) func(*statespace.Reading) bool {
	return inEveryWay(who, s.everything(), len(s.perms), func(r *statespace.Reading, way int) {
		p := s.perms[way]
		r.Turn(way, func(slot int, a statespace.Aspect) (int, statespace.Aspect) {
			return p.inverse.slot[slot], a | statespace.Aspect(way)<<twistShift
		})
	}, holds)
}

// inEveryWay evaluates a predicate on a state in the given number of ways, which must all agree.
func inEveryWay(
	who, groups string, ways int, turn func(r *statespace.Reading, way int), holds func(*statespace.Reading) bool,
) func(*statespace.Reading) bool {
	if holds == nil {
		return nil
	}
	return func(r *statespace.Reading) bool {
		answer := holds(r)
		defer r.Turn(0, nil)
		for way := 1; way < ways; way++ {
			if turn(r, way); holds(r) != answer {
				panic(&statespace.AsymmetryError{
					Who: groups, What: who + " holds of only one of two states that differ only in which is which",
				})
			}
		}
		return answer
	}
}

// aspect reads an aspect of the image of a content by a permutation.
func (s *symmetry) aspect(slot int, id statespace.PartID, a statespace.Aspect) uint32 {
	p, base := s.perms[a>>twistShift], a&aspectMask
	c, ok := s.space.slots[slot].(*cells)
	if ok && (base == aspectLocal || base >= aspectProjections) {
		t := c.at(id)
		if t[tupleTimers] == isDown {
			return statespace.Nothing
		}
		local := p.local(c, t[tupleLocal])
		if base == aspectLocal {
			return local
		}
		return p.becomes(c).project(local, int(base-aspectProjections))
	}
	if ok && base == aspectUp {
		return c.aspect(id, base)
	}
	return s.space.Aspect(p.slot[slot], p.image(slot, id), base)
}
