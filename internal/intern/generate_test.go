package intern

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

// The types of the property tests: everything that a state may hold.

type ballot struct {
	Round  uint32
	Leader uint64 // after padding
}

type accepted struct {
	Ballot ballot
	V      rune
	seen   bool
}

type message interface{ isMessage() }

type put struct {
	Request uint64
	value   rune
}
type (
	batch  []message
	boxed  struct{ *put }
	named  map[string]any
	scalar int8
	ack    struct{}
)

func (put) isMessage()    {}
func (batch) isMessage()  {}
func (boxed) isMessage()  {}
func (named) isMessage()  {}
func (scalar) isMessage() {}
func (*ack) isMessage()   {}

type state struct {
	Ballot   ballot
	Proposal *put
	Prepares map[uint64]*accepted
	Accepts  map[uint64]struct{}
	Log      []accepted
	raw      []byte
	names    []string
	Msg      message
	anything any
	pair     [2][]int16
	when     time.Time
	Next     *state
	call     func()
	_        [3]uint8
	ratio    float32
	z        complex64
}

// shapes holds maps of every shape that is special to the walker, and of some that are not.
type shapes struct {
	A map[string]string
	B map[string][]int
	C map[scalar32]any
	D map[int64]bool
	E map[uint64]ballot
	F map[int32][2]uint32
	G map[uint32]uint64
	H map[string][3]int64
	I map[int][4]uint64
	J map[int]message
	K map[string]map[string]int
	L map[uintptr][0]uint64
	M map[uint8]uint8
	N map[ballot]put
	O map[float64]int
	P map[any]string
	Q map[*put]int
	R map[[17]uint64][20]uint64
	S map[time.Time]bool
	T map[key]map[key]accepted
	U map[uint32]int32
	V map[[1]float32]string
}

type scalar32 int32

type key struct {
	a int8
	B string
	C [2]bool
}

// flat is comparable with ==.
type flat struct {
	A int8
	b string
	C [2]key
	_ int
}

var dynamics = []reflect.Type{
	reflect.TypeFor[put](), reflect.TypeFor[*put](), reflect.TypeFor[batch](), reflect.TypeFor[boxed](),
	reflect.TypeFor[named](), reflect.TypeFor[scalar](), reflect.TypeFor[*ack](), reflect.TypeFor[int](),
	reflect.TypeFor[[]int](), reflect.TypeFor[float64](), reflect.TypeFor[[1]*put](), reflect.TypeFor[key](),
	reflect.TypeFor[map[key]int](), reflect.TypeFor[struct{ a *int }](), reflect.TypeFor[**put](),
	reflect.TypeFor[string](), reflect.TypeFor[time.Time](), reflect.TypeFor[[]byte](), reflect.TypeFor[uint8](),
}

var (
	floats = []float64{
		0, math.Copysign(0, -1), 1, 0.1, math.Nextafter(0.1, 1), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64,
		math.NaN(), math.Float64frombits(0x7ff8000000000002), math.Float64frombits(0xfff8000000000001),
	}
	texts = []string{"", "a", "b", "nil", "{}", "\"", "\xff", "\ufffd", "a longer string, of more than 8 bytes", ","}
	times = []time.Time{
		{},
		time.Unix(0, 1), time.Unix(0, 1).UTC(), time.Unix(0, 1).In(time.FixedZone("X", 60)),
		time.Unix(0, 1).In(time.FixedZone("X", 90)), time.Unix(1<<40, 0).UTC(), time.Now(), time.Unix(2, 0).UTC(),
		time.Unix(0, 1).In(time.FixedZone("Y", 60)), time.Unix(0, 1).In(time.FixedZone("", 0)),
	}
)

// settable makes unexported fields settable.
func settable(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}

// fill draws a small value of any type into v.
func fill(t *rapid.T, v reflect.Value, depth int) {
	pick := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, v.Type().String()) }
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(pick(2) == 1)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(pick(4) - 1))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(uint64(pick(12)))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(floats[pick(len(floats))])
	case reflect.Complex64, reflect.Complex128:
		v.SetComplex(complex(floats[pick(len(floats))], floats[pick(len(floats))]))
	case reflect.String:
		v.SetString(texts[pick(len(texts))])
	case reflect.Func:
		v.SetZero()
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), depth-1)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(times[pick(len(times))]))
			return
		}
		for i := range v.NumField() {
			fill(t, settable(v.Field(i)), depth-1)
		}
	default:
		v.SetZero()
		if depth > 0 && pick(4) > 0 {
			fillReference(t, v, depth, pick)
		}
	}
}

func fillReference(t *rapid.T, v reflect.Value, depth int, pick func(int) int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), depth-1)
	case reflect.Slice:
		n := pick(4)
		v.Set(reflect.MakeSlice(v.Type(), n, n+pick(2)))
		for i := range n {
			fill(t, v.Index(i), depth-1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		n := pick(4)
		if pick(12) == 0 {
			n = 20 // beyond the runtime's small maps
		}
		for range n {
			k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(t, k, depth-1)
			fill(t, e, depth-1)
			if k.Comparable() {
				v.SetMapIndex(k, e)
			}
		}
	case reflect.Interface:
		for {
			if d := dynamics[pick(len(dynamics))]; d.Implements(v.Type()) {
				e := reflect.New(d).Elem()
				fill(t, e, depth-1)
				v.Set(e)
				return
			}
		}
	}
}

