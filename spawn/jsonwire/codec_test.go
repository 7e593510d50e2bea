package jsonwire

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"synod/actor"
	"synod/internal/strictjson"
)

type message interface{ message() }

type shade interface{ shade() }

type (
	ping   struct{}
	Number int
	plain  struct {
		Bool    bool
		Name    string
		I8      int8
		I64     int64
		U16     uint16
		U64     uint64
		Numbers []Number
		Pair    [2]uint32
		Named   int `json:"other_name"`
	}
	nested struct {
		To     *plain
		ByName map[string]plain
		ByID   map[int16][]string
		Colour shade
		Tree   *nested
	}
	list_  []string
	boxed  struct{ To *int32 }
	steady struct {
		Names  actor.List[string]
		ByNode named
	}
	named struct {
		actor.Map[Node, actor.List[actor.List[int8]]]
	}
	Node   uint64
	light  struct{ Level uint8 }
	dark   struct{}
	answer struct{ ServerID, LastHTTPCode uint32 }
)

func (ping) message()   {}
func (plain) message()  {}
func (nested) message() {}
func (list_) message()  {}
func (boxed) message()  {}
func (steady) message() {}
func (answer) message() {}
func (*light) message() {}
func (light) shade()    {}
func (dark) shade()     {}

var codec = Must[message](
	[]message{ping{}, plain{}}, []message{nested{}, list_(nil), boxed{}, answer{}, steady{}},
	UnionOf[shade](light{}, dark{}),
)

func pointer[T any](v T) *T { return &v }

// TestForms compares messages with their forms, both ways.
func TestForms(t *testing.T) {
	for _, tt := range []struct {
		m    message
		text string
	}{
		{ping{}, `{"ping":{}}`},
		{answer{ServerID: 3, LastHTTPCode: 404}, `{"answer":{"server_id":3,"last_http_code":404}}`},
		{list_{"a", "\"\\\n\x01é"}, `{"list_":["a","\"\\\n\u0001é"]}`},
		{list_(nil), `{"list_":[]}`},
		{boxed{}, `{"boxed":{"to":null}}`},
		{steady{}, `{"steady":{"names":[],"by_node":{}}}`},
		{
			steady{
				Names: actor.ListOf("a", ""),
				ByNode: named{actor.Map[Node, actor.List[actor.List[int8]]]{}.
					With(10, actor.ListOf(actor.ListOf[int8](1, -2), actor.List[int8]{})).With(9, actor.List[actor.List[int8]]{})},
			},
			`{"steady":{"names":["a",""],"by_node":{"9":[],"10":[[1,-2],[]]}}}`,
		},
		{boxed{pointer[int32](-5)}, `{"boxed":{"to":-5}}`},
		{
			plain{true, "x", math.MinInt8, math.MinInt64, math.MaxUint16, math.MaxUint64, []Number{1, -2}, [2]uint32{7, 8}, 9},
			`{"plain":{"bool":true,"name":"x","i8":-128,"i64":-9223372036854775808,"u16":65535,"u64":18446744073709551615,` +
				`"numbers":[1,-2],"pair":[7,8],"other_name":9}}`,
		},
		{
			nested{ByID: map[int16][]string{10: {"b"}, -2: nil, 3: {"a"}}, Colour: light{4}, Tree: &nested{Colour: dark{}}},
			`{"nested":{"to":null,"by_name":{},"by_id":{"-2":[],"3":["a"],"10":["b"]},"colour":{"light":{"level":4}},` +
				`"tree":{"to":null,"by_name":{},"by_id":{},"colour":{"dark":{}},"tree":null}}}`,
		},
	} {
		data, err := codec.Append([]byte("before"), tt.m)
		if err != nil || string(data) != "before"+tt.text {
			t.Errorf("%+v is written as %s, %v; want %s", tt.m, data, err, tt.text)
		}
		m, err := codec.Decode([]byte(tt.text))
		if err != nil || !reflect.DeepEqual(m, tt.m) {
			t.Errorf("%s is read as %+v, %v; want %+v", tt.text, m, err, tt.m)
		}
	}
	m, err := codec.Decode([]byte(" {\"answer\" : {\"last_http_code\":1,\n\"server_id\": 2 } }"))
	if err != nil || m != (answer{2, 1}) {
		t.Errorf("in another order: %+v, %v", m, err)
	}
	if !codec.Open(ping{}) || !codec.Open(plain{}) || codec.Open(answer{}) || codec.Open(nil) || !codec.JSON() {
		t.Error("clients may send pings and plain messages, and nothing else")
	}
}

