package replay

import (
	"bytes"
	"testing"

	"synod/spawn/machine"
	"synod/spawn/record"
)

// Of a message that was too large a record has the size alone. It is found by that, repeated or not, and one that was never
// sent is not.
func TestTooLarge(t *testing.T) {
	const size = machine.MaxMessage + 1
	line := &record.Line{Event: record.Receive, Size: size, Rejected: "too large"}
	for _, ordered := range []bool{false, true} {
		f := newFlow(ordered)
		if f.send([]byte("small"), 1); f.has(f.content(line)) {
			t.Errorf("ordered %v: it came before it was sent", ordered)
		}
		f.send(bytes.Repeat([]byte("x"), size), 2)
		if other := (&record.Line{Event: record.Receive, Size: size + 1}); f.has(f.content(other)) {
			t.Errorf("ordered %v: one of another size came", ordered)
		}
		if !f.has(f.content(line)) {
			t.Fatalf("ordered %v: it did not come", ordered)
		}
		if sender, repeated, gone := f.receive(f.content(line)); sender != 2 || repeated || len(gone) == 0 {
			t.Errorf("ordered %v: sent by event %d, repeated %v, %d messages gone", ordered, sender, repeated, len(gone))
		}
		if again := f.has(f.content(line)); again == ordered {
			t.Errorf("ordered %v: it may come again: %v", ordered, again)
		}
		f.send(bytes.Repeat([]byte("y"), size+100), 3) // of which a receiver reads size bytes only
		if sender, _, _ := f.receive(f.content(line)); sender != 3 {
			t.Errorf("ordered %v: a part of it was sent by event %d", ordered, sender)
		}
	}
}
