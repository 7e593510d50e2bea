package replay_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"synod/spawn/machine"
	"synod/spawn/replay"
	"synod/storage"
)

// unsaved is a run in which the second server writes down a promise and a stop, but cannot save the promise.
func unsaved(t *testing.T) *cluster {
	t.Helper()
	c := newCluster(t, "single-decree", "udp", nil)
	c.stores[1].At = func(storage.Point) error { return errors.New("the disk is gone") }
	if err := c.deliver(envelope{client, c.ids[0], []byte(`{"Put":[1,"X"]}`)}); err != nil {
		t.Fatal(err)
	}
	if err := c.deliver(c.network[0]); err == nil {
		t.Fatal("a server goes on that cannot save")
	}
	c.network = c.network[1:]
	c.stores[1].At = nil
	return c
}

// cut gives the records of a run in which the last line of the second server is torn after n bytes.
func cut(c *cluster, n int) {
	text := strings.TrimSuffix(c.lines[1].String(), "\n")
	at := strings.LastIndex(text, "\n") + 1
	c.lines[1].Truncate(at + min(n, len(text)-at))
	c.lines[1].WriteByte('\n')
}

func last(c *cluster) string {
	text := strings.TrimSuffix(c.lines[1].String(), "\n")
	return text[strings.LastIndex(text, "\n")+1:]
}

// TestTornStop tears the line of a stop after a save that did not work, at every byte: the step was not saved all the same.
func TestTornStop(t *testing.T) {
	for n := 1; n < len(last(unsaved(t))); n++ {
		c := unsaved(t)
		cut(c, n)
		c.start(1)
		c.ask(1, `{"Get":2}`)
		r := confirm(t, c.files()...)
		if s := r.Servers[1]; s.Undone != 1 || r.Torn != 1 {
			t.Fatalf("%d bytes: %+v", n, s)
		}
	}
}

// TestTornBeginning tears the header and the recovery of a process that is killed at once, and starts another one; and
// does so twice.
func TestTornBeginning(t *testing.T) {
	for _, recovery := range []bool{false, true} {
		for n := 1; ; n++ {
			c := unsaved(t)
			whole := 0
			for range 2 {
				c.now += time.Millisecond
				c.start(1)
				if !recovery {
					text := strings.TrimSuffix(c.lines[1].String(), "\n")
					c.lines[1].Truncate(strings.LastIndex(text, "\n") + 1)
				}
				whole = len(last(c))
				cut(c, n)
			}
			if n >= whole {
				break
			}
			c.now += time.Millisecond
			c.start(1)
			c.ask(1, `{"Get":2}`)
			r := confirm(t, c.files()...)
			if s := r.Servers[1]; s.Undone != 1 || r.Torn != 2 {
				t.Fatalf("%d bytes: %+v, %d torn lines", n, s, r.Torn)
			}
		}
	}
}

// TestTornFirst tears the recovery with which a record begins.
func TestTornFirst(t *testing.T) {
	c := newCluster(t, "single-decree", "udp", nil)
	c.ask(0, `{"Put":[1,"X"]}`)
	for _, b := range c.lines {
		b.Reset()
	}
	for i := range c.ids {
		c.start(i)
	}
	cut(c, 60)
	c.now += time.Millisecond
	c.start(1)
	r := confirm(t, c.files()...)
	if s := r.Servers[1]; !s.Recovered || s.Torn != 1 || s.Crashes != 1 {
		t.Errorf("%+v", s)
	}
}

// TestTornSuccessor: what was begun after an event shows that the event was saved, and was forgotten afterwards.
func TestTornSuccessor(t *testing.T) {
	c := unsaved(t)
	cut(c, 0)
	c.lines[1].Truncate(c.lines[1].Len() - 1)
	c.crash(1, `{"server":"127.0.0.1:3001","step":3,"at":3000000,"wall":1000000000003000000,"event":"rec`)
	c.start(1)
	deviates(t, "run1:6", "expected what was saved", c.files()...)
}

