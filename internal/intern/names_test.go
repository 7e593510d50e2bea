package intern

import (
	"bytes"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestNames holds the names in encodings to what they are, of every kind of type: keys and fingerprints of saved
// traces are made of them.
func TestNames(t *testing.T) {
	for want, typ := range map[string]reflect.Type{
		"int":                          reflect.TypeFor[int](),
		"intern.put":                   reflect.TypeFor[put](),
		"intern.message":               reflect.TypeFor[message](),
		"*intern.put":                  reflect.TypeFor[*put](),
		"map[intern.scalar][]*[2]bool": reflect.TypeFor[map[scalar][]*[2]bool](),
		"struct {}":                    reflect.TypeFor[struct{}](),
		`struct { A int "json:\"a/b\""; b net/netip.Addr; *intern.put }`: reflect.TypeFor[struct {
			A int `json:"a/b"`
			b netip.Addr
			*put
		}](),
		"[]interface {}": reflect.TypeFor[[]any](),
		"[]error":        reflect.TypeFor[[]error](),
		"[]interface { F(int, ...intern.put) (bool, string); g() }": reflect.TypeFor[[]interface {
			F(int, ...put) (bool, string)
			g()
		}](),
		"*func(*intern.put)": reflect.TypeFor[*func(*put)](),
		"time.Duration":      reflect.TypeFor[time.Duration](),
		"net/netip.Addr":     reflect.TypeFor[netip.Addr](),
		"./bytes.Buffer":     reflect.TypeFor[bytes.Buffer](),
		"intern.generic[map[intern.scalar]net/netip.Addr]": reflect.TypeFor[generic[map[scalar]netip.Addr]](),
		"intern.generic[intern.generic[*./bytes.Buffer]]":  reflect.TypeFor[generic[generic[*bytes.Buffer]]](),
	} {
		if got := string(appendName(nil, typ)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestLocalNames requires a type that is declared in a function to be named by the number that the compiler gave it,
// which stands in the names of generic types too.
func TestLocalNames(t *testing.T) {
	if !knowsLocal {
		t.Fatal("the compiler hashes types in another way than names.go believes: see cmd/compile/internal/types.TypeHash")
	}
	name := func(typ reflect.Type) string { return string(appendName(nil, typ)) }
	var all []string
	for _, typ := range []reflect.Type{reflect.TypeOf(local1()), reflect.TypeOf(local2())} {
		n := name(typ)
		if base, number, ok := strings.Cut(n, "·"); !ok || base != "intern.twin" || strings.Trim(number, "0123456789") != "" {
			t.Errorf("a local type is called %s", n)
		}
		all = append(all, n)
	}
	if all[0] == all[1] {
		t.Errorf("two local types are called %s", all[0])
	}
	type inner struct{ A int }
	if got, want := name(reflect.TypeFor[generic[inner]]()), "intern.generic["+name(reflect.TypeFor[inner]())+"]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := walkerOf[any](t).Text(inner{1}); got != "intern.inner{A:1}" {
		t.Errorf("text for people: %s", got)
	}
}
