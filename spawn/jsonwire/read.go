package jsonwire

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"unsafe"

	"synod/internal/strictjson"
)

// read reads a value into memory that holds the zero value of its type.
func read(r *strictjson.Reader, p *plan, v unsafe.Pointer) {
	switch p.kind {
	case boolean:
		*(*bool)(v) = r.Bool()
	case signed:
		storeInt(p.bits, v, r.Int64(p.bits))
	case unsigned:
		storeUint(r, p.bits, v, r.Uint64())
	case text:
		*(*string)(v) = string(r.Text())
	case list:
		readList(r, p, v)
	case array:
		n := 0
		r.Elements(func() {
			if n == p.length {
				r.Fail("an array of " + strconv.Itoa(p.length))
				return
			}
			read(r, p.elem, unsafe.Add(v, uintptr(n)*p.elem.size))
			n++
		})
		if n < p.length {
			r.Fail("an array of " + strconv.Itoa(p.length))
		}
	case table:
		readTable(r, p, v)
	case constantList:
		items := reflect.New(p.elem.of)
		if readList(r, p.elem, items.UnsafePointer()); items.Elem().Len() > 0 {
			*(*unsafe.Pointer)(v) = items.UnsafePointer()
		}
	case constantTable:
		readConstantTable(r, p, v)
	case object:
		readObject(r, p, v)
	case reference:
		if r.Null() || r.Failed() {
			return
		}
		to := reflect.New(p.elem.of)
		r.Within(func() { read(r, p.elem, to.UnsafePointer()) })
		*(*unsafe.Pointer)(v) = to.UnsafePointer()
	case sum:
		if r.Null() || r.Failed() {
			return
		}
		if a := readUnion(r, p); a != nil {
			reflect.NewAt(p.of, v).Elem().Set(reflect.ValueOf(a))
		}
	}
}

// readUnion reads a value of an interface; nil after an error.
func readUnion(r *strictjson.Reader, p *plan) (a any) {
	r.Tagged(func(tag []byte) {
		at, known := p.byName[string(tag)]
		if !known {
			var tags []string
			for _, c := range p.cases {
				tags = append(tags, c.tag)
			}
			r.Fail("one of " + strings.Join(tags, ", "))
			return
		}
		c := &p.cases[at]
		v := reflect.New(c.of).UnsafePointer()
		read(r, c.plan, v)
		f := (*face)(unsafe.Pointer(&a))
		if c.direct {
			v = *(*unsafe.Pointer)(v)
		}
		f.kind, f.data = c.word, v
	})
	if r.Failed() {
		return nil
	}
	return a
}

func readList(r *strictjson.Reader, p *plan, v unsafe.Pointer) {
	s := (*slice)(v)
	r.Elements(func() {
		if s.len == s.cap {
			wider := max(4, 2*s.cap)
			grown := reflect.MakeSlice(p.of, wider, wider)
			if s.len > 0 {
				reflect.Copy(grown, reflect.NewAt(p.of, v).Elem())
			}
			s.data, s.cap = grown.UnsafePointer(), wider
		}
		read(r, p.elem, unsafe.Add(s.data, uintptr(s.len)*p.elem.size))
		s.len++
	})
}

func readObject(r *strictjson.Reader, p *plan, v unsafe.Pointer) {
	var seen uint64
	next := 0 // the expected index of the next field
	r.Fields(func(name []byte) bool {
		for range p.fields {
			f := &p.fields[next]
			if f.name != string(name) {
				next = (next + 1) % len(p.fields)
				continue
			}
			if seen&(1<<next) != 0 {
				r.Fail("each field once")
				return true
			}
			seen |= 1 << next
			at := next
			next = (next + 1) % len(p.fields)
			read(r, p.fields[at].plan, unsafe.Add(v, f.offset))
			return true
		}
		r.Fail("no field " + strconv.Quote(string(name)))
		return true
	})
	for i := range p.fields {
		if seen&(1<<i) == 0 {
			r.Fail("the field " + strconv.Quote(p.fields[i].name))
			return
		}
	}
}

func readTable(r *strictjson.Reader, p *plan, v unsafe.Pointer) {
	m := reflect.NewAt(p.of, v).Elem()
	r.Fields(func(name []byte) bool {
		if m.IsNil() {
			m.Set(reflect.MakeMap(p.of))
		}
		key := reflect.New(p.key.of).Elem()
		if !readKey(r, p.key, key, string(name)) {
			return true
		}
		if m.MapIndex(key).IsValid() {
			r.Fail("each key once")
			return true
		}
		elem := reflect.New(p.elem.of)
		read(r, p.elem, elem.UnsafePointer())
		m.SetMapIndex(key, elem.Elem())
		return true
	})
}

// readKey parses a key, and reports whether it is valid.
func readKey(r *strictjson.Reader, p *plan, key reflect.Value, name string) bool {
	switch p.kind {
	case signed:
		n, err := strconv.ParseInt(name, 10, p.bits)
		if err != nil || strconv.FormatInt(n, 10) != name {
			r.Fail("a key that is a whole number")
			return false
		}
		key.SetInt(n)
	case unsigned:
		n, err := strconv.ParseUint(name, 10, p.bits)
		if err != nil || strconv.FormatUint(n, 10) != name {
			r.Fail("a key that is a whole number")
			return false
		}
		key.SetUint(n)
	default:
		key.SetString(name)
	}
	return true
}

// readConstantTable reads an immutable map: each insertion returns a new one.
func readConstantTable(r *strictjson.Reader, p *plan, v unsafe.Pointer) {
	m := reflect.NewAt(p.of, v).Elem()
	of := m // the map itself: m, or the field of m from which its methods are promoted
	for {
		with := of.MethodByName("With")
		if with.Type().Out(0) == of.Type() {
			break
		}
		of = of.Field(0)
	}
	r.Fields(func(name []byte) bool {
		key := reflect.New(p.key.of).Elem()
		if !readKey(r, p.key, key, string(name)) {
			return true
		}
		if of.MethodByName("Get").Call([]reflect.Value{key})[1].Bool() {
			r.Fail("each key once")
			return true
		}
		elem := reflect.New(p.elem.of)
		read(r, p.elem, elem.UnsafePointer())
		of.Set(of.MethodByName("With").Call([]reflect.Value{key, elem.Elem()})[0])
		return true
	})
}

func storeInt(bits int, v unsafe.Pointer, n int64) {
	switch bits {
	case 8:
		*(*int8)(v) = int8(n)
	case 16:
		*(*int16)(v) = int16(n)
	case 32:
		*(*int32)(v) = int32(n)
	default:
		*(*int64)(v) = n
	}
}

func storeUint(r *strictjson.Reader, bits int, v unsafe.Pointer, n uint64) {
	if bits < 64 && n > math.MaxUint64>>(64-bits) {
		r.Fail("a whole number below 2^" + strconv.Itoa(bits))
		return
	}
	switch bits {
	case 8:
		*(*uint8)(v) = uint8(n)
	case 16:
		*(*uint16)(v) = uint16(n)
	case 32:
		*(*uint32)(v) = uint32(n)
	default:
		*(*uint64)(v) = n
	}
}
