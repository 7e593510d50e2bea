package intern

import (
	"cmp"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unsafe"
)

// encode appends the canonical encoding of the value at v.
func (p *plan) encode(dst []byte, v unsafe.Pointer) []byte {
	switch p.op {
	case opScalar:
		return p.encodeScalar(dst, v)
	case opString:
		return strconv.AppendQuote(dst, *(*string)(v))
	case opStruct:
		dst = append(dst, '{')
		for i := range p.fields {
			f := &p.fields[i]
			dst = append(append(separated(dst, i), f.name...), ':')
			dst = f.plan.encode(dst, unsafe.Add(v, f.offset))
		}
		return append(dst, '}')
	case opPointer:
		to := *(*unsafe.Pointer)(v)
		if to == nil {
			return append(dst, "nil"...)
		}
		return p.elem.encode(p.pointed(dst), to)
	case opSlice:
		s := (*slice)(v)
		if s.data == nil {
			return append(dst, "nil"...)
		}
		if p.elem.kind == reflect.Uint8 {
			return strconv.AppendQuote(dst, string(bytesAt(s.data, uintptr(s.len))))
		}
		return p.elem.encodeAll(dst, s.data, s.len)
	case opArray:
		return p.elem.encodeAll(dst, v, p.count)
	case opMap:
		if m := p.mapAt(v); m != nil {
			return p.encodeMap(dst, m)
		}
	case opInterface:
		if i := (*iface)(v); i.tab != nil {
			d, at := p.dynamicOf(i)
			return d.encodeDynamic(dst, at)
		}
	case opTime:
		return encodeTime(dst, (*time.Time)(v))
	default:
		if *(*unsafe.Pointer)(v) != nil {
			return append(dst, p.kind.String()...) // not valid in a state, see Check
		}
	}
	return append(dst, "nil"...)
}

// pointed appends the sign of a pointer, except for a persistent list, which is encoded like a slice.
func (p *plan) pointed(dst []byte) []byte {
	if p.persistent {
		return dst
	}
	return append(dst, '&')
}

// separated appends a comma unless i is 0.
func separated(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return dst
}

func (p *plan) encodeAll(dst []byte, v unsafe.Pointer, n int) []byte {
	dst = append(dst, '[')
	for i := range n {
		dst = p.encode(separated(dst, i), unsafe.Add(v, uintptr(i)*p.size))
	}
	return append(dst, ']')
}

// encodeDynamic appends the encoding of the value in an interface, with its type: pkg.T{…}, &pkg.T{…}, pkg.T(…).
func (p *plan) encodeDynamic(dst []byte, v unsafe.Pointer) []byte {
	if p.op == opStruct {
		return p.encode(append(dst, p.name()...), v)
	}
	if to := p.structBehind(v); to != nil {
		return p.elem.encode(append(append(dst, '&'), p.elem.name()...), to)
	}
	dst = append(append(dst, p.name()...), '(')
	return append(p.encode(dst, v), ')')
}

// structBehind returns the struct that a value points to if its type is an unnamed pointer, or nil.
func (p *plan) structBehind(v unsafe.Pointer) unsafe.Pointer {
	if p.op != opPointer || p.elem.op != opStruct || p.typ.Name() != "" {
		return nil
	}
	return *(*unsafe.Pointer)(v)
}

func (p *plan) encodeScalar(dst []byte, v unsafe.Pointer) []byte {
	switch p.kind {
	case reflect.Bool:
		return strconv.AppendBool(dst, *(*bool)(v))
	case reflect.Float32:
		return encodeFloat(dst, uint64(*(*uint32)(v)), 32)
	case reflect.Float64:
		return encodeFloat(dst, *(*uint64)(v), 64)
	case reflect.Complex64:
		parts := (*[2]uint32)(v)
		dst = encodeFloat(append(dst, '('), uint64(parts[0]), 32)
		return append(encodeFloat(append(dst, ','), uint64(parts[1]), 32), ')')
	case reflect.Complex128:
		parts := (*[2]uint64)(v)
		dst = encodeFloat(append(dst, '('), parts[0], 64)
		return append(encodeFloat(append(dst, ','), parts[1], 64), ')')
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(dst, p.signed(v), 10)
	}
	return strconv.AppendUint(dst, p.unsigned(v), 10)
}

func (p *plan) signed(v unsafe.Pointer) int64 {
	switch p.size {
	case 1:
		return int64(*(*int8)(v))
	case 2:
		return int64(*(*int16)(v))
	case 4:
		return int64(*(*int32)(v))
	}
	return *(*int64)(v)
}

func (p *plan) unsigned(v unsafe.Pointer) uint64 {
	switch p.size {
	case 1:
		return uint64(*(*uint8)(v))
	case 2:
		return uint64(*(*uint16)(v))
	case 4:
		return uint64(*(*uint32)(v))
	}
	return *(*uint64)(v)
}

// encodeFloat appends the shortest decimal that parses to the same number, or the bits of a NaN.
func encodeFloat(dst []byte, pattern uint64, size int) []byte {
	f := math.Float64frombits(pattern)
	if size == 32 {
		f = float64(math.Float32frombits(uint32(pattern)))
	}
	if f == f {
		return strconv.AppendFloat(dst, f, 'g', -1, size)
	}
	return append(strconv.AppendUint(append(dst, "NaN(0x"...), pattern, 16), ')')
}

// encodeTime appends the instant in UTC, then the location unless it is UTC too.
func encodeTime(dst []byte, t *time.Time) []byte {
	if u := t.UTC(); u.Year() >= 0 && u.Year() <= 9999 {
		dst = u.AppendFormat(dst, time.RFC3339Nano)
	} else {
		dst = strconv.AppendInt(append(dst, "unix("...), u.Unix(), 10)
		dst = append(strconv.AppendInt(append(dst, ','), int64(u.Nanosecond()), 10), ')')
	}
	name := t.Location().String()
	_, offset := t.Zone()
	if name == "UTC" && offset == 0 {
		return dst
	}
	dst = strconv.AppendQuote(append(dst, '@'), name)
	if offset >= 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(offset), 10) // seconds east of UTC
}

// span is the position of an encoded map entry in a buffer.
type span struct{ key, value, end int }

func (p *plan) encodeMap(dst []byte, m unsafe.Pointer) []byte {
	n := p.maps.len(p, m)
	if n == 0 {
		return append(dst, "{}"...)
	}
	spans := make([]span, 0, n)
	buf := make([]byte, 0, 32*n)
	p.maps.each(p, m, func(k, v unsafe.Pointer) {
		s := span{key: len(buf)}
		buf = p.key.encode(buf, k)
		s.value = len(buf)
		buf = p.elem.encode(buf, v)
		s.end = len(buf)
		spans = append(spans, s)
	})
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(
			cmp.Compare(string(buf[a.key:a.value]), string(buf[b.key:b.value])),
			cmp.Compare(string(buf[a.value:a.end]), string(buf[b.value:b.end])))
	})
	dst = append(dst, '{')
	for i, s := range spans {
		dst = append(append(separated(dst, i), buf[s.key:s.value]...), ':')
		dst = append(dst, buf[s.value:s.end]...)
	}
	return append(dst, '}')
}
