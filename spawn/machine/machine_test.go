package machine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"synod/actor"
	"synod/spawn/machine"
	"synod/storage"
)

// script is an actor that does what it is told: a message is a list of words, "send 2 x", "set t 5 7", "cancel t",
// "choose a b", "keep x", "forget" and "volatile x", separated by semicolons.
type script struct{}

// notes are its state: everything that happened, and what it keeps by name.
type notes struct {
	Log  []string
	Kept map[string]string
}

func (script) Start(actor.ID, *actor.Out[string]) notes { return notes{Log: []string{"start"}} }

func (script) Receive(_ actor.ID, st notes, from actor.ID, msg string, out *actor.Out[string]) notes {
	st.Log = append(st.Log, fmt.Sprintf("%v: %s", from, msg))
	for command := range strings.SplitSeq(msg, ";") {
		words := strings.Fields(command)
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "send":
			to, _ := strconv.ParseUint(words[1], 10, 64)
			out.Send(actor.ID(to), words[2])
		case "set":
			least, _ := time.ParseDuration(words[2])
			most, _ := time.ParseDuration(words[3])
			out.SetTimer(words[1], least, most)
		case "cancel":
			out.CancelTimer(words[1])
		case "choose":
			var options []actor.Option
			for _, w := range words[1:] {
				options = append(options, w)
			}
			out.Choose(options...)
		case "keep":
			if st.Kept == nil {
				st.Kept = map[string]string{}
			}
			st.Kept[words[1]] = words[2]
		case "forget":
			delete(st.Kept, words[1])
		}
	}
	return st
}

func (script) Timeout(_ actor.ID, st notes, timer actor.Timer, out *actor.Out[string]) notes {
	st.Log = append(st.Log, fmt.Sprint("timeout ", timer))
	out.Send(9, fmt.Sprint(timer))
	return st
}

func (script) Chosen(_ actor.ID, st notes, o actor.Option, _ *actor.Out[string]) notes {
	st.Log = append(st.Log, fmt.Sprint("chosen ", o))
	return st
}

func keep(st notes) map[string]string { return st.Kept }

func recovered(_ actor.ID, kept map[string]string, out *actor.Out[string]) notes {
	out.SetTimer("again", 0, 0)
	return notes{Log: []string{"recover"}, Kept: kept}
}

// plain is the form of its messages: themselves, but for those that begin with bad.
type plain struct{}

func (plain) Append(dst []byte, m string) ([]byte, error) {
	if m == "unspeakable" {
		return dst, errors.New("there are no words")
	}
	return append(dst, m...), nil
}

func (plain) Decode(data []byte) (string, error) {
	if strings.HasPrefix(string(data), "bad") {
		return "", errors.New("expected something else")
	}
	return string(data), nil
}

func (plain) Open(m string) bool { return !strings.HasPrefix(m, "internal") }

// entries is the form of what it keeps: one record for each name.
type entries struct{}

