package service_test

import (
	"strings"
	"testing"

	"synod/consistency"
	"synod/consistency/oplog"
	"synod/spawn/jsonwire"
	"synod/spawn/service"
)

// A counter: add answers what it holds then, look what it holds.
type (
	in      struct{ Add, Random uint64 }
	request struct{ Number, Add uint64 }
	answer  struct{ Number, Held uint64 }
	message interface{ message() }
)

func (request) message() {}
func (answer) message()  {}

func config() service.Config[uint64, in, uint64, message] {
	return service.Config[uint64, in, uint64, message]{
		Object: consistency.Spec[uint64, in, uint64]{
			Name: "counter", Step: func(held uint64, i in) (uint64, uint64) { return held + i.Add, held + i.Add },
		},
		Operations: []service.Operation[in]{
			{
				Name: "add", Arguments: []string{"NUMBER"},
				Parse: func(args []string) (in, error) { return in{Add: uint64(len(args[0]))}, nil },
				Draw:  func(d service.Draw) in { return in{Add: 1, Random: d.Random} },
			},
			{Name: "look", Reads: true},
		},
		Wire:    jsonwire.Must([]message{request{}}, []message{answer{}}),
		Request: func(number uint64, i in) message { return request{number, i.Add} },
		Answer: func(m message) (uint64, uint64, bool) {
			a, ok := m.(answer)
			return a.Number, a.Held, ok
		},
	}
}

// TestCustom goes from words to a request, from an answer to a history, and judges that.
func TestCustom(t *testing.T) {
	s := service.Must(config())
	add, err := s.Parse("add", []string{"xxx"})
	if err != nil {
		t.Fatal(err)
	}
	data, err := s.Append(nil, 7, add)
	if err != nil || string(data) != `{"request":{"number":7,"add":3}}` {
		t.Errorf("%s, %v", data, err)
	}
	for _, other := range []string{string(data), `{"answer":{"number":7}}`, ``} {
		if a, ok := s.Answer([]byte(other)); ok {
			t.Errorf("%q answers %v", other, a)
		}
	}
	a, ok := s.Answer([]byte(`{"answer":{"number":7,"held":3}}`))
	if a.Number != 7 || !ok || s.Print("here", add, a.Out) != "3" {
		t.Errorf("%+v, %v", a, ok)
	}
	if e := s.Invoked(add); e.Op != oplog.Call || e.Value != oplog.Compound([]byte(`{"add":{"add":3,"random":0}}`)) {
		t.Errorf("%+v", e)
	}
	look, err := s.Parse("look", nil)
	if err != nil || !look.Reads || add.Reads {
		t.Errorf("%+v, %v", look, err)
	}
	for held, want := range map[uint64]consistency.Outcome{3: consistency.Holds, 4: consistency.Violated} {
		invoked := []oplog.Event{s.Invoked(add), s.Told(add, uint64(3)), s.Invoked(look), s.Told(look, held)}
		r, err := oplog.Check(t.Context(), oplog.History{Events: invoked}, s.Check())
		if err != nil || r.Outcome != want {
			t.Errorf("%d: %v, %v; want %v", held, r.Outcome, err, want)
		}
	}
}

// TestDraw makes sure that what is drawn reads if it is to and can, and depends on chance alone.
func TestDraw(t *testing.T) {
	s := service.Must(config())
	if !s.Draw(true, service.Draw{Random: 8}).Reads || s.Draw(false, service.Draw{Random: 8}).Reads {
		t.Error("another kind of operation was drawn")
	}
	c := config()
	c.Operations = c.Operations[:1]
	if call := service.Must(c).Draw(true, service.Draw{Random: 8}); call.Reads || call.Operation != 0 {
		t.Errorf("%+v", call)
	}
}

func TestRefused(t *testing.T) {
	s := service.Must(config())
	for _, words := range [][]string{{"subtract"}, {"add"}, {"add", "1", "2"}, {"look", "1"}} {
		if _, err := s.Parse(words[0], words[1:]); err == nil {
			t.Errorf("%q is taken", words)
		}
	}
	for want, change := range map[string]func(*service.Config[uint64, in, uint64, message]){
		"without an Object":     func(c *service.Config[uint64, in, uint64, message]) { c.Object.Step = nil },
		"without Operations":    func(c *service.Config[uint64, in, uint64, message]) { c.Operations = nil },
		"requires Wire":         func(c *service.Config[uint64, in, uint64, message]) { c.Wire = nil },
		"lower case and unique": func(c *service.Config[uint64, in, uint64, message]) { c.Operations[1].Name = "add" },
		"arguments, but no Pa":  func(c *service.Config[uint64, in, uint64, message]) { c.Operations[0].Parse = nil },
	} {
		c := config()
		change(&c)
		if _, err := service.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}
