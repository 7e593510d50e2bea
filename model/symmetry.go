package model

import (
	"bytes"
	"cmp"
	"fmt"
	"sync"
	"sync/atomic"

	"synod/internal/intern"
	"synod/internal/words"
	"synod/model/statespace"
	"synod/network"
)

// symmetry permutes the states of a space by all permutations of the interchangeable things. It exchanges two of them at a
// time: the image of a slot's content is computed once for each such exchange, and looked up afterwards.
type symmetry struct {
	orbits
	space      *space
	groups     []interchange
	exchanges  [][]*permutation       // by group: of each two things; see exchangeOf
	generators []*permutation         // the exchanges of neighbours, which generate all permutations
	group      []int                  // slot -> the group of its actor, or -1
	things     [][]*thing             // by group
	keys       []*words.Array[uint64] // per slot: a hash of each content
	answers    *words.Table           // what aspects are in all images; nil if there are many ways
	audited    []int                  // per slot: how many of the calls were audited
	calls      int
	mu         sync.Mutex // of failed
	failed     error      // the first value that cannot be permuted
}

// permutation exchanges two interchangeable things, so that it is its own inverse.
type permutation struct {
	of       *symmetry
	slot     []int // slot -> its image
	renaming *intern.Renaming
	names    string                 // what it exchanges
	images   []*words.Array[uint32] // per slot: content -> its image, plus one
	locals   []*words.Array[uint32] // per actor: local state -> its image, plus one
	kept     []*words.Array[uint32] // per actor: kept data -> its image, plus one
	messages *words.Array[uint32]
}

