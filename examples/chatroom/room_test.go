package chatroom_test

import (
	"testing"

	"synod/examples/chatroom"
	"synod/examples/chatroom/wire"
	"synod/paxos/rsm"
)

// The escapes are those of Rust's Debug for str.
func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"":                    `""`,
		`it's "quoted" \ too`: `"it's \"quoted\" \\ too"`,
		"\t\r\n\x00\x1b":      `"\t\r\n\0\u{1b}"`,
		"héllo 漢 🙂":           `"héllo 漢 🙂"`,
		"e\u0301\u00a0\u200b": `"e\u{301}\u{a0}\u{200b}"`,
	} {
		if got := chatroom.Quote(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	if got := chatroom.List(nil); got != "[]" {
		t.Errorf("no texts are %s", got)
	}
}

// TestReads keeps the answers of reads for no longer than they are needed, in whatever order they come.
func TestReads(t *testing.T) {
	r := chatroom.Config{}.Reception(0)
	var machine chatroom.Room
	room := rsm.Start[[]string, chatroom.Op, chatroom.Result](machine)
	read := func() rsm.Command[chatroom.Op] {
		c, err := r.Command(wire.Command{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	execute := func(c rsm.Command[chatroom.Op], tells bool) {
		t.Helper()
		a, ok := rsm.Execute(machine, 1, &room, c)
		if !ok {
			t.Fatalf("%v %v has no answer", c.ID, c.Op)
		}
		if _, tell := r.Answer(a); tell != tells {
			t.Errorf("%v %v: told %v", c.ID, c.Op, tell)
		}
	}
	first, count, third := read(), r.Count(), read()
	execute(third, true)
	execute(count, false)
	execute(first, true)
	last := read()
	execute(last, true)
	if last.Floor != last.ID.Local || first.Floor != 1 || third.Floor != 1 {
		t.Errorf("floors %d, %d and %d", first.Floor, third.Floor, last.Floor)
	}
	if n := len(room.Sessions[last.ID.Client].Answers); n != 1 {
		t.Errorf("%d answers are kept", n)
	}
}
