// Package tla holds what models of the TLA+ examples have in common. The models are in the folders below, each written from
// the rules of its original in words of our own; docs/tla.md says how TLA+ reads in Go.
package tla

import (
	"fmt"
	"math/bits"
	"strings"

	"synod/model"
)

// Set is a set of numbers from 0 to 31, a bit for each.
type Set uint32

// All is the set of the numbers below n.
func All(n int) Set { return 1<<n - 1 }

// Has reports whether i is in the set.
func (s Set) Has(i int) bool { return s&(1<<i) != 0 }

// With is the set with i.
func (s Set) With(i int) Set { return s | 1<<i }

// Without is the set without i.
func (s Set) Without(i int) Set { return s &^ (1 << i) }

// Size is how many numbers are in the set.
func (s Set) Size() int { return bits.OnesCount32(uint32(s)) }

// Members returns the numbers in ascending order.
func (s Set) Members() []int {
	var all []int
	for i := range 32 {
		if s.Has(i) {
			all = append(all, i)
		}
	}
	return all
}

// Subsets returns all subsets, the empty one and the set itself among them.
func (s Set) Subsets() []Set {
	all := []Set{0}
	for sub := s; sub != 0; sub = (sub - 1) & s {
		all = append(all, sub)
	}
	return all
}

// String is the numbers in braces.
func (s Set) String() string {
	var all []string
	for _, i := range s.Members() {
		all = append(all, fmt.Sprint(i))
	}
	return "{" + strings.Join(all, ",") + "}"
}

// Between returns an error unless a number of things is within bounds.
func Between(what string, n, least, most int) error {
	if n < least || n > most {
		return fmt.Errorf("%d %s: must be %d to %d", n, what, least, most)
	}
	return nil
}

// Counts are those of a search.
type Counts struct {
	Unique    int
	Generated int // as TLC counts
	Depth     int
}

// Search finds all states of a model as TLC does, and shares nothing with the engine: published counts are compared with
// it. TLC counts two things that the engine does not. Inside, which may be nil, is a state constraint: TLC generates the
// states outside, and goes no further. And witnesses, which may be nil, is how often TLC finds a step: once for each
// disjunct, and each value of a quantifier, that makes an action's condition true. Keys tell states apart; nil for their
// texts.
func Search[S, A any](
	m model.Model[S, A], inside func(S) bool, witnesses func(S, A) int, key func(S) string,
) (c Counts) {
	if key == nil {
		key = func(s S) string { return fmt.Sprintf("%+v", s) }
	}
	seen := make(map[string]bool)
	var next []S
	visit := func(s S, times int) {
		c.Generated += times
		if inside != nil && !inside(s) {
			return
		}
		if k := key(s); !seen[k] {
			seen[k] = true
			next = append(next, s)
		}
	}
	for _, s := range m.Initial() {
		visit(s, 1)
	}
	for len(next) > 0 {
		c.Depth++
		level := next
		next = nil
		for _, s := range level {
			for _, a := range m.Actions(s) {
				after, ok := m.Next(s, a)
				if !ok {
					continue
				}
				times := 1
				if witnesses != nil {
					times = witnesses(s, a)
				}
				visit(after, times)
			}
		}
	}
	c.Unique = len(seen)
	return c
}
