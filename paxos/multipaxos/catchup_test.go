package multipaxos_test

import (
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

func internal(m multipaxos.Message) rsm.Message { return rsm.Internal[multipaxos.Message]{Message: m} }
