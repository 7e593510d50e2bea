package multipaxos_test

import (
	"fmt"
	"testing"
	"time"

	"synod/actor"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// TestCatchUp makes sure that a server that missed many commands gets all of them after a single ping: it asks on as
// soon as it has executed what came, and asks for little twice.
func TestCatchUp(t *testing.T) {
	const missed, atOnce = 10_000, 64
	server := multipaxos.Server[[]string, rsm.LogOp, rsm.LogResult]{
		Options: multipaxos.Options{Resend: time.Second, Patience: time.Second, Reduce: true}, Machine: rsm.Log{},
		Peers: []actor.ID{1, 2},
	}
	var kept multipaxos.Durable[rsm.LogOp]
	for slot := rsm.Slot(1); slot <= missed; slot++ {
		kept.Decisions = kept.Decisions.With(slot, rsm.BatchOf(rsm.Command[rsm.LogOp]{
			ID: rsm.ID{Client: 7, Local: rsm.Local(slot)}, Op: rsm.LogOp{Append: true},
		}))
	}
	var out actor.Out[rsm.Message]
	level := server.New()
	teacher := level.Recover(0, kept, &out)
	server.Peers = []actor.ID{0, 2}
	lagging := server.New()
	learner := lagging.Start(1, &out)
	for number := 1; number <= 2; number++ { // the second time there is nothing to learn
		out.Reset()
		learner = lagging.Receive(1, learner, 0, internal(multipaxos.Ping{
			Ballot: multipaxos.Ballot{Round: 1}, SlotOut: missed + 1,
		}), &out)
		asked, told := 0, 0
		for waiting := out.Commands(); len(waiting) > 0; {
			c := waiting[0]
			waiting = waiting[1:]
			if c.Kind != actor.Send {
				continue
			}
			out = actor.Out[rsm.Message]{}
			switch m := c.Message.(rsm.Internal[multipaxos.Message]).Message; m.(type) {
			case multipaxos.Learn:
				asked++
				teacher = level.Receive(0, teacher, 1, c.Message, &out)
			case multipaxos.Decision[rsm.LogOp]:
				told++
				learner = lagging.Receive(1, learner, 0, c.Message, &out)
			default:
				t.Fatalf("%T is sent", m)
			}
			waiting = append(waiting, out.Commands()...)
		}
		if got := learner.Replica.SlotOut; got != missed+1 {
			t.Errorf("slot_out %v, want %d", got, missed+1)
		}
		if number == 1 && (asked > missed/atOnce+1 || told > missed+atOnce) || number == 2 && asked > 0 {
			t.Errorf("ping %d: asked %d times and was told of %d decisions; it missed %d", number, asked, told, missed)
		}
	}
}

// timer returns the timer of a name that is set.
func timer(out *actor.Out[rsm.Message], name string) (actor.Timer, bool) {
	for _, c := range out.Commands() {
		if c.Kind == actor.SetTimer && fmt.Sprint(c.Timer) == name {
			return c.Timer, true
		}
	}
	return nil, false
}

// again fires the timer after which things are sent again, and returns how many are.
func again[S any](a actor.Typed[S, rsm.Message], self actor.ID, st S) (_ S, sent int) {
	var out actor.Out[rsm.Message]
	a.Start(self, &out)
	resend, _ := timer(&out, "resend")
	out = actor.Out[rsm.Message]{}
	st = a.Timeout(self, st, resend, &out)
	for _, c := range out.Commands() {
		if c.Kind == actor.Send {
			sent++
		}
	}
	return st, sent
}

// TestManyAgain makes sure that a leader which asks for votes in very many slots does not ask for all of them again at
// once.
func TestManyAgain(t *testing.T) {
	const slots, most = 10_000, 64
	server := multipaxos.Server[[]string, rsm.LogOp, rsm.LogResult]{
		Options: multipaxos.Options{Resend: time.Second}, Machine: rsm.Log{}, Peers: []actor.ID{1, 2},
	}
	var votes multipaxos.PValues[rsm.LogOp]
	for slot := rsm.Slot(1); slot <= slots; slot++ {
		votes.Map = votes.With(slot, actor.ListOf(multipaxos.Vote[rsm.LogOp]{Ballot: multipaxos.Ballot{Round: 1, Leader: 1}}))
	}
	var out actor.Out[rsm.Message]
	leader := server.New()
	st := leader.Start(0, &out)
	st = leader.Receive(0, st, 1, internal(multipaxos.P1b[rsm.LogOp]{
		Scout: st.Leader.Ballot, Ballot: st.Leader.Ballot, Accepted: votes,
	}), &out)
	if len(st.Leader.Commanders) != slots {
		t.Fatalf("%d commanders, want %d", len(st.Leader.Commanders), slots)
	}
	if _, sent := again(leader, 0, st); sent > 3*most+2 {
		t.Errorf("%d messages, want at most %d to each server, and a ping", sent, most)
	}
}

// TestFarBehind makes sure that a server that missed very many commands, and learns of the last one, asks for little:
// to have every slot that it lacks filled would keep the others from anything else.
func TestFarBehind(t *testing.T) {
	const missed, window = 10_000, 4
	server := multipaxos.Server[[]string, rsm.LogOp, rsm.LogResult]{
		Options: multipaxos.Options{Resend: time.Second, Patience: time.Second, Window: window}, Machine: rsm.Log{},
		Peers: []actor.ID{0, 2},
	}
	var out actor.Out[rsm.Message]
	lagging := server.New()
	st := lagging.Start(1, &out)
	st = lagging.Receive(1, st, 0, internal(multipaxos.Ping{Ballot: multipaxos.Ballot{Round: 1}, SlotOut: 1}), &out)
	out.Reset()
	st = lagging.Receive(1, st, 0, internal(multipaxos.Decision[rsm.LogOp]{Slot: missed}), &out)
	if _, waits := timer(&out, "lead"); !waits {
		t.Error("a decision of the leader does not tell that it is alive")
	}
	_, sent := again(lagging, 1, st)
	if want := len(server.Peers) + window; sent != want {
		t.Errorf("%d messages, want %d: a question to each peer, and a proposal for each slot of the window", sent, want)
	}
}

func internal(m multipaxos.Message) rsm.Message { return rsm.Internal[multipaxos.Message]{Message: m} }
