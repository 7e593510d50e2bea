package chatroom_test

import (
	"flag"
	"testing"
	"time"

	"synod/actor"
	"synod/examples/chatroom"
	"synod/examples/chatroom/wire"
	"synod/paxos/rsm"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/rehearse/stage"
)

var long = flag.Bool("long", false, "run tests that take minutes")

// desk is a client of a server on virtual time, which knows how long the log is.
type desk struct {
	t      *testing.T
	caller *stage.Caller
	room   *chatroom.Reception
	length uint64
}

func (d *desk) hear(data []byte) {
	msg, err := chatroom.Messages.Decode(data)
	if err != nil {
		d.t.Fatal(err)
	}
	reply := msg.(rsm.Reply[chatroom.Result])
	d.room.Answer(reply.Answer)
	d.length = reply.Answer.Result.Length
}

func (d *desk) say(c rsm.Command[chatroom.Op]) {
	d.t.Helper()
	data, err := chatroom.Messages.Append(nil, rsm.Request[chatroom.Op]{Command: c})
	if err == nil {
		err = d.caller.Send(data)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// TestLevel requires a server that missed many commands to be level again within seconds, not by a part with each ping.
func TestLevel(t *testing.T) {
	const part = 100
	n := uint64(10_000)
	if *long {
		n = 100_000
	}
	play, err := stage.NewPlay(stage.Config{
		Program: spawn.Program{Model: chatroom.Model, New: func(
			self actor.ID, servers []actor.ID, durable bool, random machine.Random,
		) spawn.Inspected {
			return chatroom.Config{ID: self, Servers: servers, Timeout: time.Second, Durable: durable}.Machine(random)
		}},
		Servers: actor.IDs(3), Client: 1 << 48, Seed: 1, Streams: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	connect := func(server int) *desk {
		d := &desk{t: t, room: chatroom.Config{}.Reception(uint64(server + 1000))}
		if d.caller, err = play.Dial(server, d.hear); err != nil {
			t.Fatal(err)
		}
		return d
	}
	count := func(d *desk, want uint64) time.Duration {
		t.Helper()
		d.say(d.room.Count())
		began := play.Now()
		if play.Advance(began+time.Minute, func() bool { return d.length >= want }); d.length < want {
			t.Fatalf("after a minute it has %d of %d", d.length, want)
		}
		return play.Now() - began
	}
	play.Start(0)
	play.Start(1)
	d := connect(0)
	for i := range n {
		c, err := d.room.Command(wire.Command{Number: i, Mode: wire.Put, Message: "x"})
		if err != nil {
			t.Fatal(err)
		}
		d.say(c)
		if i%part == part-1 {
			count(d, i+1)
		}
	}
	play.Start(2)
	if took := count(connect(2), n); took > time.Duration(n)*100*time.Microsecond {
		t.Errorf("a server that missed %d commands is level after %v of virtual time", n, took)
	} else {
		t.Logf("a server that missed %d commands is level after %v of virtual time", n, took)
	}
	if all := play.Violations(); len(all) > 0 {
		t.Error(all)
	}
}