func TestRefused(t *testing.T) {
	for _, text := range []string{
		``, `null`, `1`, `"ping"`, `{}`, `{"Ping":{}}`, `{"pong":{}}`, `{"ping":null}`, `{"ping":[]}`, `{"ping":{"x":1}}`,
		`{"ping":{}} x`, `{"ping":{},"ping":{}}`,
		`{"answer":{"server_id":1}}`, `{"answer":{"server_id":1,"server_id":1,"last_http_code":1}}`,
		`{"answer":{"Server_id":1,"last_http_code":1}}`, `{"answer":{"server_id":4294967296,"last_http_code":1}}`,
		`{"answer":{"server_id":-1,"last_http_code":1}}`, `{"answer":{"server_id":1.0,"last_http_code":1}}`,
		`{"answer":{"server_id":1,"last_http_code":1,"more":1}}`, `{"list_":["\ud800"]}`, "{\"list_\":[\"\xff\"]}", `{"list_":[1]}`,
		`{"boxed":{"to":2147483648}}`, `{"boxed":{"to":-2147483649}}`, `{"boxed":{"to":-0}}`, `{"boxed":{"to":-}}`,
		`{"steady":{"names":[1],"by_node":{}}}`, `{"steady":{"names":[],"by_node":{"-1":[]}}}`,
		`{"steady":{"names":[],"by_node":{"1":[],"1":[]}}}`, `{"steady":{"names":null,"by_node":{}}}`,
		`{"nested":{"to":null,"by_name":{},"by_id":{"03":[]},"colour":null,"tree":null}}`,
		`{"nested":{"to":null,"by_name":{},"by_id":{"3":[],"3":[]},"colour":null,"tree":null}}`,
		`{"nested":{"to":null,"by_name":{},"by_id":{"40000":[]},"colour":null,"tree":null}}`,
		`{"nested":` + strings.Repeat(`{"to":null,"by_name":{},"by_id":{},"colour":null,"tree":`, 200) + `null` + strings.Repeat("}", 201),
	} {
		m, err := codec.Decode([]byte(text))
		var wrong *Error
		if m != nil || !errors.As(err, &wrong) {
			t.Errorf("%.60s is read as %v, %v", text, m, err)
		}
	}
	around := &nested{}
	around.Tree = around
	for name, m := range map[string]message{
		"nil": nil, "another": &light{}, "around": *around, "bytes": list_{"\xff"},
	} {
		if data, err := codec.Append(nil, m); err == nil {
			t.Errorf("%s is written as %.60s", name, data)
		}
	}
}

type (
	hidden  struct{ x int } //nolint:unused // Reflection finds it.
	dropped struct {
		X int `json:"-"`
	}
	twice struct {
		X int
		Y int `json:"x"`
	}
	function struct{ F func() }
	float    struct{ F float64 }
	unknown  struct{ S shade }
	pointers struct{ P **int }
	keyed    struct{ M map[[2]int]int }
)

func (hidden) message()   {}
func (dropped) message()  {}
func (twice) message()    {}
func (function) message() {}
func (float) message()    {}
func (unknown) message()  {}
func (pointers) message() {}
func (keyed) message()    {}

// TestNoForm makes sure that what would not come back the same is refused when the codec is made.
func TestNoForm(t *testing.T) {
	for m, want := range map[message]string{
		hidden{}: "the field x of jsonwire.hidden is not exported", dropped{}: "is left out by its tag",
		twice{}: `has two fields "x"`, &function{}: "cannot be encoded", float{}: "cannot be encoded",
		unknown{}: "the interface jsonwire.shade: expected a UnionOf", pointers{}: "null would stand for two values",
		&keyed{}: "map keys must be strings or integers", &light{}: "has no name",
	} {
		if f, ok := m.(*function); ok {
			m = *f
		}
		if k, ok := m.(*keyed); ok {
			m = *k
		}
		if _, err := New([]message{m}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%T: %v; want %q", m, err, want)
		}
	}
	if _, err := New[message](nil, nil); err == nil {
		t.Error("a codec of nothing")
	}
	if _, err := New([]message{nil}, nil); err == nil {
		t.Error("a codec of nil")
	}
	if c, err := New([]plain{{}}, nil); err != nil || !c.Open(plain{}) {
		t.Errorf("a single type of messages: %v", err)
	}
}

