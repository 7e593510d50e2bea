package intern

import (
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// op selects how a plan is followed.
type op uint8

const (
	opScalar op = iota // booleans and numbers: nothing but their bytes
	opString
	opPointer
	opSlice
	opArray
	opStruct
	opMap
	opInterface
	opTime
	opFunc
	opForeign // channels and unsafe pointers, which are not valid in a state
)

// plan holds the facts about a type that are needed to walk its values. It is immutable once published, except for
// its two caches.
type plan struct {
	typ  reflect.Type
	kind reflect.Kind
	op   op
	size uintptr // bytes

	mem        bool // a value is exactly its bytes: no padding, references or blank fields
	flat       bool // Go's == is exact
	pointers   bool // the memory of a value holds pointers
	owns       bool // a deep copy must replace something
	risky      bool // a value may hold a cycle, or something that is not valid in a state
	shares     bool // a value may hold two references to mutable memory
	bare       bool // a value holds no reference to mutable memory, and is not risky
	outside    bool // a value holds memory outside its own
	direct     bool // an interface holds the value itself rather than a pointer to it
	persistent bool // for a map or a pointer to a slice: its target never changes, and may be shared
	stringer   bool // String is declared for the type, not promoted from a field

	elem   *plan // for pointers, slices, arrays and maps
	key    *plan // for maps
	count  int   // for arrays
	fields []field
	runs   []run
	maps   mapOps

	typeHash uint64 // of the type's name
	dynamic  atomic.Pointer[dynamicPlans]
	label    atomic.Pointer[string]
}

// field is a field that is not blank.
type field struct {
	name     string
	offset   uintptr
	plan     *plan
	embedded bool
}

// run is either a stretch of plain memory (plan is nil), possibly of several fields, or a field with its own plan.
type run struct {
	offset uintptr
	size   uintptr
	plan   *plan
}

var (
	plans       sync.Map   // reflect.Type to *plan
	compileLock sync.Mutex // makes plans unique, and publishes only finished ones

	timeType     = reflect.TypeFor[time.Time]()
	stringerType = reflect.TypeFor[fmt.Stringer]()
)

// planOf returns the unique plan of a type.
func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	compileLock.Lock()
	defer compileLock.Unlock()
	c := compiler{fresh: map[reflect.Type]*plan{}}
	p := c.plan(t)
	for _, q := range c.fresh {
		q.finish()
	}
	for t, q := range c.fresh {
		plans.Store(t, q)
	}
	return p
}

type compiler struct {
	fresh map[reflect.Type]*plan
}

// plan compiles a type and its parts. A recursive type always contains itself through a reference, whose own flags do
// not depend on its target, so that an unfinished plan is only ever pointed at.
func (c *compiler) plan(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	if p, ok := c.fresh[t]; ok {
		return p
	}
	p := &plan{typ: t, kind: t.Kind(), size: t.Size(), typeHash: hashString(t.PkgPath()+" "+t.String(), seed)}
	c.fresh[t] = p
	switch p.kind {
	case reflect.String:
		p.op, p.flat, p.pointers, p.outside = opString, true, true, true
	case reflect.Pointer:
		p.refers(opPointer)
		p.elem = c.plan(t.Elem())
	case reflect.Slice:
		p.refers(opSlice)
		p.elem = c.plan(t.Elem())
	case reflect.Map:
		p.refers(opMap)
		p.key, p.elem = c.plan(t.Key()), c.plan(t.Elem())
	case reflect.Interface:
		p.refers(opInterface)
	case reflect.Func:
		p.op, p.pointers = opFunc, true
	case reflect.Chan, reflect.UnsafePointer:
		p.op, p.pointers = opForeign, true
	case reflect.Array:
		p.op, p.elem, p.count = opArray, c.plan(t.Elem()), t.Len()
		p.mem, p.flat = p.elem.mem, p.elem.flat
		p.pointers = p.elem.pointers && p.count > 0
		p.owns, p.outside = p.elem.owns && p.count > 0, p.elem.outside && p.count > 0
	case reflect.Struct:
		if t.ConvertibleTo(timeType) {
			p.op, p.pointers, p.owns = opTime, true, true
			break
		}
		if elem, ok := PersistentList(t); ok {
			p.op, p.persistent, p.pointers, p.outside = opPointer, true, true, true
			p.elem = c.plan(reflect.SliceOf(elem))
			break
		}
		if key, value, ok := PersistentMap(t); ok {
			p.op, p.persistent, p.pointers, p.outside = opMap, true, true, true
			p.key, p.elem = c.plan(key), c.plan(value)
			break
		}
		c.structure(p)
	default:
		p.op, p.mem = opScalar, true
		p.flat = p.kind < reflect.Float32 || p.kind > reflect.Complex128
	}
	return p
}

func (p *plan) refers(o op) {
	p.op, p.pointers, p.owns, p.outside = o, true, true, true
}

func (c *compiler) structure(p *plan) {
	p.op, p.mem, p.flat = opStruct, true, p.typ.Comparable()
	end := uintptr(0)
	for i := range p.typ.NumField() {
		f := p.typ.Field(i)
		q := c.plan(f.Type)
		p.pointers = p.pointers || q.pointers
		if f.Name == "_" {
			p.mem = false
			continue
		}
		p.mem = p.mem && q.mem && f.Offset == end
		end = f.Offset + q.size
		p.flat = p.flat && q.flat
		p.owns, p.outside = p.owns || q.owns, p.outside || q.outside
		p.fields = append(p.fields, field{f.Name, f.Offset, q, f.Anonymous})
		p.addRun(f.Offset, q)
	}
	p.mem = p.mem && end == p.size
}

