// Package network defines the delivery semantics of a network, and represents the messages in flight to one actor as
// plain data.
package network

import (
	"fmt"
	"slices"
	"strings"
)

// Semantics determines how a network delivers messages.
type Semantics uint8

const (
	// UnorderedNonDuplicating holds a multiset of messages: each copy is delivered at most once, in any order.
	UnorderedNonDuplicating Semantics = iota
	// Ordered holds one first-in, first-out flow per source and destination; only its head is deliverable.
	Ordered
	// UnorderedDuplicating holds a set of messages: each may be delivered any number of times, in any order.
	UnorderedDuplicating
)

var names = []string{"unordered_nonduplicating", "ordered", "unordered_duplicating"}

// All returns all semantics.
func All() []Semantics { return []Semantics{UnorderedNonDuplicating, Ordered, UnorderedDuplicating} }

// Names returns the names that Parse accepts.
func Names() []string {
	var all []string
	for _, s := range All() {
		all = append(all, s.String())
	}
	return all
}

// String returns the name that Parse accepts.
func (s Semantics) String() string {
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("network.Semantics(%d)", uint8(s))
}

// Parse returns the semantics with the given name.
func Parse(name string) (Semantics, error) {
	if i := slices.Index(names, name); i >= 0 {
		return Semantics(i), nil
	}
	return 0, fmt.Errorf("unknown network %q: expected one of %s", name, strings.Join(names, ", "))
}

// Letter is a message in flight to the owner of a mailbox, as two small numbers that the owner of the mailbox
// interprets: its source and its content.
type Letter struct{ Source, Message uint32 }

// Mailbox holds the messages in flight to one actor, sorted by source, and within a source by message (unordered) or
// by time of sending (ordered). Equal mailboxes are equal slices. No function of this package changes a mailbox that
// is passed to it.
type Mailbox []Letter

func compare(a, b Letter) int {
	if a.Source != b.Source {
		if a.Source < b.Source {
			return -1
		}
		return 1
	}
	if a.Message != b.Message {
		if a.Message < b.Message {
			return -1
		}
		return 1
	}
	return 0
}

// Put appends to dst the contents of m after l is sent, and returns dst, which must not overlap m.
func (s Semantics) Put(dst, m Mailbox, l Letter) Mailbox {
	i := 0
	if s == Ordered {
		for i < len(m) && m[i].Source <= l.Source {
			i++
		}
	} else {
		for i < len(m) && compare(m[i], l) < 0 {
			i++
		}
		if s == UnorderedDuplicating && i < len(m) && m[i] == l {
			return append(dst, m...)
		}
	}
	dst = append(dst, m[:i]...)
	dst = append(dst, l)
	return append(dst, m[i:]...)
}

// Deliverable reports whether letter i of m may be delivered. Of several equal letters it returns true for one only.
func (s Semantics) Deliverable(m Mailbox, i int) bool {
	if i == 0 {
		return true
	}
	if s == Ordered {
		return m[i-1].Source != m[i].Source
	}
	return m[i-1] != m[i]
}

// Deliver appends to dst the contents of m after letter i is delivered, and returns dst.
func (s Semantics) Deliver(dst, m Mailbox, i int) Mailbox {
	if s == UnorderedDuplicating {
		return append(dst, m...)
	}
	return s.Drop(dst, m, i)
}

// Drop appends to dst the contents of m after letter i is lost, and returns dst.
func (s Semantics) Drop(dst, m Mailbox, i int) Mailbox {
	dst = append(dst, m[:i]...)
	return append(dst, m[i+1:]...)
}
