package jsonwire

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"synod/internal/strictjson"
)

// writer appends values.
type writer struct {
	dst   []byte
	depth int
	err   error
}

// slice is the runtime layout of a slice.
type slice struct {
	data     unsafe.Pointer
	len, cap int
}

var (
	errDeep = fmt.Errorf("a value nested deeper than %d levels, or one that contains itself", strictjson.MaxDepth)
	errUTF8 = errors.New("a string that is not UTF-8")
)

// enter increases the nesting depth, and reports whether it is within the limit.
func (w *writer) enter() bool {
	if w.depth++; w.depth > strictjson.MaxDepth && w.err == nil {
		w.err = errDeep
	}
	return w.err == nil
}

func (w *writer) value(p *plan, v unsafe.Pointer) {
	switch p.kind {
	case boolean:
		w.dst = strconv.AppendBool(w.dst, *(*bool)(v))
	case signed:
		w.dst = strconv.AppendInt(w.dst, loadInt(p.bits, v), 10)
	case unsigned:
		w.dst = strconv.AppendUint(w.dst, loadUint(p.bits, v), 10)
	case text:
		w.text(*(*string)(v))
	case list:
		s := (*slice)(v)
		w.elements(p.elem, s.data, s.len)
	case array:
		w.elements(p.elem, v, p.length)
	case table:
		w.table(p, v)
	case constantList:
		if to := *(*unsafe.Pointer)(v); to != nil {
			w.value(p.elem, to)
			return
		}
		w.dst = append(w.dst, "[]"...)
	case constantTable:
		w.constantTable(p, v)
	case object:
		w.object(p, v)
	case reference:
		to := *(*unsafe.Pointer)(v)
		if to == nil {
			w.dst = append(w.dst, "null"...)
			return
		}
		if w.enter() {
			w.value(p.elem, to)
		}
		w.depth--
	case sum:
		inner := reflect.NewAt(p.of, v).Elem()
		if inner.IsNil() {
			w.dst = append(w.dst, "null"...)
			return
		}
		w.union(p, inner.Interface())
	}
}

func (w *writer) text(s string) {
	if !utf8.ValidString(s) && w.err == nil {
		w.err = errUTF8
	}
	w.dst = appendText(w.dst, s)
}

func (w *writer) elements(p *plan, data unsafe.Pointer, n int) {
	w.dst = append(w.dst, '[')
	if w.enter() {
		for i := range n {
			if i > 0 {
				w.dst = append(w.dst, ',')
			}
			w.value(p, unsafe.Add(data, uintptr(i)*p.size))
		}
	}
	w.depth--
	w.dst = append(w.dst, ']')
}

func (w *writer) object(p *plan, v unsafe.Pointer) {
	w.dst = append(w.dst, '{')
	if w.enter() {
		for i := range p.fields {
			f := &p.fields[i]
			w.dst = append(w.dst, f.head...)
			w.value(f.plan, unsafe.Add(v, f.offset))
		}
	}
	w.depth--
	w.dst = append(w.dst, '}')
}

// union writes a value that an interface holds.
func (w *writer) union(p *plan, a any) {
	f := (*face)(unsafe.Pointer(&a))
	at, known := p.byType[f.kind]
	if !known {
		if w.err == nil {
			w.err = fmt.Errorf("%T is not a message type of this codec", a)
		}
		return
	}
	c := &p.cases[at]
	v := f.data
	if c.direct {
		v = unsafe.Pointer(&f.data)
	}
	w.dst = append(w.dst, c.head...)
	if w.enter() {
		w.value(c.plan, v)
	}
	w.depth--
	w.dst = append(w.dst, '}')
}

// table writes a map in ascending order of its keys.
func (w *writer) table(p *plan, v unsafe.Pointer) {
	m := reflect.NewAt(p.of, v).Elem()
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		switch p.key.kind {
		case signed:
			return cmp.Compare(a.Int(), b.Int())
		case unsigned:
			return cmp.Compare(a.Uint(), b.Uint())
		default:
			return cmp.Compare(a.String(), b.String())
		}
	})
	w.dst = append(w.dst, '{')
	if w.enter() {
		elem := reflect.New(p.elem.of)
		for i, k := range keys {
			if i > 0 {
				w.dst = append(w.dst, ',')
			}
			switch p.key.kind {
			case signed:
				w.dst = append(strconv.AppendInt(append(w.dst, '"'), k.Int(), 10), '"')
			case unsigned:
				w.dst = append(strconv.AppendUint(append(w.dst, '"'), k.Uint(), 10), '"')
			default:
				w.text(k.String())
			}
			w.dst = append(w.dst, ':')
			elem.Elem().Set(m.MapIndex(k))
			w.value(p.elem, elem.UnsafePointer())
		}
	}
	w.depth--
	w.dst = append(w.dst, '}')
}

// constantTable writes an immutable map, which iterates in ascending order of its keys.
func (w *writer) constantTable(p *plan, v unsafe.Pointer) {
	w.dst = append(w.dst, '{')
	if w.enter() {
		first := true
		m := reflect.NewAt(p.of, v).Elem().Interface().(interface {
			Entries(show func(key, value any))
		})
		m.Entries(func(key, value any) {
			if !first {
				w.dst = append(w.dst, ',')
			}
			first = false
			k := loadUint(p.key.bits, (*face)(unsafe.Pointer(&key)).data)
			w.dst = append(strconv.AppendUint(append(w.dst, '"'), k, 10), '"', ':')
			w.value(p.elem, (*face)(unsafe.Pointer(&value)).data)
		})
	}
	w.depth--
	w.dst = append(w.dst, '}')
}

func loadInt(bits int, v unsafe.Pointer) int64 {
	switch bits {
	case 8:
		return int64(*(*int8)(v))
	case 16:
		return int64(*(*int16)(v))
	case 32:
		return int64(*(*int32)(v))
	}
	return *(*int64)(v)
}

func loadUint(bits int, v unsafe.Pointer) uint64 {
	switch bits {
	case 8:
		return uint64(*(*uint8)(v))
	case 16:
		return uint64(*(*uint16)(v))
	case 32:
		return uint64(*(*uint32)(v))
	}
	return *(*uint64)(v)
}

// appendText appends a string. Only quotes, backslashes and control characters are escaped.
func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		quoted := strictjson.AppendChar(nil, rune(c))
		dst = append(dst, quoted[1:len(quoted)-1]...)
		start = i + 1
	}
	return append(append(dst, s[start:]...), '"')
}
