package consistency

import (
	"reflect"
	"testing"
)

func TestStrictlyComparable(t *testing.T) {
	t.Parallel()
	type pair struct {
		A int
		B string
	}
	for v, want := range map[reflect.Type]bool{
		reflect.TypeFor[int]():                           true,
		reflect.TypeFor[float64]():                       true,
		reflect.TypeFor[pair]():                          true,
		reflect.TypeFor[[2]pair]():                       true,
		reflect.TypeFor[RegisterOutput[string]]():        true,
		reflect.TypeFor[any]():                           false,
		reflect.TypeFor[*int]():                          false,
		reflect.TypeFor[[]int]():                         false,
		reflect.TypeFor[map[int]int]():                   false,
		reflect.TypeFor[func()]():                        false,
		reflect.TypeFor[[2]any]():                        false,
		reflect.TypeFor[struct{ p *int }]():              false,
		reflect.TypeFor[RegisterOutput[[]int]]():         false,
		reflect.TypeFor[struct{ a struct{ b []int } }](): false,
	} {
		if got := strictlyComparable(v); got != want {
			t.Errorf("%v: %v", v, got)
		}
	}
	if !equality[any]()([]int{1}, []int{1}) || equality[any]()([]int{1}, []int{2}) || !equality[int]()(1, 1) {
		t.Error("equality does not go by content")
	}
}
