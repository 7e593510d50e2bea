package intern

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// checkBoxed holds the walker of boxed values to the one of the type itself, operation by operation.
func checkBoxed[T any](t *testing.T) {
	t.Helper()
	plain := walkerOf[T](t)
	boxed, err := Boxed(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	t.Run(reflect.TypeFor[T]().String(), parallel(func(t *rapid.T) {
		a, b := draw[T](t), draw[T](t)
		if rapid.Bool().Draw(t, "near") {
			b = plain.Copy(a)
			change(t, reflect.ValueOf(&b).Elem(), 5)
		}
		x, y := any(a), any(b)
		for what, answers := range map[string][2]any{
			"equal":      {boxed.Equal(x, y), plain.Equal(a, b)},
			"itself":     {boxed.Equal(x, x), true},
			"hash":       {boxed.Hash(x), plain.Hash(a)},
			"encoding":   {string(boxed.Encode(nil, x)), string(plain.Encode(nil, a))},
			"text":       {boxed.Text(x), plain.Text(a)},
			"brief":      {boxed.Brief(x), plain.Brief(a)},
			"difference": {boxed.Diff(x, y), plain.Diff(a, b)},
			"tree":       {boxed.Tree(x, 50), plain.Tree(a, 50)},
			"check":      {boxed.Check(x), plain.Check(a)},
			"changeable": {boxed.Changeable(x), plain.Changeable(a)},
			"flat":       {boxed.Flat(), plain.Flat()},
		} {
			if !reflect.DeepEqual(answers[0], answers[1]) {
				t.Errorf("%s: %v boxed, %v plain", what, answers[0], answers[1])
			}
		}
		before := plain.Hash(a)
		c := boxed.Copy(x)
		if !boxed.Equal(x, c) {
			t.Errorf("copy of %s is %s", boxed.Text(x), boxed.Text(c))
		}
		held, _ := c.(T)
		scribble(reflect.ValueOf(&held).Elem())
		if boxed.Hash(x) != before {
			t.Errorf("scribbling over a copy changed the original to %s", boxed.Text(x))
		}
	}))
}

func TestBoxed(t *testing.T) {
	checkBoxed[state](t)
	checkBoxed[shapes](t)
	checkBoxed[message](t)
	checkBoxed[any](t)
	checkBoxed[*state](t)
	checkBoxed[boxed](t)
	checkBoxed[batch](t)
	checkBoxed[map[any]any](t)
	checkBoxed[flat](t)
	checkBoxed[string](t)
	checkBoxed[bool](t)
	checkBoxed[struct{}](t)
	checkBoxed[time.Time](t)
	checkBoxed[[1]*int](t)
}

// An error says where in the type itself the fault lies, not in an interface.
func TestBoxedErrors(t *testing.T) {
	type faulty struct{ F any }
	w, err := Boxed(reflect.TypeFor[faulty]())
	if err != nil {
		t.Fatal(err)
	}
	want := walkerOf[faulty](t).Check(faulty{func() {}}).Error()
	if got := w.Check(faulty{func() {}}); got == nil || got.Error() != want {
		t.Errorf("%v, want %s", got, want)
	}
	if _, err := Boxed(reflect.TypeFor[chan int]()); err == nil {
		t.Error("channels can be walked")
	}
}

// Tables of boxed values give the same numbers and fields, and tell of the memory of the boxes.
func TestBoxedTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain, err := NewTable[state]()
		if err != nil {
			t.Fatal(err)
		}
		w, err := Boxed(reflect.TypeFor[state]())
		if err != nil {
			t.Fatal(err)
		}
		boxed := NewTableOf(w)
		for range 20 {
			v := draw[state](t)
			if rapid.Bool().Draw(t, "known") && plain.Len() > 0 {
				v = plain.Value(uint32(rapid.IntRange(0, plain.Len()-1).Draw(t, "which")))
			}
			id, fresh := plain.InternCopy(v)
			if got, isFresh := boxed.InternCopy(v); got != id || isFresh != fresh {
				t.Fatalf("interned as %d %v boxed, %d %v plain", got, isFresh, id, fresh)
			}
		}
		if got, want := boxed.Fields(10), plain.Fields(10); !reflect.DeepEqual(got, want) {
			t.Errorf("fields %v boxed, %v plain", got, want)
		}
		if id, ok := boxed.Verify(); !ok {
			t.Errorf("value %d was changed", id)
		}
		box := int64(reflect.TypeFor[state]().Size())
		if slack := int64(16*64) * 8; boxed.Bytes() < int64(boxed.Len())*box || boxed.Bytes() > plain.Bytes()+slack {
			t.Errorf("%d bytes boxed, %d plain", boxed.Bytes(), plain.Bytes())
		}
	})
}