func (entries) Split(kept any) ([]storage.Record, error) {
	var all []storage.Record
	for name, data := range kept.(map[string]string) {
		all = append(all, storage.Record{Name: name, Data: []byte(data)})
	}
	slices.SortFunc(all, func(a, b storage.Record) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func (entries) Join(records []storage.Record) (any, error) {
	kept := map[string]string{}
	for _, r := range records {
		if r.Name == "bad" {
			return nil, errors.New("expected another name")
		}
		kept[r.Name] = string(r.Data)
	}
	return kept, nil
}

func newMachine(durable bool) *machine.Machine[notes, string] {
	s := script{}
	c := machine.Config[notes, string]{
		Self: 1, Servers: []actor.ID{1, 2},
		Actor: actor.New[notes, string](s, actor.Timers(s.Timeout), actor.Choices(s.Chosen), actor.Durable(keep, recovered)),
		Wire:  plain{}, Random: rand.NewPCG(1, 1),
	}
	if durable {
		c.Records = entries{}
	}
	return machine.New(c)
}

// show writes effects as a line.
func show(e machine.Effects) string {
	var b strings.Builder
	for _, r := range e.Save {
		if r.Data == nil {
			fmt.Fprintf(&b, "erase %s; ", r.Name)
		} else {
			fmt.Fprintf(&b, "save %s=%s; ", r.Name, r.Data)
		}
	}
	for _, m := range e.Send {
		fmt.Fprintf(&b, "send %v %s; ", m.To, m.Data)
	}
	for _, a := range e.Arm {
		fmt.Fprintf(&b, "arm %v %v; ", a.Timer, a.At)
	}
	for _, t := range e.Disarm {
		fmt.Fprintf(&b, "disarm %v; ", t)
	}
	fmt.Fprintf(&b, "%d drawn", len(e.Drawn))
	return b.String()
}

func receive(t *testing.T, m *machine.Machine[notes, string], now time.Duration, text string) machine.Effects {
	t.Helper()
	e, err := m.Step(machine.Event{Kind: machine.Receive, From: 2, Data: []byte(text)}, now)
	if err != nil || e.Rejected != nil {
		t.Fatalf("%s: %v, %v", text, err, e.Rejected)
	}
	return e
}

func TestEffects(t *testing.T) {
	m := newMachine(true)
	if e, err := m.Step(machine.Event{Kind: machine.Start}, 0); err != nil || show(e) != "0 drawn" {
		t.Fatalf("start: %s, %v", show(e), err)
	}
	for _, tt := range []struct{ text, want string }{
		{"keep a 1; keep b 2; send 3 hello; send 2 x", "save a=1; save b=2; send 3 hello; send 2 x; 0 drawn"},
		{"keep b 3", "save b=3; 0 drawn"},
		{"keep b 3; send 1 self", "send 1 self; 0 drawn"},
		{"forget a; keep c 1", "erase a; save c=1; 0 drawn"},
		{"set t 5ms 5ms; set u 1ms 1ms", "arm t 15ms; arm u 11ms; 0 drawn"},
		{"cancel u; cancel u", "disarm u; 0 drawn"},
	} {
		if got := show(receive(t, m, 10*time.Millisecond, tt.text)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.text, got, tt.want)
		}
	}
}

func TestTimers(t *testing.T) {
	m := newMachine(false)
	next := func(now time.Duration) string {
		e, ok := m.Next(now)
		if !ok {
			return ""
		}
		effects, err := m.Step(e, now)
		if err != nil || e.Kind != machine.Timeout {
			t.Fatal(e, err)
		}
		return show(effects)
	}
	if due, ok := m.Due(); ok {
		t.Errorf("due at %v before anything", due)
	}
	receive(t, m, 0, "set late 9ms 9ms; set a 5ms 5ms; set b 5ms 5ms; set again 1ms 1ms; set again 7ms 7ms")
	if due, ok := m.Due(); !ok || due != 5*time.Millisecond {
		t.Errorf("due at %v, %v", due, ok)
	}
	if got := next(4 * time.Millisecond); got != "" {
		t.Errorf("too early: %s", got)
	}
	for _, want := range []string{"a", "b", "again", "late", ""} {
		if want != "" {
			want = "send 9 " + want + "; 0 drawn"
		}
		if got := next(time.Second); got != want {
			t.Errorf("next is %q, want %q", got, want)
		}
	}
}

// TestRange draws many durations, which all lie in their range and are not all the same.
func TestRange(t *testing.T) {
	m := newMachine(false)
	seen := map[time.Duration]bool{}
	for range 200 {
		e := receive(t, m, time.Second, "set t 2ns 5ns")
		seen[e.Arm[0].At-time.Second] = true
	}
	if len(seen) != 4 || !seen[2] || !seen[5] {
		t.Errorf("durations %v, want 2, 3, 4 and 5 ns", seen)
	}
	if e := receive(t, m, 0, "set t -5ns -3ns"); e.Arm[0].At != 0 {
		t.Errorf("a negative duration is %v", e.Arm[0].At)
	}
	if e := receive(t, m, 0, "set t 5ns 3ns"); e.Arm[0].At != 5 {
		t.Errorf("a range from 5 to 3 is %v", e.Arm[0].At)
	}
}

func TestChoices(t *testing.T) {
	m := newMachine(false)
	seen := map[string]int{}
	for range 200 {
		if e := receive(t, m, 0, "choose a b c; choose x"); len(e.Drawn) != 2 {
			t.Fatalf("drawn %v", e.Drawn)
		}
		if due, ok := m.Due(); !ok || due != 0 {
			t.Fatalf("due at %v, %v", due, ok)
		}
		for range 2 {
			e, ok := m.Next(0)
			if !ok || e.Kind != machine.Choice {
				t.Fatal(e, ok)
			}
			if _, err := m.Step(e, 0); err != nil {
				t.Fatal(err)
			}
			seen[fmt.Sprint(e.Option)]++
		}
	}
	if len(seen) != 4 || seen["x"] != 200 || seen["a"] < 30 || seen["b"] < 30 || seen["c"] < 30 {
		t.Errorf("chosen: %v", seen)
	}
	if e, ok := m.Next(0); ok {
		t.Errorf("one more: %v", e)
	}
}

func TestRecover(t *testing.T) {
	records := []storage.Record{{Name: "a", Data: []byte("1")}, {Name: "b", Data: []byte("2")}}
	m := newMachine(true)
	e, err := m.Step(machine.Event{Kind: machine.Recover, Records: records}, time.Second)
	if err != nil || show(e) != "arm again 1s; 0 drawn" {
		t.Fatalf("recover: %s, %v", show(e), err)
	}
	if got := show(receive(t, m, 0, "keep b 3")); got != "save b=3; 0 drawn" {
		t.Errorf("after recovery: %s", got)
	}
	if _, err := newMachine(true).Step(machine.Event{
		Kind: machine.Recover, Records: []storage.Record{{Name: "bad"}},
	}, 0); err == nil {
		t.Error("odd records were taken")
	}
	m = newMachine(false)
	if _, err := m.Step(machine.Event{Kind: machine.Recover}, 0); err != nil || m.State().Log[0] != "start" {
		t.Errorf("without records: %v, %v", m.State(), err)
	}
}

func TestRejected(t *testing.T) {
	m := newMachine(true)
	if _, err := m.Step(machine.Event{Kind: machine.Start}, 0); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		from actor.ID
		text string
		want machine.Reason
		ok   bool
	}{
		{2, "internal", 0, true},
		{3, "internal", machine.Stranger, false},
		{3, "open", 0, true},
		{2, "bad", machine.Unknown, false},
		{2, strings.Repeat("x", machine.MaxMessage), 0, true},
		{2, strings.Repeat("x", machine.MaxMessage+1), machine.TooLarge, false},
	} {
		before := len(m.State().Log)
		e, err := m.Step(machine.Event{Kind: machine.Receive, From: tt.from, Data: []byte(tt.text)}, 0)
		if err != nil || tt.ok != (e.Rejected == nil) || !tt.ok && e.Rejected.Reason != tt.want {
			t.Errorf("%.20s of %v: %v, %v", tt.text, tt.from, e.Rejected, err)
		}
		if changed := len(m.State().Log) != before; changed != tt.ok {
			t.Errorf("%.20s of %v: the state has changed: %v", tt.text, tt.from, changed)
		}
	}
}

// TestUnspeakable makes sure that nothing leaves if a message has no form.
func TestUnspeakable(t *testing.T) {
	e, err := newMachine(true).Step(machine.Event{
		Kind: machine.Receive, From: 2, Data: []byte("keep a 1; send 2 x; send 2 unspeakable"),
	}, 0)
	if err == nil || len(e.Save)+len(e.Send) > 0 {
		t.Errorf("%s, %v", show(e), err)
	}
}