// batched is a run in which the second server takes two promises together, and cannot save them.
func batched(t *testing.T, saves bool) *cluster {
	t.Helper()
	c := newCluster(t, "single-decree", "udp", nil)
	prepare := func(round int) machine.Event {
		return machine.Event{
			Kind: machine.Receive, From: c.ids[0], Data: fmt.Appendf(nil, `{"Internal":{"Prepare":{"ballot":[%d,%d]}}}`, round, c.ids[0]),
		}
	}
	// What the first server sent, it must have sent.
	for round := range 2 {
		if err := c.deliver(envelope{client, c.ids[0], fmt.Appendf(nil, `{"Put":[%d,"X"]}`, round+1)}); err != nil {
			t.Fatal(err)
		}
		c.crash(0, "")
		c.start(0)
	}
	c.network = nil
	if err := errors.Join(c.servers[1].Take(prepare(1)), c.servers[1].Take(prepare(2))); err != nil {
		t.Fatal(err)
	}
	if saves {
		if err := c.servers[1].Flush(); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// TestUnsavedBatch kills a server before it saves what two events changed together, at every byte of the second line:
// neither was. If it was saved, both were.
func TestUnsavedBatch(t *testing.T) {
	for n := len(last(batched(t, false))); n > 0; n-- {
		c := batched(t, false)
		whole := n == len(last(c))
		cut(c, n)
		c.start(1)
		c.ask(1, `{"Get":2}`)
		r := confirm(t, c.files()...)
		want := 1
		if whole {
			want = 2
		}
		if s := r.Servers[1]; s.Undone != want {
			t.Fatalf("%d bytes: %+v", n, s)
		}
	}
	c := batched(t, true)
	c.crash(1, "")
	c.start(1)
	if s := confirm(t, c.files()...).Servers[1]; s.Undone != 0 || s.Crashes != 1 {
		t.Errorf("%+v", s)
	}
	// An event that joins others has others to join.
	alone := strings.Replace(c.files()[2], `"event":"start"`, `"joins":true,"event":"start"`, 1)
	deviates(t, "run2:2", "expected an event by itself", c.files()[0], c.files()[1], alone)
}

// TestHalfBatch shows a recovery of what the first of two events changed that were saved together: that is none there can be.
func TestHalfBatch(t *testing.T) {
	c := batched(t, true)
	c.crash(1, "")
	half := []storage.Record{{Name: "ballot", Data: fmt.Appendf(nil, "[1,%d]", c.ids[0])}}
	if err := c.stores[1].Save(half); err != nil {
		t.Fatal(err)
	}
	c.start(1)
	deviates(t, "run1:6", "expected what was saved", c.files()...)
}

// TestTwice gives the record of a process twice, and those of two processes in the wrong order.
func TestTwice(t *testing.T) {
	c := newCluster(t, "single-copy", "udp", nil)
	c.ask(1, `{"Put":[1,"X"]}`)
	one := c.files()[1]
	c.crash(1, "")
	c.ask(0, `{"Get":2}`)
	c.start(1)
	c.ask(1, `{"Get":3}`)
	two := c.files()[1][len(one):]
	confirm(t, c.files()[0], one, two, c.files()[2])
	for _, tt := range []struct {
		want  string
		files []string
	}{
		{"run1:1 and run2:1 are the same header of server 127.0.0.1:3001", []string{c.files()[0], one, one, c.files()[2]}},
		{"run0:1 and run0:4 are the same header of server 127.0.0.1:3001", []string{one + one}},
		{"run1:1: server 127.0.0.1:3001 begins a process before the time of run0:3", []string{two, one}},
		{"run1:1: server 127.0.0.1:3001 begins a process before the time of run0:3", []string{two + two[:30], one}},
		{"run1 is not a record", []string{one, "A text\n{\"name\":1}\n"}},
		{"run0 is not a record", []string{"\x00\x01"}},
		{"no record; pass at least a header", []string{one[:40]}},
		{"no record; pass at least a header", []string{`{"server":"127.0.0.1:3000","record":"synod.record/2"}` + "\n"}},
	} {
		_, err := replayed(tt.files...)
		if err == nil || errors.As(err, new(*replay.Deviation)) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v\nwant %s", err, tt.want)
		}
	}
	// The clock may be set back while a file grows.
	confirm(t, c.files()[0], strings.ReplaceAll(one, `"wall":1`, `"wall":2`)+two, c.files()[2])
}

// TestSameFile names a file twice, under two names.
func TestSameFile(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := errors.Join(os.WriteFile(a, nil, 0o600), os.Link(a, b)); err != nil {
		t.Fatal(err)
	}
	_, err := replay.Open(a, b)
	if want := fmt.Sprintf("%s, the second file, is %s, the first: expected each file once", b, a); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
