package intern

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"unsafe"
)

// explain returns why a value did not pass a check: the first fault in an order that depends only on the value, and
// so not on the iteration order of maps.
func (p *plan) explain(root reflect.Type, v unsafe.Pointer, sharing bool) error {
	t := teller{root: root, sharing: sharing, index: map[visitKey]int{}}
	size, err := t.walk(p, v, nil, 0)
	switch {
	case err != nil:
		return err
	case !sharing:
		return t.overlap()
	case size-len(t.visits) > maxUnfolded:
		return t.fault(nil, errUnfolded)
	}
	return nil
}

// teller does the work of a visitor, slowly, and records paths.
type teller struct {
	root    reflect.Type
	sharing bool
	visits  []visit
	ways    []*way // per visit
	index   map[visitKey]int
}

// way is a step from a value to a part, and the way to that value.
type way struct {
	before *way
	step   string
}

func (w *way) and(step string) *way { return &way{w, step} }

// path returns the text of the path of a way.
func (t *teller) path(w *way) string {
	var steps []string
	for ; w != nil; w = w.before {
		steps = append(steps, w.step)
	}
	slices.Reverse(steps)
	return pathFrom(t.root, steps)
}

func (t *teller) fault(w *way, err error) error { return fmt.Errorf("%s: %w", t.path(w), err) }

func (t *teller) walk(p *plan, v unsafe.Pointer, w *way, depth int) (size int, err error) {
	if p.bare {
		return 0, nil
	}
	if depth > maxDepth {
		return 0, t.fault(w, errDepth)
	}
	switch p.op {
	case opStruct:
		for i := range p.fields {
			f := &p.fields[i]
			n, err := t.walk(f.plan, unsafe.Add(v, f.offset), w.and("."+f.name), depth)
			if size += n; err != nil {
				return 0, err
			}
		}
	case opArray:
		return t.walkAll(p.elem, v, p.count, w, depth)
	case opPointer, opSlice, opMap:
		return t.follow(p, v, w, depth)
	case opInterface:
		if i := (*iface)(v); i.tab != nil {
			d, at := p.dynamicOf(i)
			return t.walk(d, at, w, depth+1)
		}
	case opFunc:
		if *(*unsafe.Pointer)(v) != nil {
			return 0, t.fault(w, errFunc)
		}
	case opForeign:
		if p.kind == reflect.Chan {
			return 0, t.fault(w, errChannel)
		}
		return 0, t.fault(w, errPointer)
	}
	return size, nil
}

func (t *teller) walkAll(p *plan, v unsafe.Pointer, n int, w *way, depth int) (size int, err error) {
	for i := range n {
		m, err := t.walk(p, unsafe.Add(v, uintptr(i)*p.size), w.and("["+strconv.Itoa(i)+"]"), depth)
		if size += m; err != nil {
			return 0, err
		}
	}
	return size, nil
}

func (t *teller) follow(p *plan, v unsafe.Pointer, w *way, depth int) (size int, err error) {
	key, extent := p.reference(v)
	if extent == 0 {
		return 0, nil
	}
	if n, known := t.index[key]; known {
		switch {
		case t.visits[n].open:
			return 0, t.fault(w, fmt.Errorf("a cycle: this is %s again", t.path(t.ways[n])))
		case !t.sharing:
			return 0, t.shared(t.visits[n], visit{visitKey: key, extent: extent}, t.ways[n], w)
		}
		return t.visits[n].size, nil
	}
	place := len(t.visits)
	t.visits, t.ways = append(t.visits, visit{visitKey: key, extent: extent, open: true}), append(t.ways, w)
	t.index[key] = place
	switch p.op {
	case opPointer:
		size, err = t.walk(p.elem, key.start, w, depth+1)
	case opSlice:
		if !p.elem.bare {
			size, err = t.walkAll(p.elem, key.start, key.len, w, depth+1)
		}
	default:
		size, err = t.walkMap(p, key.start, w, depth+1)
	}
	if size++; err == nil && t.sharing && size-len(t.visits) > maxUnfolded {
		err = t.fault(w, errUnfolded)
	}
	t.visits[place].size, t.visits[place].open = size, false
	return size, err
}

// mapEntry is a copied entry of a map. A key that is faulty itself has no name.
type mapEntry struct {
	name       []byte
	key, value unsafe.Pointer
}

func (t *teller) walkMap(p *plan, m unsafe.Pointer, w *way, depth int) (size int, err error) {
	if p.key.bare && p.elem.bare {
		return 0, nil
	}
	var all []mapEntry
	p.maps.each(p, m, func(k, v unsafe.Pointer) {
		e := mapEntry{key: p.key.held(k), value: p.elem.held(v)}
		if p.key.bare || p.key.fit(e.key, true) {
			e.name = p.key.encode(nil, e.key)
		}
		all = append(all, e)
	})
	slices.SortStableFunc(all, func(a, b mapEntry) int {
		return cmp.Or(cmp.Compare(min(len(a.name), 1), min(len(b.name), 1)), bytes.Compare(a.name, b.name))
	})
	for _, e := range all {
		n, err := t.walk(p.key, e.key, w.and("[key]"), depth)
		if size += n; err != nil {
			return 0, err
		}
		n, err = t.walk(p.elem, e.value, w.and("["+string(e.name)+"]"), depth)
		if size += n; err != nil {
			return 0, err
		}
	}
	return size, nil
}

// held returns a shallow copy of the value at v.
func (p *plan) held(v unsafe.Pointer) unsafe.Pointer {
	to := reflect.New(p.typ)
	to.Elem().Set(reflect.NewAt(p.typ, v).Elem())
	return to.UnsafePointer()
}

// overlap finds two visits that share bytes but start at different addresses. It selects the earliest such visits.
func (t *teller) overlap() error {
	order := make([]int, len(t.visits))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(uintptr(t.visits[a].start), uintptr(t.visits[b].start))
	})
	first, second := -1, -1
	last := -1 // the previous visit that reaches farthest
	for _, i := range order {
		if last >= 0 && uintptr(t.visits[i].start) < t.visits[last].end() {
			if a, b := min(last, i), max(last, i); second < 0 || b < second {
				first, second = a, b
			}
		}
		if last < 0 || t.visits[i].end() > t.visits[last].end() {
			last = i
		}
	}
	if second < 0 {
		return nil
	}
	return t.shared(t.visits[first], t.visits[second], t.ways[first], t.ways[second])
}

func (v *visit) end() uintptr { return uintptr(v.start) + v.extent }

// shared returns an error for two visits to the same memory, with the remedy.
func (t *teller) shared(a, b visit, wayA, wayB *way) error {
	other := t.path(wayA)
	switch {
	case a.plan.op != opSlice || b.plan.op != opSlice:
		return t.fault(wayB, fmt.Errorf("shares memory with %s, but copies of them would not: "+
			"keep the value in one place, and its key or index in the other", other))
	case a.inUse(&b) || b.inUse(&a):
		return t.fault(wayB, fmt.Errorf("shares its array with %s, but copies of them would not: "+
			"let one of them be a clone", other))
	}
	return t.fault(wayB, fmt.Errorf("an append could write to the array of %s as well, but not in copies of them: "+
		"let one of them be a clone", other))
}

// inUse reports whether the first element of b, another slice, is also an element of v.
func (v *visit) inUse(b *visit) bool {
	start := uintptr(v.start)
	return b.len > 0 && uintptr(b.start) >= start && uintptr(b.start) < start+uintptr(v.len)*v.plan.elem.size
}
