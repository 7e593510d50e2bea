package model

import (
	"bytes"
	"cmp"
	"slices"
	"sync/atomic"

	"synod/actor"
	"synod/internal/words"
	"synod/model/statespace"
	"synod/network"
)

// mailboxes are the distinct mailboxes of a slot. A mailbox is the words source and message of its letters.
type mailboxes struct {
	space    *space
	table    *words.Table
	envelope func(network.Letter) uint32                               // what a letter is to the space
	number   func(statespace.Kind, network.Letter) statespace.ActionID // what can happen to it
	picks    []*words.Array[uint32]                                    // per aspect from aspectPicks on: mailbox -> set plus one
	ways     *words.Array[uint64]                                      // mailbox -> length and Ref of its ways, or 1 for none
	runs     *words.Pool[uint32]
}

// A way is what can happen to a deliverable letter of a mailbox: the actions, and the mailboxes that they leave. The last
// two words are there on a lossy network only.
const (
	wayDeliver   = iota // the action
	wayDelivered        // the mailbox, plus one, or 0 before somebody asked for it; see delivered
	wayDrop             // the action
	wayDropped          // the mailbox
)

// wayWords is the number of words of a way.
func (b *mailboxes) wayWords() int {
	if b.space.lossy {
		return wayDropped + 1
	}
	return wayDelivered + 1
}

// waysOf returns the ways of a mailbox, which it computes at the first call.
func (b *mailboxes) waysOf(id uint32) []uint32 {
	b.ways.Ensure(id)
	place := b.ways.At(id)
	if word := atomic.LoadUint64(place); word != 0 {
		n := int(word >> 44)
		if n == 0 {
			return nil
		}
		return b.runs.From(words.Ref(word & (1<<44 - 1)))[:n:n]
	}
	var few, buffer [32]network.Letter
	box := b.at(id, few[:0])
	var all []uint32
	for i, l := range box {
		if !b.space.network.Deliverable(box, i) {
			continue
		}
		all = append(all, uint32(b.number(statespace.Deliver, l)), 0)
		if b.space.lossy {
			dropped := b.intern(b.space.network.Drop(buffer[:0], box, i))
			all = append(all, uint32(b.number(statespace.Drop, l)), dropped)
		}
	}
	if len(all) == 0 {
		atomic.StoreUint64(place, 1)
		return nil
	}
	ref, run := b.runs.Reserve(len(all))
	copy(run, all)
	atomic.StoreUint64(place, uint64(len(all))<<44|uint64(ref))
	return run
}

// delivered returns the mailbox that the delivery of the nth deliverable letter leaves, whose way is given. It is computed
// only when somebody asks for it: what only an ignored delivery would leave is no mailbox of any state.
func (b *mailboxes) delivered(id uint32, n int, way []uint32) uint32 {
	if left := atomic.LoadUint32(&way[wayDelivered]); left != 0 {
		return left - 1
	}
	var few, buffer [32]network.Letter
	box := b.at(id, few[:0])
	i := 0
	for ; n > 0 || !b.space.network.Deliverable(box, i); i++ {
		if b.space.network.Deliverable(box, i) {
			n--
		}
	}
	left := b.intern(b.space.network.Deliver(buffer[:0], box, i))
	atomic.StoreUint32(&way[wayDelivered], left+1)
	return left
}

func newMailboxes(
	sp *space, envelope func(network.Letter) uint32, number func(statespace.Kind, network.Letter) statespace.ActionID,
) *mailboxes {
	b := &mailboxes{
		space: sp, table: words.NewTable(sp.arena), envelope: envelope, number: number,
		ways: words.NewArray[uint64](sp.arena), runs: words.NewPool[uint32](sp.arena),
	}
	for range sp.pickAspects() * len(sp.sys.picks) {
		b.picks = append(b.picks, words.NewArray[uint32](sp.arena))
	}
	return b
}

func (b *mailboxes) empty() uint32 { return b.intern(nil) }

// at appends the letters of a mailbox to into.
func (b *mailboxes) at(id uint32, into network.Mailbox) network.Mailbox {
	w := b.table.At(id)
	for i := 0; i < len(w); i += 2 {
		into = append(into, network.Letter{Source: w[i], Message: w[i+1]})
	}
	return into
}

func (b *mailboxes) intern(box network.Mailbox) uint32 {
	var few [64]uint32
	w := few[:0]
	for _, l := range box {
		w = append(w, l.Source, l.Message)
	}
	id, _ := b.table.Intern(w)
	return id
}

// put returns the mailbox after a letter was sent to it.
func (b *mailboxes) put(id uint32, l network.Letter) uint32 {
	var few, old [32]network.Letter
	box := b.at(id, old[:0])
	if b.space.sys.config.OneCopy && slices.Contains(box, l) {
		return id
	}
	return b.intern(b.space.network.Put(few[:0], box, l))
}

// pickDeliverable is what an aspect of deliverable messages has more than that of all messages: one for each state of
// the network, as some of them hold messages back.
const pickDeliverable statespace.Aspect = 1