// addRun adds a field, and joins neighbouring stretches of plain memory, so that they are compared and hashed
// together.
func (p *plan) addRun(offset uintptr, q *plan) {
	if !q.mem {
		p.runs = append(p.runs, run{offset, q.size, q})
		return
	}
	if n := len(p.runs); n > 0 {
		if last := &p.runs[n-1]; last.plan == nil && last.offset+last.size == offset {
			last.size += q.size
			return
		}
	}
	p.runs = append(p.runs, run{offset, q.size, nil})
}

// finish computes what depends on finished plans of other types.
func (p *plan) finish() {
	p.risky = risky(p.typ, map[reflect.Type]bool{})
	if !p.risky {
		n := references(p.typ)
		p.bare, p.shares = n == 0, n > 1
	}
	p.direct = direct(p.typ)
	p.stringer = declaresString(p.typ)
	if p.op == opMap {
		p.maps = mapOpsFor(p)
	}
}

// risky reports whether a value of the type can hold a func, a channel, an unsafe pointer, an interface, or a cycle.
func risky(t reflect.Type, open map[reflect.Type]bool) bool {
	done, seen := open[t]
	if seen {
		return !done // visited again while open: the type is recursive
	}
	open[t] = false
	r := false
	switch t.Kind() {
	case reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		r = true
	case reflect.Pointer, reflect.Slice, reflect.Array:
		r = risky(t.Elem(), open)
	case reflect.Map:
		r = risky(t.Key(), open) || risky(t.Elem(), open)
	case reflect.Struct:
		if isPersistent(t) {
			break
		}
		for i := 0; i < t.NumField() && !r && !t.ConvertibleTo(timeType); i++ {
			r = t.Field(i).Name != "_" && risky(t.Field(i).Type, open)
		}
	}
	open[t] = true
	return r
}

// references counts the references to mutable memory in a value of a type that is not risky; 2 means two or more.
func references(t reflect.Type) int {
	inside := func(t reflect.Type, times int) int { return min(2, times*references(t)) }
	switch t.Kind() {
	case reflect.Pointer:
		return min(2, 1+inside(t.Elem(), 1))
	case reflect.Slice:
		return min(2, 1+inside(t.Elem(), 2))
	case reflect.Map:
		return min(2, 1+inside(t.Key(), 2)+inside(t.Elem(), 2))
	case reflect.Array:
		return inside(t.Elem(), t.Len())
	case reflect.Struct:
		if isPersistent(t) {
			return 0
		}
		n := 0
		for i := 0; i < t.NumField() && n < 2 && !t.ConvertibleTo(timeType); i++ {
			if f := t.Field(i); f.Name != "_" {
				n += references(f.Type)
			}
		}
		return min(2, n)
	}
	return 0
}

// direct determines by experiment whether an interface holds a value of the type itself in its second word.
func direct(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return true
	case reflect.Struct, reflect.Array:
	default:
		return false
	}
	if t.Size() != unsafe.Sizeof(uintptr(0)) {
		return false
	}
	mark := unsafe.Pointer(new(uint64))
	v := reflect.New(t)
	*(*unsafe.Pointer)(v.UnsafePointer()) = mark
	boxed := v.Elem().Interface()
	return (*iface)(unsafe.Pointer(&boxed)).data == mark
}

// iface is the memory layout of an interface. The first word determines the dynamic type, given the static one.
type iface struct {
	tab, data unsafe.Pointer
}

// dynamicOf returns the plan of the dynamic type of the interface at i, which is not nil, and the address of its
// value.
func (p *plan) dynamicOf(i *iface) (*plan, unsafe.Pointer) {
	var d *plan
	if known := p.dynamic.Load(); known != nil {
		d = known.find(i.tab)
	}
	if d == nil {
		d = p.learn(i)
	}
	if d.direct {
		return d, unsafe.Pointer(&i.data)
	}
	return d, i.data
}

// learn stores the plan of a dynamic type under the first word of the interface.
func (p *plan) learn(i *iface) *plan {
	d := planOf(reflect.NewAt(p.typ, unsafe.Pointer(i)).Elem().Elem().Type())
	for {
		old := p.dynamic.Load()
		if p.dynamic.CompareAndSwap(old, old.with(i.tab, d)) {
			return d
		}
	}
}

// dynamicPlans maps the first word of an interface to the plan of the dynamic type: a few in a list, which is faster,
// and all in a map.
type dynamicPlans struct {
	few [fewDynamics]struct {
		tab  unsafe.Pointer
		plan *plan
	}
	all map[unsafe.Pointer]*plan
}

const fewDynamics = 8

func (d *dynamicPlans) find(tab unsafe.Pointer) *plan {
	for i := range d.few {
		if d.few[i].tab == tab {
			return d.few[i].plan
		}
	}
	if len(d.all) <= fewDynamics {
		return nil
	}
	return d.all[tab]
}

// with returns a copy of d with one more plan; d may be nil.
func (d *dynamicPlans) with(tab unsafe.Pointer, p *plan) *dynamicPlans {
	grown := &dynamicPlans{all: map[unsafe.Pointer]*plan{tab: p}}
	if d != nil {
		grown.few = d.few
		for tab, q := range d.all {
			grown.all[tab] = q
		}
	}
	if n := len(grown.all); n <= fewDynamics && grown.few[n-1].tab == nil {
		grown.few[n-1].tab, grown.few[n-1].plan = tab, p
	}
	return grown
}
