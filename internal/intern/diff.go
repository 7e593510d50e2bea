package intern

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unsafe"
)

// differ collects changes.
type differ struct {
	changes []Change
}

func (p *plan) changes(a, b unsafe.Pointer) []Change {
	var d differ
	d.walk(p, "", a, b)
	slices.SortStableFunc(d.changes, func(x, y Change) int { return natural(x.Path, y.Path) })
	return d.changes
}

// walk descends as long as both values have the same parts, and records the differences.
func (d *differ) walk(p *plan, path string, a, b unsafe.Pointer) {
	if p.equal(a, b) {
		return
	}
	switch p.op {
	case opStruct:
		for _, f := range p.fields {
			d.walk(f.plan, join(path, f.name), unsafe.Add(a, f.offset), unsafe.Add(b, f.offset))
		}
		return
	case opPointer:
		x, y := *(*unsafe.Pointer)(a), *(*unsafe.Pointer)(b)
		if x != nil && y != nil {
			d.walk(p.elem, path, x, y)
			return
		}
	case opSlice:
		x, y := (*slice)(a), (*slice)(b)
		if x.data != nil && y.data != nil && p.elem.kind != reflect.Uint8 {
			d.walkAll(p.elem, path, *x, *y)
			return
		}
	case opArray:
		d.walkAll(p.elem, path, slice{a, p.count, p.count}, slice{b, p.count, p.count})
		return
	case opMap:
		x, y := p.mapAt(a), p.mapAt(b)
		if x != nil && y != nil {
			d.walkEntries(p, path, p.entries(x), p.entries(y))
			return
		}
	case opInterface:
		x, y := (*iface)(a), (*iface)(b)
		if x.tab == nil || y.tab == nil {
			break
		}
		dx, atX := p.dynamicOf(x)
		dy, atY := p.dynamicOf(y)
		if dx == dy {
			d.walk(dx, path, atX, atY)
			return
		}
	}
	d.changed(p, path, a, b)
}

func (d *differ) walkAll(elem *plan, path string, a, b slice) {
	for i := range max(a.len, b.len) {
		at, offset := path+"["+strconv.Itoa(i)+"]", uintptr(i)*elem.size
		switch {
		case i >= a.len:
			d.changed(elem, at, nil, unsafe.Add(b.data, offset))
		case i >= b.len:
			d.changed(elem, at, unsafe.Add(a.data, offset), nil)
		default:
			d.walk(elem, at, unsafe.Add(a.data, offset), unsafe.Add(b.data, offset))
		}
	}
}

// walkEntries merges the entries of two maps. Keys that occur more than once (NaN) are paired in order.
func (d *differ) walkEntries(p *plan, path string, a, b []entry) {
	for len(a) > 0 || len(b) > 0 {
		side := 0
		switch {
		case len(a) == 0:
			side = 1
		case len(b) == 0:
			side = -1
		default:
			side = natural(a[0].name, b[0].name)
		}
		switch {
		case side < 0:
			d.changed(p.elem, path+"["+a[0].name+"]", a[0].value, nil)
			a = a[1:]
		case side > 0:
			d.changed(p.elem, path+"["+b[0].name+"]", nil, b[0].value)
			b = b[1:]
		default:
			d.walk(p.elem, path+"["+a[0].name+"]", a[0].value, b[0].value)
			a, b = a[1:], b[1:]
		}
	}
}

// changed records that two values differ as a whole; nil is a missing value.
func (d *differ) changed(p *plan, path string, a, b unsafe.Pointer) {
	c := Change{Path: path, Old: p.shown(a), New: p.shown(b)}
	if c.Old == c.New {
		c.Old, c.New = string(p.encode(nil, a)), string(p.encode(nil, b))
	}
	d.changes = append(d.changes, c)
}

// shown returns the text of a value, which is empty only for a missing value.
func (p *plan) shown(v unsafe.Pointer) string {
	if v == nil {
		return ""
	}
	if s := p.text(nil, v); len(s) > 0 {
		return string(s)
	}
	return string(p.encode(nil, v))
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// natural compares strings in which runs of digits count by their value, so that x[2] comes before x[10]. It returns
// 0 only for equal strings.
func natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		m, n := digits(x), digits(y)
		if m == 0 || n == 0 {
			if x[0] != y[0] {
				return cmp.Compare(x[0], y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		u, v := strings.TrimLeft(x[:m], "0"), strings.TrimLeft(y[:n], "0")
		if c := cmp.Or(cmp.Compare(len(u), len(v)), cmp.Compare(u, v)); c != 0 {
			return c
		}
		x, y = x[m:], y[n:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

// digits returns the number of digits at the start of a string.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