// An aspect with the bit aspectTurned is what one without it is in all images, for at most fewWays of them.
const (
	aspectTurned statespace.Aspect = 1 << 19
	fewWays                        = 120
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
	s := &symmetry{space: sp, groups: sp.sys.grouped(), audited: make([]int, len(sp.slots)), group: make([]int, len(sp.slots))}
	for slot := range sp.slots {
		s.keys, s.group[slot] = append(s.keys, words.NewArray[uint64](sp.arena)), -1
	}
	s.orbits = orbits{exchange: s.exchangeAll, fixes: s.fixes, mark: s.mark, mark2: s.mark2, compare: s.contents}
	for number, g := range s.groups {
		s.sizes = append(s.sizes, len(g.of))
		for _, x := range g.of {
			if x.actor {
				s.group[sp.sys.ids[x.id]] = number
			}
		}
		var all []*permutation
		for b := range g.of {
			for a := range b {
				p := s.newExchange(g.of[a], g.of[b])
				if all = append(all, p); a == b-1 {
					s.generators = append(s.generators, p)
				}
			}
		}
		s.exchanges = append(s.exchanges, all)
	}
	for number, g := range s.groups {
		var all []*thing
		for i := range g.of {
			all = append(all, s.newThing(number, i))
		}
		s.things = append(s.things, all)
	}
	if orderOf(s.sizes) <= fewWays {
		s.answers = words.NewTable(sp.arena)
	}
	moved := func(slot int) bool { return s.group[slot] >= 0 }
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

// exchangeOf returns the place in a list of what exchanges a < b, which is in ascending order of b.
func exchangeOf(a, b int) int { return b*(b-1)/2 + a }

func (s *symmetry) newExchange(x, y exchangeable) *permutation {
	sp := s.space
	p := &permutation{
		of: s, messages: words.NewArray[uint32](sp.arena),
		names: sp.sys.textOf(interchange{[]exchangeable{x}}) + " and " + sp.sys.textOf(interchange{[]exchangeable{y}}),
	}
	for slot := range sp.slots {
		p.slot = append(p.slot, slot)
		p.images = append(p.images, words.NewArray[uint32](sp.arena))
		p.locals = append(p.locals, words.NewArray[uint32](sp.arena))
		p.kept = append(p.kept, words.NewArray[uint32](sp.arena))
	}
	if x.actor {
		a, b := sp.sys.ids[x.id], sp.sys.ids[y.id]
		p.slot[a], p.slot[b] = b, a
	}
	values := make(map[any]any)
	others := y.everything()
	for k, v := range x.everything() {
		values[v], values[others[k]] = others[k], v
	}
	p.renaming = intern.NewRenaming(values)
	return p
}

// exchangeAll implements orbits.exchange.
func (s *symmetry) exchangeAll(to, from []statespace.PartID, group, a, b int) {
	p := s.exchanges[group][exchangeOf(a, b)]
	for slot, id := range from {
		to[p.slot[slot]] = p.image(slot, id)
	}
}

// fixes implements orbits.fixes.
func (s *symmetry) fixes(state []statespace.PartID, group, a, b int) bool {
	p := s.exchanges[group][exchangeOf(a, b)]
	for _, slot := range s.order {
		if p.image(slot, state[slot]) != state[p.slot[slot]] {
			return false
		}
	}
	return true
}

// Least implements Symmetry.
func (s *symmetry) Least(state []statespace.PartID) bool { return s.least(state) }

// Images implements Symmetry.
func (s *symmetry) Images(state []statespace.PartID, yield func(image []statespace.PartID) bool) {
	s.images(state, yield)
}

// Covers implements Symmetry. If there are many ways, local states say what those are renamed, and so do memories, but of
// messages in flight nothing is said.
func (s *symmetry) Covers(reads []statespace.Read) (all []statespace.Read, ok bool) {
	for _, r := range reads {
		for slot := range s.space.slots {
			if slot != int(r.Slot) && (s.group[slot] < 0 || s.group[slot] != s.group[r.Slot]) {
				continue
			}
			aspect := statespace.Whole
			if s.answers != nil {
				aspect = r.Aspect | aspectTurned
			} else if _, of := s.space.slots[slot].(*cells); of {
				switch {
				case r.Aspect == aspectUp:
					aspect = aspectUp
				case r.Aspect == aspectLocal || r.Aspect >= aspectProjections:
					aspect = aspectLocal
				default:
					return nil, false
				}
			} else if slot == s.space.nobody {
				return nil, false
			}
			all = append(all, statespace.Read{Slot: int32(slot), Aspect: aspect})
		}
	}
	return all, true
}

// contents compares two contents of a slot in an order that is the same in every run.
func (s *symmetry) contents(slot int, a, b statespace.PartID) int {
	if a == b {
		return 0
	}
	if c := cmp.Compare(s.key(slot, a), s.key(slot, b)); c != 0 {
		return c
	}
	return bytes.Compare(s.space.Content(nil, slot, a), s.space.Content(nil, slot, b))
}

// image returns the image of the content of a slot. It is a content of the slot's image.
func (p *permutation) image(slot int, id statespace.PartID) statespace.PartID {
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
		if !c.walker.Equal(c.walker.Rename(p.renaming, renamed), h) {
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
	place := ensured(known, id)
	if image := atomic.LoadUint32(place); image != 0 {
		return image - 1
	}
	value := from.Value(id)
	renamed := w.Rename(p.renaming, value)
	if !w.Equal(w.Rename(p.renaming, renamed), value) {
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

// turned returns a number for what an aspect of a content is in all images.
func (s *symmetry) turned(slot int, id statespace.PartID, a statespace.Aspect) uint32 {
	var few [fewWays]uint32
	answers := few[:0]
	var from func(group, place, slot int, id statespace.PartID)
	from = func(group, place, slot int, id statespace.PartID) {
		switch {
		case group == len(s.sizes):
			// A projection is read of one actor only.
			if a < aspectProjections || s.space.sys.projections[a-aspectProjections].slot == slot {
				answers = append(answers, s.space.slots[slot].aspect(id, a))
			}
			return
		case place >= s.sizes[group]:
			from(group+1, 0, slot, id)
			return
		}
		from(group, place+1, slot, id)
		for other := place + 1; other < s.sizes[group]; other++ {
			p := s.exchanges[group][exchangeOf(place, other)]
			from(group, place+1, p.slot[slot], p.image(slot, id))
		}
	}
	from(0, 0, slot, id)
	number, _ := s.answers.Intern(answers)
	return number
}
