package rsm

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// dumb remembers every command by itself.
type dumb struct {
	state   []string
	answers map[ID]LogResult
	floors  map[Client]Local
	ended   map[Client]bool
}

func (d *dumb) execute(c Command[LogOp]) (Answer[LogResult], bool) {
	answer, done := d.answers[c.ID]
	switch {
	case d.ended[c.ID.Client]:
		return Answer[LogResult]{ID: c.ID, Status: Refused}, true
	case c.ID.Local < d.floors[c.ID.Client]:
		return Answer[LogResult]{ID: c.ID, Status: Old}, false
	case done:
		return Answer[LogResult]{c.ID, Executed, answer}, true
	case c.End:
		d.ended[c.ID.Client] = true
		return Answer[LogResult]{ID: c.ID, Status: Executed}, true
	}
	if c.Op.Append {
		d.state = append(d.state, c.Op.Entry)
		answer = LogResult{Length: len(d.state)}
	} else {
		answer = LogResult{len(d.state), slices.Clone(d.state)}
	}
	d.answers[c.ID] = answer
	d.floors[c.ID.Client] = max(d.floors[c.ID.Client], c.Floor)
	return Answer[LogResult]{c.ID, Executed, answer}, true
}

// loaded returns a replica as it is after it was saved.
func loaded(t *rapid.T, m Log, r Replica[[]string, LogResult]) Replica[[]string, LogResult] {
	data, err := Save(m, r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Load(m, data)
	if err != nil || !reflect.DeepEqual(again, r) {
		t.Fatalf("%+v was saved as %s, and loaded as %+v, %v", r, data, again, err)
	}
	if _, err := Load(m, append(data, ' ')); err == nil {
		t.Fatal("what Save did not make was loaded")
	}
	return again
}

// Commands that come in any order, repeated or not, are executed once, and a repeat has the first answer.
func TestExactlyOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Log{Acknowledge: true}
		replica := Start(m)
		want := dumb{answers: map[ID]LogResult{}, floors: map[Client]Local{}, ended: map[Client]bool{}}
		for slot := range Slot(rapid.IntRange(0, 40).Draw(t, "slots")) {
			id := ID{Client(rapid.IntRange(1, 3).Draw(t, "client")), Local(rapid.IntRange(0, 8).Draw(t, "local"))}
			c := Command[LogOp]{ID: id, Op: LogOp{Append: id.Local%3 != 0, Entry: id.String()}}
			c.End = rapid.IntRange(0, 30).Draw(t, "end") == 0
			c.Floor = Local(rapid.IntRange(0, int(id.Local)).Draw(t, "floor"))
			got, ok := Execute(m, slot+1, &replica, c)
			answer, answered := want.execute(c)
			if ok != answered || ok && !same(got, answer) {
				t.Fatalf("slot %v, %+v: got %+v %t, want %+v %t", slot, c, got, ok, answer, answered)
			}
			if !slices.Equal(replica.State, want.state) {
				t.Fatalf("slot %v: state %v, want %v", slot, replica.State, want.state)
			}
			replica = loaded(t, m, replica)
		}
		for client, s := range replica.Sessions {
			for l := range s.Answers {
				if l < s.Floor || !s.Done.Has(l) {
					t.Fatalf("client %v keeps the answer to %v: %+v", client, l, s)
				}
			}
		}
	})
}

func same(a, b Answer[LogResult]) bool {
	return a.ID == b.ID && a.Status == b.Status && a.Result.Length == b.Result.Length &&
		slices.Equal(a.Result.Entries, b.Result.Entries)
}

// A snapshot has all of a machine's state, and equal states have equal ones.
func TestSnapshots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m Store
		state := m.New()
		text := rapid.SampledFrom([]string{"", "a", "b", "\xff", "\x00\n\"", "é"})
		for slot := range Slot(rapid.IntRange(0, 20).Draw(t, "slots")) {
			op := StoreOp{Kind: StoreKind(rapid.IntRange(0, 3).Draw(t, "kind")), Key: text.Draw(t, "key")}
			op.Value, op.Old = text.Draw(t, "value"), text.Draw(t, "old")
			state, _, _ = m.Execute(slot, state, op)
		}
		data, err := m.Snapshot(state)
		if err != nil {
			t.Fatal(err)
		}
		restored, err := m.Restore(data)
		if err != nil {
			t.Fatal(err)
		}
		again, err := m.Snapshot(restored)
		if err != nil || string(again) != string(data) {
			t.Fatalf("%q became %q, %v", data, again, err)
		}
		for key, value := range state {
			if restored[key] != value {
				t.Fatalf("key %q: %q, want %q", key, restored[key], value)
			}
		}
		if len(restored) != len(state) {
			t.Fatalf("%d keys, want %d", len(restored), len(state))
		}
	})
}

// What no Snapshot made is refused, and what is not refused is what Snapshot makes of it.
func FuzzRestore(f *testing.F) {
	f.Add([]byte("\x01a\x01b"))
	f.Add([]byte("\x80\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if state, err := (Store{}).Restore(data); err == nil {
			if again, _ := (Store{}).Snapshot(state); string(again) != string(data) {
				t.Errorf("store: %q was read as %v", data, state)
			}
		}
		if state, err := (Log{}).Restore(data); err == nil {
			if again, _ := (Log{}).Snapshot(state); string(again) != string(data) {
				t.Errorf("log: %q was read as %v", data, state)
			}
		}
	})
}
