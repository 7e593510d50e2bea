package checker_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/checker"
	"synod/internal/reference"
	"synod/model"
)

// tangle is a state of many types.
type tangle struct {
	One    uint8
	Name   string
	Rows   [][]int
	Sets   map[string]map[int]bool
	Deep   *branch
	Any    any
	Fixed  [2]leaf
	hidden []string
}

type branch struct {
	N    int
	Next *branch
	Also []*leaf
}

type leaf struct {
	Tag string
	Bit bool
}

// stir is an action: a change of one or two fields, by numbers.
type stir struct{ Op, N int }

// stirring is a random model of a few operations.
type stirring struct {
	ops   []op
	begin int
}

// op changes a field, and perhaps another one, if a number of the state fits.
type op struct{ field, also, by, when, modulus int }

const tangleFields = 8

func (m stirring) Initial() []tangle {
	all := []tangle{{}}
	for i := range m.begin {
		all = append(all, all[0].with(i%tangleFields, i))
	}
	return all
}

func (m stirring) Actions(s tangle) []stir {
	var all []stir
	for i, o := range m.ops {
		if s.number()%o.modulus <= o.when {
			all = append(all, stir{i, 0}, stir{i, 1})
		}
	}
	return all
}

func (m stirring) Next(s tangle, a stir) (tangle, bool) {
	o := m.ops[a.Op]
	next := s.with(o.field, o.by+a.N)
	if o.also >= 0 {
		next = next.with(o.also, s.number()+a.N)
	}
	return next, (s.number()+a.N)%5 != 4
}

// number depends on every field.
func (s tangle) number() int {
	n := int(s.One) + 2*len(s.Name) + len(s.hidden) + len(s.Rows) + 3*len(s.Sets)
	for _, row := range s.Rows {
		n += len(row)
	}
	for _, set := range s.Sets {
		n += 2 * len(set)
	}
	for b := s.Deep; b != nil; b = b.Next {
		n += b.N + len(b.Also)
	}
	switch v := s.Any.(type) {
	case int:
		n += v
	case leaf:
		n += 7
	case *leaf:
		n += 11
	}
	if s.Fixed[1].Bit {
		n++
	}
	return n
}

// with changes a field, which has a few values only, and leaves the others as they are.
func (s tangle) with(field, by int) tangle {
	by = by & 3
	switch field {
	case 0:
		s.One = uint8(by)
	case 1:
		s.Name = "name"[:by]
	case 2:
		s.Rows = slices.Clone(s.Rows)
		if by == 3 || len(s.Rows) == 2 {
			s.Rows = [][]int{nil, {}}[:by%3]
		} else {
			s.Rows = append(s.Rows, slices.Repeat([]int{by}, by))
		}
	case 3:
		sets := maps.Clone(s.Sets)
		if sets == nil {
			sets = map[string]map[int]bool{}
		}
		key := "ab"[by&1 : by&1+1]
		set := maps.Clone(sets[key])
		if set == nil {
			set = map[int]bool{}
		}
		set[by>>1] = !set[by>>1]
		sets[key] = set
		s.Sets = sets
	case 4:
		if s.Deep != nil && s.Deep.Next != nil {
			s.Deep = nil
		} else {
			s.Deep = &branch{N: by & 1, Next: s.Deep.copy(), Also: []*leaf{{"x", by > 1}}}
		}
	case 5:
		s.Any = []any{nil, by, leaf{Tag: "t"}, &leaf{Bit: true}}[by]
	case 6:
		s.Fixed[by&1] = leaf{"fixed"[:by], by > 1}
	case 7:
		s.hidden = append(s.hidden[:len(s.hidden)/2:len(s.hidden)/2], s.Name)
	}
	return s
}

func (b *branch) copy() *branch {
	if b == nil {
		return nil
	}
	c := &branch{N: b.N, Next: b.Next.copy()}
	for _, l := range b.Also {
		c.Also = append(c.Also, &leaf{l.Tag, l.Bit})
	}
	return c
}

func drawStirring(t *rapid.T) stirring {
	m := stirring{begin: rapid.IntRange(0, 9).Draw(t, "begin")}
	for range rapid.IntRange(1, 5).Draw(t, "ops") {
		m.ops = append(m.ops, op{
			field:   rapid.IntRange(0, tangleFields-1).Draw(t, "field"),
			also:    rapid.IntRange(-1, tangleFields-1).Draw(t, "also"),
			by:      rapid.IntRange(0, 3).Draw(t, "by"),
			when:    rapid.IntRange(0, 4).Draw(t, "when"),
			modulus: rapid.IntRange(2, 6).Draw(t, "modulus"),
		})
	}
	return m
}

// TestRandomPlain compares plain models of nested types with a plain search, and their least paths with those of a plain search
// over the space that holds states as a whole.
func TestRandomPlain(t *testing.T) {
	sizes := make(map[int]int)
	rapid.Check(t, func(t *rapid.T) {
		m := drawStirring(t)
		src := model.NewPlain(m.said(rapid.IntRange(0, 2).Draw(t, "said")))
		bound := rapid.IntRange(4, 40).Draw(t, "bound")
		inside := func(s tangle) bool { return s.number() < bound }
		src.Within(inside)
		var properties []reference.Property[tangle]
		for i := range rapid.IntRange(0, 3).Draw(t, "properties") {
			name, at := fmt.Sprint("p", i), rapid.IntRange(0, 30).Draw(t, "at")
			if rapid.Bool().Draw(t, "always") {
				holds := func(s tangle) bool { return s.number()%31 != at }
				src.Always(name, holds)
				properties = append(properties, reference.Property[tangle]{Name: name, Expect: reference.Always, Holds: holds})
			} else {
				holds := func(s tangle) bool { return s.number() == at }
				src.Sometimes(name, holds)
				properties = append(properties, reference.Property[tangle]{Name: name, Expect: reference.Sometimes, Holds: holds})
			}
		}
		plain := plainModel(m, properties)
		plain.Inside = inside
		plain.Initial = slices.DeleteFunc(plain.Initial, func(s tangle) bool { return !inside(s) })
		slices.SortFunc(plain.Initial, func(a, b tangle) int { return strings.Compare(reference.Dump(a), reference.Dump(b)) })
		plain.Initial = slices.CompactFunc(plain.Initial, func(a, b tangle) bool { return reference.Dump(a) == reference.Dump(b) })
		o := drawOptions(t, 3*randomStates())
		r := compare(t, src, plain, o, 1, 3)
		sizes[len(fmt.Sprint(r.Unique))]++
		compareParts(t, src, o, 1, 3)
		walked := checker.Walk(t.Context(), src, checker.Options{Walks: 50, WalkDepth: 20, Workers: 2, Seed: 1})
		defer walked.Close()
		if walked.Err != nil {
			t.Fatal(walked.Err)
		}
		replay(t, walked)
	})
	t.Logf("models by the number of digits of their states: %v", sizes)
}