// pickAspect returns the first aspect of a selection: that of all messages.
func (sp *space) pickAspect(selection int) statespace.Aspect {
	return aspectPicks + statespace.Aspect(selection*sp.pickAspects())
}

// pickAspects is the number of aspects of a selection.
func (sp *space) pickAspects() int { return 2 + len(sp.sides) }

// ofDeliverable reports whether the aspect of a selection is that of deliverable messages only.
func (sp *space) ofDeliverable(a statespace.Aspect) bool {
	return (a-aspectPicks)%statespace.Aspect(sp.pickAspects()) >= pickDeliverable
}

// picked returns the set of values that a selection picks from a mailbox, as a number that is 0 for none.
func (b *mailboxes) picked(id uint32, a statespace.Aspect) uint32 {
	sets := b.picks[a-aspectPicks]
	if sets.Has(id) {
		if set := atomic.LoadUint32(sets.At(id)); set != 0 {
			return set - 1
		}
	}
	aspects := statespace.Aspect(b.space.pickAspects())
	selection, kind := int((a-aspectPicks)/aspects), (a-aspectPicks)%aspects
	var numbers []uint32
	box := b.at(id, nil)
	for i, l := range box {
		envelope := b.envelope(l)
		if kind >= pickDeliverable &&
			(!b.deliverable(box, i, envelope) || b.space.holdsBack(uint32(kind-pickDeliverable), envelope)) {
			continue
		}
		if number, ok := b.space.reader.pick(selection, envelope); ok {
			numbers = append(numbers, number)
		}
	}
	set := b.space.reader.set(numbers)
	sets.Ensure(id)
	atomic.StoreUint32(sets.At(id), set+1)
	return set
}

// deliverable reports whether a letter may be delivered: somebody is there to receive it, and nothing is before it.
func (b *mailboxes) deliverable(box network.Mailbox, i int, envelope uint32) bool {
	to := b.space.envelopes.At(envelope)[1]
	return int(to) < b.space.nobody && b.space.network.Deliverable(box, i)
}

// flights returns what is in flight in a mailbox: by ends, and then in the order of content where the network has none.
func (b *mailboxes) flights(id uint32) []Flight[any] {
	var all []Flight[any]
	box := b.at(id, nil)
	for _, i := range b.order(box, b.encoding) {
		envelope := b.envelope(box[i])
		if i > 0 && box[i-1] == box[i] && b.space.network != network.Ordered {
			all[len(all)-1].Copies++
			continue
		}
		all = append(all, Flight[any]{b.space.open(envelope), 1, b.deliverable(box, i, envelope)})
	}
	return all
}

func (b *mailboxes) encoding(envelope uint32) []byte { return b.space.encode(nil, envelope) }

// contents returns the canonical encodings of the letters: in the order of content where the network has none.
func (b *mailboxes) contents(id uint32) [][]byte {
	return b.shown(id, b.encoding)
}

// texts returns the letters as people read them.
func (b *mailboxes) texts(id uint32) []string {
	var all []string
	for _, t := range b.shown(id, func(envelope uint32) []byte { return []byte(b.space.describe(envelope)) }) {
		all = append(all, string(t))
	}
	return all
}

func (b *mailboxes) shown(id uint32, show func(envelope uint32) []byte) [][]byte {
	box := b.at(id, nil)
	all := make([][]byte, 0, len(box))
	for _, i := range b.order(box, show) {
		all = append(all, show(b.envelope(box[i])))
	}
	return all
}

// order returns the places of the letters of a mailbox in an order that is the same in every run: by ends, then by what
// show gives of them. On an ordered network letters with the same ends stay as they are.
func (b *mailboxes) order(box network.Mailbox, show func(envelope uint32) []byte) []int {
	type letter struct {
		place int
		ends  actor.Envelope[any]
		bytes []byte
	}
	all := make([]letter, len(box))
	for i, l := range box {
		envelope := b.envelope(l)
		all[i] = letter{place: i, ends: b.space.open(envelope)}
		if b.space.network != network.Ordered {
			all[i].bytes = show(envelope)
		}
	}
	slices.SortStableFunc(all, func(x, y letter) int {
		return cmp.Or(
			cmp.Compare(x.ends.From, y.ends.From), cmp.Compare(x.ends.To, y.ends.To), bytes.Compare(x.bytes, y.bytes))
	})
	places := make([]int, len(all))
	for i, l := range all {
		places[i] = l.place
	}
	return places
}

// changes returns which letters came and went.
func (b *mailboxes) changes(from, to uint32) []statespace.Change {
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
	var all []statespace.Change
	for _, text := range order {
		for n := counts[text]; n < 0; n++ {
			all = append(all, statespace.Change{Path: "mailbox", Old: text})
		}
		for n := counts[text]; n > 0; n-- {
			all = append(all, statespace.Change{Path: "mailbox", New: text})
		}
	}
	return all
}
