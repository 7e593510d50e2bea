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

// mailboxes are the distinct mailboxes of a slot. A mailbox is a list of words: source and message of each message in
// flight.
type mailboxes struct {
	space    *space
	table    *words.Table
	envelope func(network.Letter) uint32                               // the envelope number of a message
	number   func(statespace.Kind, network.Letter) statespace.ActionID // the action on a message
	picks    []*words.Array[uint32]                                    // per pick aspect: mailbox -> set plus one
	ways     *words.Array[uint64]                                      // mailbox -> length and Ref of its ways; 1: none
	runs     *words.Pool[uint32]
}

// A way is the actions on a deliverable message of a mailbox, and the mailboxes after them. The last two words exist
// only on a lossy network.
const (
	wayDeliver   = iota // the action
	wayDelivered        // the mailbox plus one, or 0 until it is computed; see delivered
	wayDrop             // the action
	wayDropped          // the mailbox
)

// wayWords returns the number of words of a way.
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

// delivered returns the mailbox after the delivery of the nth deliverable message, whose way is given. It is computed
// on demand: after an ignored delivery, the result would belong to no state.
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

// at appends the messages in a mailbox to into.
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

// put returns the mailbox after a message was sent to it.
func (b *mailboxes) put(id uint32, l network.Letter) uint32 {
	var few, old [32]network.Letter
	box := b.at(id, old[:0])
	if b.space.sys.config.OneCopy && slices.Contains(box, l) {
		return id
	}
	return b.intern(b.space.network.Put(few[:0], box, l))
}

// pickDeliverable is the offset from the aspect of all messages to that of the deliverable ones. There is one of the
// latter for each state of the network, since a partition blocks messages.
const pickDeliverable statespace.Aspect = 1

// pickAspect returns the first aspect of a selection, which reads all messages.
func (sp *space) pickAspect(selection int) statespace.Aspect {
	return aspectPicks + statespace.Aspect(selection*sp.pickAspects())
}

// pickAspects returns the number of aspects of a selection.
func (sp *space) pickAspects() int { return 2 + len(sp.sides) }

// ofDeliverable reports whether an aspect of a selection reads deliverable messages only.
func (sp *space) ofDeliverable(a statespace.Aspect) bool {
	return (a-aspectPicks)%statespace.Aspect(sp.pickAspects()) >= pickDeliverable
}

// picked returns the number of the set of values that a selection picks from a mailbox; 0 is the empty set.
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

// deliverable reports whether a message can be delivered: its recipient is an actor, and no other message blocks it.
func (b *mailboxes) deliverable(box network.Mailbox, i int, envelope uint32) bool {
	to := b.space.envelopes.At(envelope)[1]
	return int(to) < b.space.nobody && b.space.network.Deliverable(box, i)
}

// flights returns the messages in a mailbox: by sender and recipient, and then by content if the network is
// unordered.
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

// contents returns the canonical encodings of the messages, by content if the network is unordered.
func (b *mailboxes) contents(id uint32) [][]byte {
	return b.shown(id, b.encoding)
}

// texts returns the messages as displayed text.
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

// order returns the indexes of the messages of a mailbox in an order that is the same in every run: by sender and
// recipient, then by the bytes from show. On an ordered network, messages with the same sender and recipient keep
// their order.
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

// changes returns the messages added and removed.
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
