package intern

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unsafe"
)

// maxDepth bounds the nesting of pointers, slices, maps and interfaces.
const maxDepth = 10_000

// maxUnfolded bounds the additional pointers, slices and maps in a value with shared parts when a shared part is
// counted once per reference, which is how often the other operations of a Walker visit it.
const maxUnfolded = 1 << 20

var (
	errChannel  = errors.New("a channel cannot be part of a state")
	errPointer  = errors.New("an unsafe pointer cannot be part of a state")
	errShared   = errors.New("a map or list that never changes may be shared, so that what it holds must refer to nothing that can be changed")
	errFunc     = errors.New("a func cannot be part of a state")
	errDepth    = fmt.Errorf("nested deeper than %d", maxDepth)
	errUnfolded = fmt.Errorf("what is shared in it is referred to in more than %d ways", maxUnfolded)
)

// fault is an error with the path to it, innermost step first.
type fault struct {
	err  error
	path []string
}

func (f *fault) at(step string) *fault {
	f.path = append(f.path, step)
	return f
}

// error returns the error with its path from a value of the type.
func (f *fault) error(root reflect.Type) error {
	slices.Reverse(f.path)
	return fmt.Errorf("%s: %w", pathFrom(root, f.path), f.err)
}

// pathFrom returns the text of a path, and omits the middle of a long one.
func pathFrom(root reflect.Type, steps []string) string {
	const shown, last = 12, 4
	name := shortName(root.String())
	if len(steps) > shown {
		return name + strings.Join(steps[:shown-last], "") + "…" + strings.Join(steps[len(steps)-last:], "")
	}
	return name + strings.Join(steps, "")
}