// change draws one part of v anew, at any depth; maps and interfaces are changed as a whole or replaced.
func change(t *rapid.T, v reflect.Value, depth int) {
	var parts []reflect.Value
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[time.Time]() {
			for i := range v.NumField() {
				parts = append(parts, settable(v.Field(i)))
			}
		}
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			parts = append(parts, v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			parts = append(parts, v.Elem())
		}
	case reflect.Map:
		if keys := sortedKeys(v); len(keys) > 0 && rapid.Bool().Draw(t, "in map") {
			k := keys[rapid.IntRange(0, len(keys)-1).Draw(t, "entry")]
			e := reflect.New(v.Type().Elem()).Elem()
			if old := v.MapIndex(k); old.IsValid() {
				e.Set(old)
			}
			change(t, e, depth-1)
			v.SetMapIndex(k, e)
			return
		}
	}
	if len(parts) == 0 || rapid.IntRange(0, 9).Draw(t, "stop") == 0 {
		fill(t, v, depth)
		return
	}
	change(t, parts[rapid.IntRange(0, len(parts)-1).Draw(t, "part")], depth-1)
}

// sortedKeys makes the tests repeatable: rapid must meet the same keys in the same order.
func sortedKeys(m reflect.Value) []reflect.Value {
	p := planOf(m.Type().Key())
	byText := map[string]reflect.Value{}
	for _, k := range m.MapKeys() {
		at := reflect.New(k.Type())
		at.Elem().Set(k)
		byText[string(p.encode(nil, at.UnsafePointer()))] = k
	}
	var keys []reflect.Value
	for _, text := range slices.Sorted(maps.Keys(byText)) {
		keys = append(keys, byText[text])
	}
	return keys
}

// same is the dumb reference of Equal: plain reflection, maps as multisets.
func same(a, b reflect.Value) bool {
	if a.IsValid() != b.IsValid() || !a.IsValid() {
		return a.IsValid() == b.IsValid()
	}
	if a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Bool:
		return a.Bool() == b.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return a.Int() == b.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return a.Uint() == b.Uint()
	case reflect.Float32, reflect.Float64:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	case reflect.Complex64, reflect.Complex128:
		x, y := a.Complex(), b.Complex()
		return math.Float64bits(real(x)) == math.Float64bits(real(y)) &&
			math.Float64bits(imag(x)) == math.Float64bits(imag(y))
	case reflect.String:
		return a.String() == b.String()
	case reflect.Pointer, reflect.Interface:
		return same(a.Elem(), b.Elem())
	case reflect.Slice, reflect.Array:
		if a.Kind() == reflect.Slice && a.IsNil() != b.IsNil() || a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		return a.IsNil() == b.IsNil() && sameEntries(a, b)
	case reflect.Struct:
		return sameFields(a, b)
	}
	return a.IsNil() && b.IsNil()
}

func sameFields(a, b reflect.Value) bool {
	if a.Type() == reflect.TypeFor[time.Time]() {
		x, y := reflect.New(a.Type()).Elem(), reflect.New(a.Type()).Elem()
		copyOf := func(to, from reflect.Value) time.Time {
			for i := range from.NumField() {
				f := from.Field(i)
				g := settable(to.Field(i))
				switch f.Kind() {
				case reflect.Uint64:
					g.SetUint(f.Uint())
				case reflect.Int64:
					g.SetInt(f.Int())
				default:
					g.Set(reflect.NewAt(g.Type().Elem(), f.UnsafePointer()))
				}
			}
			return to.Interface().(time.Time)
		}
		s, t := copyOf(x, a), copyOf(y, b)
		const layout = "2006-01-02T15:04:05.999999999 Z07:00:00 "
		return s.Format(layout)+s.Location().String() == t.Format(layout)+t.Location().String()
	}
	for i := range a.NumField() {
		if a.Type().Field(i).Name != "_" && !same(a.Field(i), b.Field(i)) {
			return false
		}
	}
	return true
}

func sameEntries(a, b reflect.Value) bool {
	if a.Len() != b.Len() {
		return false
	}
	type pair struct{ k, v reflect.Value }
	var rest []pair
	for i := b.MapRange(); i.Next(); {
		rest = append(rest, pair{i.Key(), i.Value()})
	}
	for i := a.MapRange(); i.Next(); {
		at := slices.IndexFunc(rest, func(p pair) bool { return same(i.Key(), p.k) && same(i.Value(), p.v) })
		if at < 0 {
			return false
		}
		rest = slices.Delete(rest, at, at+1)
	}
	return true
}

// scribble changes everything that can be reached from v.
func scribble(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			scribble(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Cap() {
			scribble(v.Slice(0, v.Cap()).Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			scribble(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			scribble(settable(v.Field(i)))
		}
	case reflect.Interface:
		if d := v.Elem(); d.IsValid() {
			at := reflect.New(d.Type()).Elem()
			at.Set(d)
			scribble(at)
		}
	case reflect.Map:
		for i := v.MapRange(); i.Next(); {
			for _, part := range []reflect.Value{i.Key(), i.Value()} {
				at := reflect.New(part.Type()).Elem()
				at.Set(part)
				scribble(at)
			}
		}
		v.Clear()
	case reflect.Func:
	case reflect.String:
		v.SetString(v.String() + "!")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Float32, reflect.Float64:
		v.SetFloat(7)
	case reflect.Complex64, reflect.Complex128:
		v.SetComplex(7)
	default:
		if v.CanInt() {
			v.SetInt(^v.Int())
		} else {
			v.SetUint(^v.Uint())
		}
	}
}
