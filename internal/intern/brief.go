package intern

import (
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// Brief formats v for people, like a call: the type name of the value in an interface, without its package, and then
// its fields, as in Put(4, 'B'). A field has its name in front unless it is clear without, like quoted text, words,
// or the only plain number: Accept(ballot (1, 0), proposal (request 3, requester 3, 'A')). Nested structs omit plain
// numbers and booleans that are zero; two numbers are a pair. The fields of an embedded struct are shown as those of
// its owner, and so are those of the only field of a call. A struct whose only field is an interface is shown as the
// value in it. Stringers are shown by String.
func (w *Walker[T]) Brief(v T) string {
	if err := w.CheckShared(v); err != nil {
		return unreadable(err)
	}
	p := w.plan
	if p.op != opInterface {
		return string(p.briefDynamic(nil, w.at(&v)))
	}
	return string(p.brief(nil, w.at(&v)))
}

func (p *plan) brief(dst []byte, v unsafe.Pointer) []byte {
	if s, ok := p.stringOf(v); ok {
		return append(dst, s...)
	}
	switch p.op {
	case opStruct:
		return p.briefTuple(dst, v)
	case opPointer:
		if to := *(*unsafe.Pointer)(v); to != nil {
			return p.elem.brief(p.pointed(dst), to)
		}
	case opSlice:
		if s := (*slice)(v); s.data != nil && p.elem.kind != reflect.Uint8 {
			return p.elem.briefAll(dst, s.data, s.len)
		}
	case opArray:
		return p.elem.briefAll(dst, v, p.count)
	case opMap:
		if m := p.mapAt(v); m != nil {
			return p.briefMap(dst, m)
		}
	case opInterface:
		if i := (*iface)(v); i.tab != nil {
			d, at := p.dynamicOf(i)
			return d.briefDynamic(dst, at)
		}
	}
	return p.text(dst, v)
}

// briefDynamic appends a value with the name of its type.
func (p *plan) briefDynamic(dst []byte, v unsafe.Pointer) []byte {
	if s, ok := p.stringOf(v); ok {
		return append(dst, s...)
	}
	if p.op == opStruct && len(p.fields) == 1 && p.fields[0].plan.op == opInterface {
		return p.fields[0].plan.brief(dst, unsafe.Add(v, p.fields[0].offset))
	}
	name, _, _ := strings.Cut(p.typ.Name(), "[")
	dst = append(append(dst, name...), '(')
	if p.op != opStruct {
		return append(p.brief(dst, v), ')')
	}
	parts := p.parts(nil, v)
	if len(parts) == 1 && parts[0].plan.op == opStruct && !parts[0].plan.stringer {
		if only := parts[0].plan.parts(nil, parts[0].at); !pair(only) && !parts[0].value().IsZero() {
			return append(briefParts(dst, only, true, true), ')')
		}
	}
	return append(briefParts(dst, parts, count(parts, part.mute) > 1, false), ')')
}

// briefTuple appends a struct inside a message.
func (p *plan) briefTuple(dst []byte, v unsafe.Pointer) []byte {
	if reflect.NewAt(p.typ, v).Elem().IsZero() {
		return append(dst, "{}"...)
	}
	parts := p.parts(nil, v)
	dst = append(dst, '(')
	if pair(parts) {
		dst = append(parts[0].plan.brief(dst, parts[0].at), ", "...)
		return append(parts[1].plan.brief(dst, parts[1].at), ')')
	}
	return append(briefParts(dst, parts, true, true), ')')
}

func (p *plan) briefAll(dst []byte, v unsafe.Pointer, n int) []byte {
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = p.brief(dst, unsafe.Add(v, uintptr(i)*p.size))
	}
	return append(dst, ']')
}

func (p *plan) briefMap(dst []byte, m unsafe.Pointer) []byte {
	dst = append(dst, '{')
	for i, e := range p.entries(m) {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(p.key.brief(dst, e.key), ": "...)
		dst = p.elem.brief(dst, e.value)
	}
	return append(dst, '}')
}

// part is a field of a struct, or of one embedded in it.
type part struct {
	name string
	plan *plan
	at   unsafe.Pointer
}

func (p *plan) parts(to []part, v unsafe.Pointer) []part {
	for i := range p.fields {
		f := &p.fields[i]
		at := unsafe.Add(v, f.offset)
		if f.embedded && f.plan.op == opStruct && !f.plan.stringer {
			to = f.plan.parts(to, at)
			continue
		}
		to = append(to, part{f.name, f.plan, at})
	}
	return to
}

// pair reports whether there are exactly two fields, both numbers, as in a ballot.
func pair(parts []part) bool {
	return count(parts, func(f part) bool { return f.plan.op == opScalar && f.plan.kind != reflect.Bool }) == 2 && len(parts) == 2
}

func count(parts []part, is func(part) bool) (n int) {
	for _, f := range parts {
		if is(f) {
			n++
		}
	}
	return n
}

// briefParts appends fields one after the other; numbers says whether plain numbers have their names, and sparse
// whether to omit zero ones.
func briefParts(dst []byte, parts []part, numbers, sparse bool) []byte {
	first := true
	for _, f := range parts {
		if sparse && f.plan.op == opScalar && !f.plan.stringer && f.value().IsZero() {
			continue
		}
		if !first {
			dst = append(dst, ", "...)
		}
		first = false
		alone := count(parts, func(g part) bool { return g.plan == f.plan }) == 1
		dst = f.brief(dst, numbers, alone)
	}
	return dst
}

func (f part) value() reflect.Value { return reflect.NewAt(f.plan.typ, f.at).Elem() }

// brief appends a field with its name, unless the value is clear without; alone reports whether no other field has
// its type.
func (f part) brief(dst []byte, numbers, alone bool) []byte {
	name := uncapital(f.name)
	if f.plan.kind == reflect.Bool && !f.plan.stringer {
		if !f.value().Bool() {
			name = "not " + name
		}
		return append(dst, name...)
	}
	text := f.plan.brief(nil, f.at)
	if number := f.plan.op == opScalar && !f.plan.stringer; number && numbers || !number && !(alone && f.plan.speaks(text)) {
		dst = append(append(dst, name...), ' ')
	}
	return append(dst, text...)
}

// mute reports whether a field is a number that does not show what it is.
func (f part) mute() bool {
	return f.plan.op == opScalar && f.plan.kind != reflect.Bool && !f.plan.speaks(f.plan.brief(nil, f.at))
}

// speaks reports whether a value needs no name beside its text: the value in an interface has the name of its type,
// and quoted text and words are clear.
func (p *plan) speaks(text []byte) bool {
	if p.op == opInterface {
		return string(text) != "nil"
	}
	first, _ := utf8.DecodeRune(text)
	return first == '\'' || first == '"' || (p.stringer || p.op == opString) && unicode.IsLetter(first)
}

// uncapital returns the name of a field as it appears in a text: SlotOut is slotOut, and ID is id.
func uncapital(name string) string {
	upper := strings.IndexFunc(name, func(r rune) bool { return !unicode.IsUpper(r) })
	switch {
	case upper < 0:
		return strings.ToLower(name)
	case upper > 1: // An initialism before a word.
		upper--
	}
	return strings.ToLower(name[:upper]) + name[upper:]
}
