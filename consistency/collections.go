package consistency

import (
	"fmt"
	"maps"
	"slices"
)

// LogInput is a request to a log: a read, which is the zero value, or an append of Value.
type LogInput[V any] struct {
	Append bool
	Value  V // the zero value for a read
}

// String returns "read" or "append A".
func (in LogInput[V]) String() string {
	if in.Append {
		return fmt.Sprintf("append %v", in.Value)
	}
	return "read"
}

// LogOutput is a log's answer. Nil and empty Entries are equivalent.
type LogOutput[V any] struct {
	Index   int // the position of the appended value, counted from 1; 0 for a read
	Entries []V // for a read, all values in order; else nil
}

// String returns the index or the values.
func (out LogOutput[V]) String() string {
	if out.Index > 0 {
		return fmt.Sprintf("at %d", out.Index)
	}
	return fmt.Sprint(out.Entries)
}

// Log returns the specification of an append-only sequence, initially empty. An append returns the position of its
// value, a read returns all values.
func Log[V comparable]() Spec[[]V, LogInput[V], LogOutput[V]] {
	return Spec[[]V, LogInput[V], LogOutput[V]]{
		Name: "log",
		Step: func(held []V, in LogInput[V]) ([]V, LogOutput[V]) {
			if !in.Append {
				return held, LogOutput[V]{Entries: held}
			}
			longer := append(slices.Clip(held), in.Value) // clipped: two steps from one state must not share spare capacity
			return longer, LogOutput[V]{Index: len(longer)}
		},
		SameState: slices.Equal[[]V],
		SameOutput: func(a, b LogOutput[V]) bool {
			return a.Index == b.Index && slices.Equal(a.Entries, b.Entries)
		},
	}
}

// MapRequest is the kind of a [MapInput].
type MapRequest uint8

// The requests of a map.
const (
	MapGet MapRequest = iota
	MapPut
	MapDelete
)

// MapInput is a request to a key-value map.
type MapInput[K, V any] struct {
	Request MapRequest
	Key     K
	Value   V // the value to put; else the zero value
}

// String returns "get k", "put k v" or "delete k".
func (in MapInput[K, V]) String() string {
	switch in.Request {
	case MapGet:
		return fmt.Sprintf("get %v", in.Key)
	case MapPut:
		return fmt.Sprintf("put %v %v", in.Key, in.Value)
	case MapDelete:
		return fmt.Sprintf("delete %v", in.Key)
	default:
		return fmt.Sprintf("request %d", in.Request)
	}
}

// MapOutput is a key-value map's answer.
type MapOutput[V any] struct {
	Found bool // whether the key existed before a get or a delete; false for a put
	Value V    // the value that a get found or a delete removed; else the zero value
}

// String returns "found" with the value, or "none".
func (out MapOutput[V]) String() string {
	if out.Found {
		return fmt.Sprintf("found %v", out.Value)
	}
	return "none"
}

// Map returns the specification of a key-value map, initially empty. Requests of unknown kinds are gets.
func Map[K, V comparable]() Spec[map[K]V, MapInput[K, V], MapOutput[V]] {
	return Spec[map[K]V, MapInput[K, V], MapOutput[V]]{
		Name: "map",
		Step: func(held map[K]V, in MapInput[K, V]) (map[K]V, MapOutput[V]) {
			value, found := held[in.Key]
			switch {
			case in.Request == MapPut:
				changed := make(map[K]V, len(held)+1)
				maps.Copy(changed, held)
				changed[in.Key] = in.Value
				return changed, MapOutput[V]{}
			case in.Request != MapDelete:
				return held, MapOutput[V]{Found: found, Value: value}
			case found:
				changed := maps.Clone(held)
				delete(changed, in.Key)
				return changed, MapOutput[V]{Found: true, Value: value}
			default:
				return held, MapOutput[V]{}
			}
		},
		SameState:  maps.Equal[map[K]V, map[K]V],
		SameOutput: same[MapOutput[V]],
	}
}

// SetRequest is the kind of a [SetInput].
type SetRequest uint8

// The requests of a set.
const (
	SetContains SetRequest = iota
	SetAdd
	SetRemove
)

// SetInput is a request to a set. The answer is whether the element was in the set before.
type SetInput[E any] struct {
	Request SetRequest
	Element E
}

// String returns "contains e", "add e" or "remove e".
func (in SetInput[E]) String() string {
	switch in.Request {
	case SetContains:
		return fmt.Sprintf("contains %v", in.Element)
	case SetAdd:
		return fmt.Sprintf("add %v", in.Element)
	case SetRemove:
		return fmt.Sprintf("remove %v", in.Element)
	default:
		return fmt.Sprintf("request %d", in.Request)
	}
}

// Set returns the specification of a set, initially empty. Requests of unknown kinds are SetContains.
func Set[E comparable]() Spec[map[E]struct{}, SetInput[E], bool] {
	return Spec[map[E]struct{}, SetInput[E], bool]{
		Name: "set",
		Step: func(held map[E]struct{}, in SetInput[E]) (map[E]struct{}, bool) {
			_, found := held[in.Element]
			switch {
			case in.Request == SetAdd && !found:
				changed := make(map[E]struct{}, len(held)+1)
				maps.Copy(changed, held)
				changed[in.Element] = struct{}{}
				return changed, false
			case in.Request == SetRemove && found:
				changed := maps.Clone(held)
				delete(changed, in.Element)
				return changed, true
			default:
				return held, found
			}
		},
		SameState:  maps.Equal[map[E]struct{}, map[E]struct{}],
		SameOutput: same[bool],
	}
}
