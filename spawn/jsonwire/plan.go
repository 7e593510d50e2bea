package jsonwire

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unsafe"

	"synod/internal/intern"
)

// kind is the encoding of a value.
type kind uint8

const (
	boolean kind = iota
	signed
	unsigned
	text
	list  // a slice
	array // of a fixed length
	table // a map
	object
	reference     // a pointer
	sum           // an interface
	constantList  // an immutable list
	constantTable // an immutable map
)

// plan describes how values of a type are encoded and decoded.
type plan struct {
	kind   kind
	of     reflect.Type
	size   uintptr
	bits   int
	elem   *plan // of a list, array, table or reference; of a constant list, the plan for a slice
	key    *plan // of a table
	length int   // of an array
	fields []field
	cases  []oneOf                // of a sum
	byType map[unsafe.Pointer]int // indexes of cases
	byName map[string]int         // indexes of cases, by tag
}

// field is a field of a struct.
type field struct {
	name   string
	head   string // quoted name and colon, preceded by a comma except for the first
	offset uintptr
	plan   *plan
}

// oneOf is a type that an interface may hold.
type oneOf struct {
	tag    string
	head   string // the text {"tag":
	of     reflect.Type
	word   unsafe.Pointer // the type in an interface value
	direct bool           // the interface value contains it rather than a pointer to it
	plan   *plan
}

// face is the runtime layout of an interface value without methods.
type face struct{ kind, data unsafe.Pointer }

// mostFields is the maximum number of fields of a struct: the reader records seen fields in the bits of a word.
const mostFields = 64

// compiler compiles plans. Each type is compiled once, so a type may contain itself through a pointer, slice or map.
type compiler struct {
	plans  map[reflect.Type]*plan
	unions map[reflect.Type]Union
}

func newCompiler(unions []Union) (*compiler, error) {
	c := &compiler{plans: make(map[reflect.Type]*plan), unions: make(map[reflect.Type]Union)}
	for _, u := range unions {
		if u.err != nil {
			return nil, u.err
		}
		c.unions[u.of] = u
	}
	return c, nil
}

func (c *compiler) plan(t reflect.Type) (*plan, error) {
	if p := c.plans[t]; p != nil {
		return p, nil
	}
	p := &plan{of: t, size: t.Size()}
	c.plans[t] = p
	var err error
	switch t.Kind() {
	case reflect.Bool:
		p.kind = boolean
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.kind, p.bits = signed, t.Bits()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.kind, p.bits = unsigned, t.Bits()
	case reflect.String:
		p.kind = text
	case reflect.Slice:
		p.kind = list
		p.elem, err = c.plan(t.Elem())
	case reflect.Array:
		p.kind, p.length = array, t.Len()
		p.elem, err = c.plan(t.Elem())
	case reflect.Pointer:
		p.kind = reference
		if p.elem, err = c.plan(t.Elem()); err == nil && p.elem.kind == reference {
			err = fmt.Errorf("%v: null would stand for two values", t)
		}
	case reflect.Map:
		err = c.table(p)
	case reflect.Struct:
		err = c.structure(p)
	case reflect.Interface:
		u, known := c.unions[t]
		if !known {
			return nil, fmt.Errorf("the interface %v: expected a UnionOf what it may hold", t)
		}
		err = c.sum(p, u.cases)
	default:
		err = fmt.Errorf("%v cannot be encoded as JSON and decoded to the same value; use integers, strings, booleans, and "+
			"structs, slices, arrays, maps and pointers of such", t)
	}
	return p, err
}

// structure compiles the plan of a struct, or of an immutable list or map: actor.List and actor.Map.
func (c *compiler) structure(p *plan) (err error) {
	if elem, ok := intern.PersistentList(p.of); ok {
		p.kind = constantList
		p.elem, err = c.plan(reflect.SliceOf(elem))
		return err
	}
	if key, value, ok := intern.PersistentMap(p.of); ok {
		p.kind = constantTable
		if p.key, err = c.plan(key); err == nil {
			p.elem, err = c.plan(value)
		}
		return err
	}
	return c.object(p)
}

func (c *compiler) table(p *plan) error {
	p.kind = table
	var err error
	if p.key, err = c.plan(p.of.Key()); err != nil {
		return err
	}
	if p.key.kind != text && p.key.kind != signed && p.key.kind != unsigned {
		return fmt.Errorf("%v: map keys must be strings or integers", p.of)
	}
	p.elem, err = c.plan(p.of.Elem())
	return err
}

func (c *compiler) object(p *plan) error {
	p.kind = object
	if p.of.NumField() > mostFields {
		return fmt.Errorf("%v has %d fields; the limit is %d", p.of, p.of.NumField(), mostFields)
	}
	for i := range p.of.NumField() {
		f := p.of.Field(i)
		if !f.IsExported() {
			return fmt.Errorf("the field %s of %v is not exported, and would be lost", f.Name, p.of)
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch name {
		case "":
			name = snake(f.Name)
		case "-":
			return fmt.Errorf("the field %s of %v is left out by its tag, and would be lost", f.Name, p.of)
		}
		if slices.ContainsFunc(p.fields, func(g field) bool { return g.name == name }) {
			return fmt.Errorf("%v has two fields %q", p.of, name)
		}
		inner, err := c.plan(f.Type)
		if err != nil {
			return fmt.Errorf("the field %s of %v: %w", f.Name, p.of, err)
		}
		head := string(appendText(nil, name)) + ":"
		if i > 0 {
			head = "," + head
		}
		p.fields = append(p.fields, field{name, head, f.Offset, inner})
	}
	return nil
}

// sum compiles the plan of an interface: an object with one field, whose name is one of the types.
func (c *compiler) sum(p *plan, cases []reflect.Type) error {
	p.kind, p.byType, p.byName = sum, make(map[unsafe.Pointer]int), make(map[string]int)
	for _, t := range cases {
		tag, _, _ := strings.Cut(t.Name(), "[")
		if tag == "" {
			return fmt.Errorf("%v has no name; every type in %v must have one", t, p.of)
		}
		zero := reflect.Zero(t).Interface()
		word := (*face)(unsafe.Pointer(&zero)).kind
		if at, again := p.byName[tag]; again {
			if p.cases[at].of == t {
				continue
			}
			return fmt.Errorf("%v and %v have the same name; names in %v must differ", p.cases[at].of, t, p.of)
		}
		inner, err := c.plan(t)
		if err != nil {
			return err
		}
		p.byName[tag], p.byType[word] = len(p.cases), len(p.cases)
		p.cases = append(p.cases, oneOf{tag, "{" + string(appendText(nil, tag)) + ":", t, word, direct(t), inner})
	}
	return nil
}

// direct reports whether an interface stores values of a type directly, which is the case if they are a single
// pointer.
func direct(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return true
	case reflect.Struct:
		return t.NumField() == 1 && direct(t.Field(0).Type)
	case reflect.Array:
		return t.Len() == 1 && direct(t.Elem())
	default:
		return false
	}
}

// snake returns a name in lower case, with underscores between its words.
func snake(name string) string {
	var b strings.Builder
	all := []rune(name)
	for i, r := range all {
		if i > 0 && unicode.IsUpper(r) {
			after := i+1 < len(all) && unicode.IsLower(all[i+1])
			if !unicode.IsUpper(all[i-1]) || after {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
