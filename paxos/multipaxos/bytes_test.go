package multipaxos_test

import (
	"slices"
	"strings"
	"testing"

	"synod/actor"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// TestBytes makes sure that the commands of a slot have no more bytes than they may, however many wait, and that one
// that is too long by itself is left out: no message with it would arrive, and its slot would never be decided.
func TestBytes(t *testing.T) {
	config := multipaxos.Server[[]string, rsm.LogOp, rsm.LogResult]{
		Options: multipaxos.Options{Batch: 3, Bytes: 10}, Machine: rsm.Log{},
		Size: func(c rsm.Command[rsm.LogOp]) int { return len(c.Op.Entry) },
	}
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	server := config.New()
	var out actor.Out[rsm.Message]
	st := server.Start(0, &out)
	for i, n := range []int{1, 4, 5, 3, 2, 11, 10, 1, 1, 1, 1} { // the first one fills the window
		st = server.Receive(0, st, 7, rsm.Request[rsm.LogOp]{Command: rsm.Command[rsm.LogOp]{
			ID: rsm.ID{Client: 7, Local: rsm.Local(i + 1)}, Op: rsm.LogOp{Append: true, Entry: strings.Repeat("x", n)},
		}}, &out)
	}
	var slots [][]int
	for commands := out.Commands(); len(commands) > 0; commands = out.Commands() {
		m := commands[0].Message
		out.Reset()
		p2a := m.(rsm.Internal[multipaxos.Message]).Message.(multipaxos.P2a[rsm.LogOp])
		var sizes []int
		for _, c := range p2a.Batch.All() {
			sizes = append(sizes, len(c.Op.Entry))
		}
		slots = append(slots, sizes)
		st = server.Receive(0, st, 0, m, &out)
	}
	want := [][]int{{1}, {4, 5}, {3, 2}, {10}, {1, 1, 1}, {1}}
	if !slices.EqualFunc(slots, want, slices.Equal) {
		t.Errorf("slots of %v, want %v", slots, want)
	}
	config.Size = nil
	if config.Validate() == nil {
		t.Error("a bound of bytes that nobody counts is accepted")
	}
}
