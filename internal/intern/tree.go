package intern

import (
	"reflect"
	"strconv"
	"unsafe"
)

// Node is a value as a tree, for people to expand. The names of parts are the steps of paths in Diff: the name of a
// field, or in brackets the index in a list or the encoded key of a map.
type Node struct {
	Name  string // empty for the root
	Text  string // the whole value as returned by Text, possibly truncated
	Parts []Node // empty for a value without parts, and for nil
	Map   bool   // a map, possibly nil: the parts are its entries, named by their keys in brackets
	More  bool   // there are further parts, or more text: the tree has the maximum size
}

// maxNodeText is the maximum length in bytes of the text of a node.
const maxNodeText = 4096

// Tree returns v as a tree of at most limit nodes. It is built depth first, and omits nodes beyond the limit.
func (w *Walker[T]) Tree(v T, limit int) Node {
	if err := w.CheckShared(v); err != nil {
		return Node{Text: unreadable(err)}
	}
	g := grower{left: limit}
	return g.node(w.plan, "", w.at(&v))
}

// grower creates nodes up to the limit.
type grower struct{ left int }

func (g *grower) node(p *plan, name string, v unsafe.Pointer) Node {
	g.left--
	n := Node{Name: name, Text: p.shown(v)}
	if len(n.Text) > maxNodeText {
		n.Text, n.More = n.Text[:maxNodeText], true
	}
	g.parts(&n, p, v)
	return n
}

// add adds a part, unless the tree is full.
func (g *grower) add(to *Node, p *plan, name string, v unsafe.Pointer) bool {
	if g.left <= 0 {
		to.More = true
		return false
	}
	to.Parts = append(to.Parts, g.node(p, name, v))
	return true
}

// parts adds the parts of the value, seen through pointers and interfaces as Diff does.
func (g *grower) parts(n *Node, p *plan, v unsafe.Pointer) {
	switch p.op {
	case opStruct:
		for i := range p.fields {
			f := &p.fields[i]
			if !g.add(n, f.plan, f.name, unsafe.Add(v, f.offset)) {
				return
			}
		}
	case opPointer:
		if to := *(*unsafe.Pointer)(v); to != nil {
			g.parts(n, p.elem, to)
		}
	case opSlice:
		if s := (*slice)(v); s.data != nil && p.elem.kind != reflect.Uint8 {
			g.all(n, p.elem, s.data, s.len)
		}
	case opArray:
		g.all(n, p.elem, v, p.count)
	case opMap:
		m := p.mapAt(v)
		n.Map = true
		if m == nil {
			return
		}
		for _, e := range p.entries(m) {
			if !g.add(n, p.elem, "["+e.name+"]", e.value) {
				return
			}
		}
	case opInterface:
		if i := (*iface)(v); i.tab != nil {
			d, at := p.dynamicOf(i)
			g.parts(n, d, at)
		}
	}
}

func (g *grower) all(n *Node, elem *plan, v unsafe.Pointer, count int) {
	for i := range count {
		if !g.add(n, elem, "["+strconv.Itoa(i)+"]", unsafe.Add(v, uintptr(i)*elem.size)) {
			return
		}
	}
}
