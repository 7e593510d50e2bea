package intern

import (
	"cmp"
	"slices"
	"unsafe"
)

// FieldValues describes the distinct values of one field in the values of a table.
type FieldValues struct {
	Name  string   // preceded by the names of enclosing single-field structs
	First []uint32 // for each distinct value the least id that has it, ascending
	More  bool     // there are more distinct values than were counted
}

// Fields counts the distinct values of every top-level field exactly, up to a limit per field. The fields are those
// of a struct, or of the struct behind a pointer or interface; other types have none. Fields of one type are in
// declaration order, and types in interfaces are ordered by name. Fields takes as much time and memory as another
// table of these values, for one field after the other.
func (t *Table[T]) Fields(limit int) []FieldValues {
	n := t.len.Load()
	var types []*plan // struct types of the values
	prefixes := make(map[*plan]string)
	for id := range n {
		p, _, prefix := t.structOf(id)
		switch least, known := prefixes[p]; {
		case p == nil:
		case !known:
			types, prefixes[p] = append(types, p), prefix
		case prefix < least: // There are several paths to the type; the order of arrival must not decide.
			prefixes[p] = prefix
		}
		if !t.walker.plan.varies() {
			break // The other values have the same type.
		}
	}
	slices.SortFunc(types, func(a, b *plan) int {
		return cmp.Or(cmp.Compare(prefixes[a], prefixes[b]), cmp.Compare(a.name(), b.name()))
	})
	var all []FieldValues
	for _, p := range types {
		for _, f := range p.fields {
			all = append(all, t.fieldValues(p, f, prefixes[p], n, limit))
		}
	}
	return all
}

// varies reports whether the values of a type may be of several struct types, or of none.
func (p *plan) varies() bool {
	for p.op == opStruct && len(p.fields) == 1 {
		p = p.fields[0].plan
	}
	return p.op == opPointer || p.op == opInterface
}

// structOf returns the struct with the fields of a value, or nil.
func (t *Table[T]) structOf(id uint32) (p *plan, at unsafe.Pointer, prefix string) {
	p, at = t.walker.plan, t.walker.at(t.at(id))
	inside := false // inside an interface: the struct type is part of the name
	for {
		switch {
		case p.op == opStruct && len(p.fields) == 1 && p.fields[0].plan.leads():
			f := p.fields[0]
			prefix, p, at = join(prefix, f.name), f.plan, unsafe.Add(at, f.offset)
		case p.op == opStruct && inside:
			return p, at, join(prefix, p.textName())
		case p.op == opStruct:
			return p, at, prefix
		case p.op == opPointer && *(*unsafe.Pointer)(at) != nil:
			p, at = p.elem, *(*unsafe.Pointer)(at)
		case p.op == opInterface && (*iface)(at).tab != nil:
			p, at = p.dynamicOf((*iface)(at))
			inside = true
		default:
			return nil, nil, ""
		}
	}
}

// leads reports whether a type may lead to a struct.
func (p *plan) leads() bool { return p.op == opStruct || p.op == opPointer || p.op == opInterface }

func (t *Table[T]) fieldValues(p *plan, f field, prefix string, n uint32, limit int) FieldValues {
	found := FieldValues{Name: join(prefix, f.name)}
	seen := make(map[uint64]uint32) // by hash, or the next free number after it
	for id := range n {
		q, at, _ := t.structOf(id)
		if q != p {
			continue
		}
		value := unsafe.Add(at, f.offset)
		h := spread(f.plan.hash(value, seed))
		for ; ; h++ {
			other, taken := seen[h]
			if !taken {
				break
			}
			if _, at, _ := t.structOf(other); f.plan.equal(value, unsafe.Add(at, f.offset)) {
				value = nil
				break
			}
		}
		if value == nil {
			continue
		}
		if len(found.First) == limit {
			found.More = true
			break
		}
		seen[h] = id
		found.First = append(found.First, id)
	}
	return found
}
