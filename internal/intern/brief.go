package intern

import (
	"reflect"
	"strings"
	"unsafe"
)

// Brief returns v for people as a call reads: what an interface holds by its type's own name, without its package, and
// fields by position, as in Put(4, 'B'). A struct whose only field is an interface is shown as what that holds. Zero
// structs inside are {}, and Stringers speak for themselves.
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
		if reflect.NewAt(p.typ, v).Elem().IsZero() {
			return append(dst, "{}"...)
		}
		return p.briefFields(dst, v)
	case opPointer:
		if to := *(*unsafe.Pointer)(v); to != nil {
			return p.elem.brief(p.pointed(dst), to)
		}
	case opInterface:
		if i := (*iface)(v); i.tab != nil {
			d, at := p.dynamicOf(i)
			return d.briefDynamic(dst, at)
		}
	}
	return p.text(dst, v)
}

func (p *plan) briefFields(dst []byte, v unsafe.Pointer) []byte {
	dst = append(dst, '(')
	for i := range p.fields {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		f := &p.fields[i]
		dst = f.plan.brief(dst, unsafe.Add(v, f.offset))
	}
	return append(dst, ')')
}

// briefDynamic shows a value by the name of its type.
func (p *plan) briefDynamic(dst []byte, v unsafe.Pointer) []byte {
	if s, ok := p.stringOf(v); ok {
		return append(dst, s...)
	}
	if p.op == opStruct && len(p.fields) == 1 && p.fields[0].plan.op == opInterface {
		return p.fields[0].plan.brief(dst, unsafe.Add(v, p.fields[0].offset))
	}
	name, _, _ := strings.Cut(p.typ.Name(), "[")
	dst = append(dst, name...)
	if p.op == opStruct {
		return p.briefFields(dst, v)
	}
	dst = append(dst, '(')
	return append(p.text(dst, v), ')')
}