// checkType returns why no value of a static type can be part of a state, or nil. Funcs are checked in values, since
// they may be nil.
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
		if isPersistent(t) {
			if refers(t) {
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

// visitor walks a value, visiting shared parts once, to find out whether it is fit: it holds no cycle, func, channel
// or unsafe pointer and, unless sharing is allowed, no mutable memory that can be reached in two ways.
type visitor struct {
	sharing bool
	late    bool // repeated visits may be detected at the end, since the type has no cycles
	visits  []visit
	index   map[visitKey]int // of the visits; built when there are many
}

// visit is a pointer, slice or map that was followed.
type visit struct {
	visitKey
	extent uintptr // mutable bytes that can be reached through it; for a slice, including spare capacity
	size   int     // the pointers, slices and maps inside, including itself, counted once per reference
	open   bool    // the walk is inside
}

type visitKey struct {
	start unsafe.Pointer
	len   int // for slices
	plan  *plan
}

const (
	fewVisits  = 8  // maximum number of visits that are compared one by one
	manyVisits = 64 // number from which no visit is repeated in any case
)

var visitors = sync.Pool{New: func() any { return new(visitor) }}

// fit reports whether the value at v passes a check.
func (p *plan) fit(v unsafe.Pointer, sharing bool) bool {
	if p.op == opInterface {
		if i := (*iface)(v); i.tab == nil {
			return true
		} else if d, _ := p.dynamicOf(i); d.bare {
			return true
		}
	}
	look := visitors.Get().(*visitor)
	look.sharing, look.late = sharing, !sharing && !p.risky
	_, ok := look.walk(p, v, 0)
	ok = ok && (sharing || !overlapping(look.visits))
	clear(look.visits) // The pool keeps nothing alive.
	look.visits, look.index = look.visits[:0], nil
	visitors.Put(look)
	return ok
}

// walk returns the size of the value at v, as in visit.size, and whether it is fit.
func (l *visitor) walk(p *plan, v unsafe.Pointer, depth int) (size int, ok bool) {
	if p.bare {
		return 0, true
	}
	if depth > maxDepth {
		return 0, false
	}
	switch p.op {
	case opStruct:
		for i := range p.fields {
			f := &p.fields[i]
			n, ok := l.walk(f.plan, unsafe.Add(v, f.offset), depth)
			if size += n; !ok || l.endless(size) {
				return 0, false
			}
		}
	case opArray:
		return l.walkAll(p.elem, v, p.count, depth)
	case opPointer, opSlice, opMap:
		return l.follow(p, v, depth)
	case opInterface:
		if i := (*iface)(v); i.tab != nil {
			d, at := p.dynamicOf(i)
			return l.walk(d, at, depth+1)
		}
	case opFunc:
		return 0, *(*unsafe.Pointer)(v) == nil
	case opForeign:
		return 0, false
	}
	return size, true
}

func (l *visitor) walkAll(p *plan, v unsafe.Pointer, n, depth int) (size int, ok bool) {
	for i := range n {
		m, ok := l.walk(p, unsafe.Add(v, uintptr(i)*p.size), depth)
		if size += m; !ok || l.endless(size) {
			return 0, false
		}
	}
	return size, true
}

// follow walks the target of the pointer, slice or map at v, unless it was walked before.
func (l *visitor) follow(p *plan, v unsafe.Pointer, depth int) (size int, ok bool) {
	key, extent := p.reference(v)
	if extent == 0 {
		return 0, true
	}
	if !l.late || len(l.visits) >= manyVisits {
		if n, known := l.find(key); known {
			seen := &l.visits[n]
			return seen.size, l.sharing && !seen.open
		}
	}
	place := len(l.visits)
	l.visits = append(l.visits, visit{visitKey: key, extent: extent, open: true})
	if l.index != nil {
		l.index[key] = place
	}
	switch p.op {
	case opPointer:
		size, ok = l.walk(p.elem, key.start, depth+1)
	case opSlice:
		size, ok = 0, true
		if !p.elem.bare {
			size, ok = l.walkAll(p.elem, key.start, key.len, depth+1)
		}
	default:
		size, ok = l.walkMap(p, key.start, depth+1)
	}
	seen := &l.visits[place]
	seen.size, seen.open = size+1, false
	return seen.size, ok && !l.endless(seen.size)
}

// endless reports whether walking shared parts once per reference would take too long.
func (l *visitor) endless(size int) bool { return size-len(l.visits) > maxUnfolded }

// reference returns the target of the pointer, slice or map at v, and how many bytes can be changed there: 0 for nil,
// and for targets without bytes. For a map, whose parts have no address, it is one byte.
func (p *plan) reference(v unsafe.Pointer) (key visitKey, extent uintptr) {
	switch p.op {
	case opSlice:
		s := (*slice)(v)
		return visitKey{s.data, s.len, p}, uintptr(s.cap) * p.elem.size
	case opMap:
		extent = 1
	default:
		extent = p.elem.size
	}
	to := *(*unsafe.Pointer)(v)
	if to == nil {
		return visitKey{}, 0
	}
	return visitKey{to, 0, p}, extent
}

func (l *visitor) walkMap(p *plan, m unsafe.Pointer, depth int) (size int, ok bool) {
	if p.key.bare && p.elem.bare {
		return 0, true
	}
	ok = true
	p.maps.each(p, m, func(k, v unsafe.Pointer) {
		if !ok {
			return
		}
		m, fit := l.walk(p.key, k, depth)
		n, fits := l.walk(p.elem, v, depth)
		size += m + n
		ok = fit && fits && !l.endless(size)
	})
	return size, ok
}

func (l *visitor) find(key visitKey) (place int, known bool) {
	if l.index == nil && len(l.visits) > fewVisits {
		l.index = make(map[visitKey]int, 4*fewVisits)
		for i := range l.visits {
			l.index[l.visits[i].visitKey] = i
		}
	}
	if l.index != nil {
		place, known = l.index[key]
		return place, known
	}
	for i := range l.visits {
		if l.visits[i].visitKey == key {
			return i, true
		}
	}
	return 0, false
}

// overlapping sorts visits by target, and reports whether two of them share bytes.
func overlapping(visits []visit) bool {
	if len(visits) < 2 {
		return false
	}
	slices.SortFunc(visits, func(a, b visit) int { return cmp.Compare(uintptr(a.start), uintptr(b.start)) })
	end := uintptr(0)
	for i := range visits {
		start := uintptr(visits[i].start)
		if start < end {
			return true
		}
		end = start + visits[i].extent
	}
	return false
}
