// Package tla has the common code of the models of TLA+ examples. The models are in its subdirectories, each written
// from the rules of its original in our own words; docs/tla.md explains how TLA+ translates to Go.
package tla

import (
	"fmt"
	"math/bits"
	"strings"

	"synod/model"
)

// Set is a set of numbers from 0 to 31, with a bit for each.
type Set uint32

// All returns the set of the numbers below n.
func All(n int) Set { return 1<<n - 1 }

// Has reports whether i is in the set.
func (s Set) Has(i int) bool { return s&(1<<i) != 0 }

// With returns the set with i added.
func (s Set) With(i int) Set { return s | 1<<i }

// Without returns the set with i removed.
func (s Set) Without(i int) Set { return s &^ (1 << i) }

// Size returns the number of elements.
func (s Set) Size() int { return bits.OnesCount32(uint32(s)) }

// Members returns the elements in ascending order.
func (s Set) Members() []int {
	var all []int
	for i := range 32 {
		if s.Has(i) {
			all = append(all, i)
		}
	}
	return all
}

// Subsets returns all subsets, including the empty set and s itself.
func (s Set) Subsets() []Set {
	all := []Set{0}
	for sub := s; sub != 0; sub = (sub - 1) & s {
		all = append(all, sub)
	}
	return all
}

// String returns the elements in braces.
func (s Set) String() string {
	var all []string
	for _, i := range s.Members() {
		all = append(all, fmt.Sprint(i))
	}
	return "{" + strings.Join(all, ",") + "}"
}

// Between returns an error unless n is between least and most; what names the things counted.
func Between(what string, n, least, most int) error {
	if n < least || n > most {
		return fmt.Errorf("%d %s: must be %d to %d", n, what, least, most)
	}
	return nil
}

// Counts are the counts of a search.
type Counts struct {
	Unique    int
	Generated int // as counted by TLC
	Depth     int
}

// Search finds all states of a model as TLC does, independently of the engine, to compare its counts with published
// ones. TLC counts two things that the engine does not. Inside, which may be nil, is a state constraint: TLC counts
// states outside as generated, but does not explore them. Witnesses, which may be nil, returns how often TLC
// generates a step: once for each disjunct, and each value of a quantifier, that makes the action's condition true.
// Key identifies states; nil means their text.
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
