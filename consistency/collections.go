package consistency

import (
	"fmt"
	"maps"
	"slices"
)

// LogInput is what a client asks of a log: all of it, which is the zero value, or to append Value.
type LogInput[V any] struct {
	Append bool
	Value  V // the zero value for a read
}

// String is "read" or "append A".
func (in LogInput[V]) String() string {
	if in.Append {
		return fmt.Sprintf("append %v", in.Value)
	}
	return "read"
}

// LogOutput is a log's answer. Nil and empty entries are the same answer.
type LogOutput[V any] struct {
	Index   int // the place of what was appended, counted from 1; 0 for a read
	Entries []V // all values in order, for a read; else nil
}

// String is the index or the values.
func (out LogOutput[V]) String() string {
	if out.Index > 0 {
		return fmt.Sprintf("at %d", out.Index)
	}
	return fmt.Sprint(out.Entries)
}

// Log is a sequence that only grows, empty at first. Appending a value gives its place, reading gives all values.
func Log[V comparable]() Spec[[]V, LogInput[V], LogOutput[V]] {
	return Spec[[]V, LogInput[V], LogOutput[V]]{
		Name: "log",
		Step: func(held []V, in LogInput[V]) ([]V, LogOutput[V]) {
			if !in.Append {
				return held, LogOutput[V]{Entries: held}
			}
			longer := append(slices.Clip(held), in.Value) // clipped: two steps from one state must not share the end
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

// What a client can ask of a map.
const (
	MapGet MapRequest = iota
	MapPut
	MapDelete
)

// MapInput is what a client asks of a key-value map.
type MapInput[K, V any] struct {
	Request MapRequest
	Key     K
	Value   V // what is put; else the zero value
}

// String is "get k", "put k v" or "delete k".
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
	Found bool // the key was there before a get or a delete; false for a put
	Value V    // what a get found or a delete removed; else the zero value
}

// String is "found", with the value, or "none".
func (out MapOutput[V]) String() string {
	if out.Found {
		return fmt.Sprintf("found %v", out.Value)
	}
	return "none"
}

// Map is a key-value map, empty at first. A request of no known kind gets.
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

// What a client can ask of a set.
const (
	SetContains SetRequest = iota
	SetAdd
	SetRemove
)

// SetInput is what a client asks of a set. The answer is whether the element was there before.
type SetInput[E any] struct {
	Request SetRequest
	Element E
}

// String is "contains e", "add e" or "remove e".
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

// Set is a set of elements, empty at first. A request of no known kind asks whether the set contains the element.
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
