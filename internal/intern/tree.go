package intern

import (
	"reflect"
	"strconv"
	"unsafe"
)

// Node is a value as a tree, for people to unfold. Names of parts are those that paths of Diff are made of: the name of
// a field, or the place in a list or the encoded key of a map in brackets.
type Node struct {
	Name  string // empty for the root
	Text  string // the whole value as Text shows it, perhaps cut short
	Parts []Node // empty for what has no parts, and for nil
	Map   bool   // a map, perhaps nil: the parts are its entries, named by their keys in brackets
	More  bool   // there are further parts, and the text is longer: the tree is as large as it may be
}

// maxNodeText is how many bytes the text of a node may have.
const maxNodeText = 4096

// Tree returns v as a tree of at most limit nodes. It is made depth first: what lies behind the limit is left out.
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

// parts adds what the value is made of, seen through pointers and interfaces as Diff does.
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
