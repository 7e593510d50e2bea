package reference

import (
	"math"
	"reflect"
	"testing"
)

type inner struct {
	list []int
	Map  map[string]*int
}

type outer struct {
	Inner  inner
	hidden any
	Array  [2]*inner
	Float  float64
}

// TestDump tells values apart that are easily taken for equal, and takes equal ones for equal.
func TestDump(t *testing.T) {
	one, uno := 1, 1
	values := []any{
		nil, 0, int8(0), uint(0), "0", false, 0.0, math.Copysign(0, -1), "", []int(nil),
		[]int{},
		[0]int{},
		map[int]int(nil),
		map[int]int{},
		map[int]int{0: 0},
		(*int)(nil), &one,
		[]any{1, "1"},
		[]any{"1", 1},
		[]any{nil},
		[]string{"a b"},
		[]string{"a", "b"},
		[]string{`a" "b`},
		inner{},
		inner{list: []int{}},
		&inner{},
		outer{},
		outer{hidden: 1},
		outer{hidden: int64(1)},
		outer{Array: [2]*inner{{}, nil}},
		outer{Array: [2]*inner{nil, {}}},
		map[string]int{"a": 1, "b": 2},
		map[string]int{"a": 2, "b": 1},
		map[string]string{"a": `1" "b`},
	}
	seen := make(map[string]any)
	for _, v := range values {
		key := Dump(v)
		if other, known := seen[key]; known {
			t.Errorf("%#v and %#v both read %s", v, other, key)
		}
		seen[key] = v
	}
	for range 20 {
		a := map[string]*int{"a": &one, "b": &one, "c": nil}
		b := map[string]*int{"c": nil, "b": &uno, "a": &uno}
		if Dump(a) != Dump(b) {
			t.Fatalf("%s and %s", Dump(a), Dump(b))
		}
	}
}

// TestClone changes a copy everywhere; the original stays as it was.
func TestClone(t *testing.T) {
	n := 1
	original := func() outer {
		return outer{
			Inner:  inner{list: []int{1}, Map: map[string]*int{"a": &n}},
			hidden: []int{1}, Array: [2]*inner{{list: []int{}}, nil}, Float: math.NaN(),
		}
	}
	o := original()
	c := clone(o)
	if Dump(o) != Dump(c) {
		t.Fatalf("%s became %s", Dump(o), Dump(c))
	}
	c.Inner.list[0]++
	*c.Inner.Map["a"]++
	c.Inner.Map["b"] = nil
	c.hidden.([]int)[0]++
	c.Array[0].list = nil
	if Dump(o) != Dump(original()) {
		t.Errorf("the original was changed: %s", Dump(o))
	}
	if m := (inner{Map: map[string]*int{}}); !reflect.DeepEqual(clone(m), m) {
		t.Error("an empty map became something else")
	}
}
