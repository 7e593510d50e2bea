package model

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"synod/internal/words"
	"synod/network"
)

// mailboxes are the distinct mailboxes of a slot. A mailbox is the words source and message of its letters.
type mailboxes[M any] struct {
	space    *space[M]
	table    *words.Table
	envelope func(network.Letter) uint32 // what a letter is to the space
	mu       sync.Mutex
	picks    map[pickKey]uint32
}

type pickKey struct {
	mailbox uint32
	aspect  Aspect
}

func newMailboxes[M any](sp *space[M], envelope func(network.Letter) uint32) *mailboxes[M] {
	return &mailboxes[M]{
		space: sp, table: words.NewTable(sp.arena), envelope: envelope, picks: make(map[pickKey]uint32),
	}
}

func (b *mailboxes[M]) empty() uint32 { return b.intern(nil) }

// at gives a mailbox; the caller owns it.
func (b *mailboxes[M]) at(id uint32) network.Mailbox {
	w := b.table.At(id)
	box := make(network.Mailbox, len(w)/2)
	for i := range box {
		box[i] = network.Letter{Source: w[2*i], Message: w[2*i+1]}
	}
	return box
}

func (b *mailboxes[M]) intern(box network.Mailbox) uint32 {
	var few [64]uint32
	w := few[:0]
	for _, l := range box {
		w = append(w, l.Source, l.Message)
	}
	id, _ := b.table.Intern(w)
	return id
}

// put gives the mailbox after a letter was sent to it.
func (b *mailboxes[M]) put(id uint32, l network.Letter) uint32 {
	var few [32]network.Letter
	return b.intern(b.space.network.Put(few[:0], b.at(id), l))
}

// picked gives the set of values that a selection picks from a mailbox, as a number that is 0 for none.
func (b *mailboxes[M]) picked(id uint32, a Aspect) uint32 {
	k := pickKey{id, a}
	b.mu.Lock()
	set, known := b.picks[k]
	b.mu.Unlock()
	if known {
		return set
	}
	choose := b.space.sys.picks[(a-aspectPicks)/2]
	onlyDeliverable := (a-aspectPicks)%2 == 1
	var values []any
	box := b.at(id)
	for i, l := range box {
		envelope := b.envelope(l)
		if onlyDeliverable && !b.deliverable(box, i, envelope) {
			continue
		}
		if value, ok := choose(b.space.open(envelope)); ok {
			values = append(values, value)
		}
	}
	set = b.space.sets.number(values)
	b.mu.Lock()
	b.picks[k] = set
	b.mu.Unlock()
	return set
}

// deliverable tells whether a letter may be delivered: somebody is there to receive it, and nothing is before it.
func (b *mailboxes[M]) deliverable(box network.Mailbox, i int, envelope uint32) bool {
	to := b.space.envelopes.At(envelope)[1]
	return int(to) < b.space.nobody && b.space.network.Deliverable(box, i)
}

// flights gives what is under way in a mailbox, in its order.
func (b *mailboxes[M]) flights(id uint32) []Flight[M] {
	var all []Flight[M]
	box := b.at(id)
	for i, l := range box {
		if i > 0 && box[i-1] == l && b.space.network != network.Ordered {
			all[len(all)-1].Copies++
			continue
		}
		envelope := b.envelope(l)
		all = append(all, Flight[M]{b.space.open(envelope), 1, b.deliverable(box, i, envelope)})
	}
	return all
}

// contents gives the canonical encodings of the letters: in the order of content where the network has none.
func (b *mailboxes[M]) contents(id uint32) [][]byte {
	return b.sorted(id, func(envelope uint32) []byte {
		return b.space.encode(nil, envelope)
	})
}

// texts gives the letters as people read them.
func (b *mailboxes[M]) texts(id uint32) []string {
	var all []string
	for _, t := range b.sorted(id, func(envelope uint32) []byte { return []byte(b.space.describe(envelope)) }) {
		all = append(all, string(t))
	}
	return all
}

func (b *mailboxes[M]) sorted(id uint32, show func(envelope uint32) []byte) [][]byte {
	type shown struct {
		from  uint64
		bytes []byte
	}
	var all []shown
	for _, l := range b.at(id) {
		envelope := b.envelope(l)
		all = append(all, shown{uint64(b.space.open(envelope).From), show(envelope)})
	}
	slices.SortStableFunc(all, func(x, y shown) int {
		if by := cmp.Compare(x.from, y.from); by != 0 || b.space.network == network.Ordered {
			return by
		}
		return bytes.Compare(x.bytes, y.bytes)
	})
	out := make([][]byte, len(all))
	for i, s := range all {
		out[i] = s.bytes
	}
	return out
}

// changes tells which letters came and went.
func (b *mailboxes[M]) changes(from, to uint32) []Change {
	counts := make(map[string]int)
	var order []string
	count := func(id uint32, by int) {
		for _, text := range b.texts(id) {
			if _, known := counts[text]; !known {
				order = append(order, text)
			}
			counts[text] += by
		}
	}
	count(from, -1)
	count(to, 1)
	var all []Change
	for _, text := range order {
		for n := counts[text]; n < 0; n++ {
			all = append(all, Change{Path: "mailbox", Old: text})
		}
		for n := counts[text]; n > 0; n-- {
			all = append(all, Change{Path: "mailbox", New: text})
		}
	}
	return all
}

// pickSets numbers the sets of picked values; the empty set is 0.
type pickSets struct {
	mu      sync.Mutex
	numbers map[any]uint32
	values  []any
	sets    map[string]uint32
	members [][]any
}

func (p *pickSets) init() {
	p.numbers, p.sets = make(map[any]uint32), map[string]uint32{"": 0}
	p.members = [][]any{nil}
}

func (p *pickSets) number(values []any) uint32 {
	if len(values) == 0 {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var set []uint32
	for _, v := range values {
		n, ok := p.numbers[v]
		if !ok {
			n = uint32(len(p.values))
			p.numbers[v] = n
			p.values = append(p.values, v)
		}
		set = append(set, n)
	}
	slices.Sort(set)
	set = slices.Compact(set)
	var key []byte
	for _, n := range set {
		key = append(key, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	}
	id, ok := p.sets[string(key)]
	if !ok {
		id = uint32(len(p.members))
		p.sets[string(key)] = id
		members := make([]any, len(set))
		for i, n := range set {
			members[i] = p.values[n]
		}
		p.members = append(p.members, members)
	}
	return id
}

func (sp *space[M]) pickedSet(set uint32) []any {
	sp.sets.mu.Lock()
	defer sp.sets.mu.Unlock()
	return sp.sets.members[set]
}
