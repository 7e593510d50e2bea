package intern

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unsafe"
)

// maxDepth bounds how deep pointers, slices, maps and interfaces may nest. Only cycles go beyond in practice.
const maxDepth = 10_000

var (
	errChannel = errors.New("a channel cannot be part of a state")
	errPointer = errors.New("an unsafe pointer cannot be part of a state")
	errShared  = errors.New("a table shares its values with others, so that they must refer to nothing")
	errFunc    = errors.New("a func cannot be part of a state")
	errDepth   = fmt.Errorf("nested deeper than %d: a cycle?", maxDepth)
)

// fault is an error with the way to it, innermost step first.
type fault struct {
	err  error
	path []string
}

func (f *fault) at(step string) *fault {
	f.path = append(f.path, step)
	return f
}

// error names the way from a value of the type, only its first steps if it is long, as the way round a cycle is.
func (f *fault) error(root reflect.Type) error {
	const shown = 12
	steps := slices.Clone(f.path)
	slices.Reverse(steps)
	tail := ""
	if len(steps) > shown {
		steps, tail = steps[:shown], "…"
	}
	return fmt.Errorf("%s%s%s: %w", shortName(root.String()), strings.Join(steps, ""), tail, f.err)
}

// checkType finds what makes every value of a static type no state. Funcs are left to the values, since they may be
// nil.
func checkType(t reflect.Type, seen map[reflect.Type]bool) *fault {
	if seen[t] {
		return nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Chan:
		return &fault{err: errChannel}
	case reflect.UnsafePointer:
		return &fault{err: errPointer}
	case reflect.Map:
		if f := checkType(t.Key(), seen); f != nil {
			return f.at("[key]")
		}
		return atStep(checkType(t.Elem(), seen), "[]")
	case reflect.Slice, reflect.Array:
		return atStep(checkType(t.Elem(), seen), "[]")
	case reflect.Pointer:
		return checkType(t.Elem(), seen)
	case reflect.Struct:
		if key, value, ok := persistentMap(t); ok {
			if refers(key) || refers(value) {
				return &fault{err: errShared}
			}
			return nil
		}
		for i := 0; i < t.NumField() && !t.ConvertibleTo(timeType); i++ {
			f := t.Field(i)
			if f.Name == "_" {
				continue
			}
			if bad := checkType(f.Type, seen); bad != nil {
				return bad.at("." + f.Name)
			}
		}
	}
	return nil
}

func atStep(f *fault, step string) *fault {
	if f == nil {
		return nil
	}
	return f.at(step)
}

// check looks for cycles, funcs, channels and unsafe pointers in the value at v.
func (p *plan) check(v unsafe.Pointer, depth int) *fault {
	if !p.risky {
		return nil
	}
	if depth > maxDepth {
		return &fault{err: errDepth}
	}
	switch p.op {
	case opStruct:
		for i := range p.fields {
			f := &p.fields[i]
			if bad := f.plan.check(unsafe.Add(v, f.offset), depth); bad != nil {
				return bad.at("." + f.name)
			}
		}
	case opPointer:
		if to := *(*unsafe.Pointer)(v); to != nil {
			return p.elem.check(to, depth+1)
		}
	case opSlice:
		s := (*slice)(v)
		return p.elem.checkAll(s.data, s.len, depth+1)
	case opArray:
		return p.elem.checkAll(v, p.count, depth)
	case opMap:
		if m := p.mapAt(v); m != nil {
			return p.checkMap(m, depth+1)
		}
	case opInterface:
		if i := (*iface)(v); i.tab != nil {
			d, at := p.dynamicOf(i)
			return d.check(at, depth+1)
		}
	case opFunc:
		if *(*unsafe.Pointer)(v) != nil {
			return &fault{err: errFunc}
		}
	case opForeign:
		if p.kind == reflect.Chan {
			return &fault{err: errChannel}
		}
		return &fault{err: errPointer}
	}
	return nil
}

func (p *plan) checkAll(v unsafe.Pointer, n, depth int) *fault {
	for i := range n {
		if bad := p.check(unsafe.Add(v, uintptr(i)*p.size), depth); bad != nil {
			return bad.at("[" + strconv.Itoa(i) + "]")
		}
	}
	return nil
}

// checkMap reports the entry with the least key, so that the error does not depend on the order of the map. A key
// that is bad itself is not encoded, since it may hold a cycle.
func (p *plan) checkMap(m unsafe.Pointer, depth int) *fault {
	var least *fault
	var leastStep string
	p.maps.each(p, m, func(k, v unsafe.Pointer) {
		bad, step := p.key.check(k, depth), "[key]"
		if bad == nil {
			if bad = p.elem.check(v, depth); bad == nil {
				return
			}
			step = "[" + string(p.key.encode(nil, k)) + "]"
		}
		if least == nil || step < leastStep {
			least, leastStep = bad, step
		}
	})
	return atStep(least, leastStep)
}
