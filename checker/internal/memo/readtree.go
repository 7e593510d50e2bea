package memo

import (
	"synod/model/statespace"
)

// readTree is a decision tree: an inner node selects what is read next, an edge is the value read, a leaf is an
// answer, a number below leaf - 1. All edges are in one hash table, keyed by node and value, so that a leaf takes
// little memory.
type readTree struct {
	nodes []readNode
	edges []edge // open addressing; the length is a power of two
	used  int
	root  uint32 // a node, or leaf plus an answer
	grown bool   // root is set
}

type readNode struct {
	slot   int32
	aspect statespace.Aspect
}

// edge leads from a node, for a value, to another node or to an answer.
type edge struct {
	from, value uint32
	to          uint32 // plus one, so that 0 is a free place
}

// leaf is the bit that marks the target of an edge as an answer.
const leaf = 1 << 31

func (t *readTree) hash(from, value uint32) int {
	h := (uint64(from)<<32 | uint64(value)) * 0x9e3779b97f4a7c15
	return int(h>>32) & (len(t.edges) - 1)
}

// follow returns the target of an edge.
func (t *readTree) follow(from, value uint32) (to uint32, ok bool) {
	if len(t.edges) == 0 {
		return 0, false
	}
	for i := t.hash(from, value); t.edges[i].to != 0; i = (i + 1) & (len(t.edges) - 1) {
		if e := &t.edges[i]; e.from == from && e.value == value {
			return e.to - 1, true
		}
	}
	return 0, false
}

// find follows the reads from the root to an answer, or to an unknown edge.
func (t *readTree) find(read func(slot int32, a statespace.Aspect) uint32) (answer uint32, known bool) {
	if !t.grown {
		return 0, false
	}
	at := t.root
	for at < leaf {
		n := t.nodes[at]
		next, ok := t.follow(at, read(n.slot, n.aspect))
		if !ok {
			return 0, false
		}
		at = next
	}
	return at - leaf, true
}

// add adds an answer after some reads, and reports whether it is new. It returns ok false on a contradiction: the
// same values were read before, followed by another read or answer.
func (t *readTree) add(reads []statespace.Read, answer uint32) (fresh, ok bool) {
	end := answer + leaf
	target := func(i int) uint32 { // what follows i reads, if it is new
		if i == len(reads) {
			return end
		}
		t.nodes = append(t.nodes, readNode{reads[i].Slot, reads[i].Aspect})
		return uint32(len(t.nodes) - 1)
	}
	if !t.grown {
		t.root, t.grown, fresh = target(0), true, true
	}
	at := t.root
	for i, r := range reads {
		if at >= leaf || t.nodes[at].slot != r.Slot || t.nodes[at].aspect != r.Aspect {
			return false, false
		}
		next, known := t.follow(at, r.Value)
		if !known {
			next, fresh = target(i+1), true
			t.link(at, r.Value, next)
		}
		at = next
	}
	return fresh, at == end
}

func (t *readTree) link(from, value, to uint32) {
	if 4*(t.used+1) > 3*len(t.edges) {
		old := t.edges
		t.edges = make([]edge, max(16, 2*len(old)))
		for _, e := range old {
			if e.to != 0 {
				t.place(e)
			}
		}
	}
	t.place(edge{from, value, to + 1})
	t.used++
}

func (t *readTree) place(e edge) {
	i := t.hash(e.from, e.value)
	for t.edges[i].to != 0 {
		i = (i + 1) & (len(t.edges) - 1)
	}
	t.edges[i] = e
}