// FuzzDecode makes sure that what is read is JSON, and comes back the same from how it is written.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"ping":{}}`, `{"answer":{"server_id":3,"last_http_code":404}}`, `{"list_":["a","é\n"]}`, `{"boxed":{"to":-5}}`,
		`{"plain":{"bool":true,"name":"x","i8":-1,"i64":-9,"u16":6,"u64":7,"numbers":[1,-2],"pair":[7,8],"other_name":9}}`,
		`{"nested":{"to":null,"by_name":{},"by_id":{"-2":[],"3":["a"]},"colour":{"light":{"level":4}},"tree":null}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := codec.Decode(data)
		if err != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatalf("%q is not JSON, and read as %v", data, m)
		}
		text, err := codec.Append(nil, m)
		if err != nil || !json.Valid(text) || !strictjson.FitsKnown(text) {
			t.Fatalf("%v is written as %s, %v", m, text, err)
		}
		again, err := codec.Decode(text)
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Fatalf("%s is read as %v, %v; want %v", text, again, err, m)
		}
	})
}

// TestStandard compares with encoding/json on random values: both write the same values.
func TestStandard(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		m := plain{
			Bool: random.IntN(2) == 0, Name: strings.Repeat("aé\"\n<", random.IntN(4)), I8: int8(random.Int()),
			I64: random.Int64() - random.Int64(), U16: uint16(random.Uint32()), U64: random.Uint64(),
			Pair: [2]uint32{random.Uint32(), random.Uint32()}, Named: random.Int(),
		}
		for range random.IntN(9) {
			m.Numbers = append(m.Numbers, Number(random.Int()))
		}
		data, err := codec.Append(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := codec.Decode(data)
		if err != nil || !reflect.DeepEqual(again, message(m)) {
			t.Fatalf("%s is read as %+v, %v", data, again, err)
		}
		var standard struct{ Plain plain }
		var loose map[string]map[string]any
		if err := json.Unmarshal(data, &loose); err != nil || len(loose["plain"]) != 9 || json.Unmarshal(data, &standard) != nil ||
			standard.Plain.Name != m.Name || standard.Plain.U64 != m.U64 || !reflect.DeepEqual(standard.Plain.Numbers, append([]Number{}, m.Numbers...)) {
			t.Fatalf("%s is read by encoding/json as %+v, %v", data, standard, err)
		}
	}
}

// TestRecords takes a value apart and puts it together.
func TestRecords(t *testing.T) {
	kept := plain{Name: "x", I8: -3, Numbers: []Number{5}}
	r := MustRecords[plain]()
	all, err := r.Split(kept)
	if err != nil || len(all) != 9 || all[0].Name != "bool" || string(all[3].Data) != `"x"` {
		t.Fatalf("%s, %v", all, err)
	}
	got, err := r.Join(all)
	if err != nil || !reflect.DeepEqual(got, kept) {
		t.Errorf("%+v, %v; want %+v", got, err, kept)
	}
	if _, err := r.Join(all[1:]); err == nil {
		t.Error("a record is missing, and it does not matter")
	}
	all[0].Data = []byte("maybe")
	if _, err := r.Join(all); err == nil {
		t.Error("a record is damaged, and it does not matter")
	}
	if _, err := r.Split(3); err == nil {
		t.Error("another type is taken")
	}
	whole := MustRecords[[]string]()
	all, err = whole.Split([]string{"a"})
	if err != nil || len(all) != 1 || all[0].Name != "kept" || string(all[0].Data) != `["a"]` {
		t.Errorf("%s, %v", all, err)
	}
}

func BenchmarkAppend(b *testing.B) {
	m := message(plain{Name: "a name", Numbers: []Number{1, 2, 3}})
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		dst, _ = codec.Append(dst[:0], m)
	}
}

func BenchmarkDecode(b *testing.B) {
	data, err := codec.Append(nil, plain{Name: "a name", Numbers: []Number{1, 2, 3}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}
