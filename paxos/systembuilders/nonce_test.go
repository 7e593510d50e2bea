package systembuilders_test

import (
	"testing"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

type (
	letterKept = systembuilders.Durable[rsm.RegisterOp[letter]]
)

// A server without a disk draws a nonce, keeps each digit, and asks nobody before it has all of them, whenever it
// crashes.
func TestNonce(t *testing.T) {
	const digits = 3
	server := systembuilders.Server[letter, rsm.RegisterOp[letter], letter]{
		Options: systembuilders.Options{Recovery: true, Nonce: digits},
		Machine: rsm.Register[letter]{}, Peers: []actor.ID{1, 2},
	}.New()
	for crash := range digits {
		var out actor.Out[rsm.Message]
		st := server.Start(0, &out)
		for n := range digits {
			if n == crash {
				kept := server.Keep(st).(letterKept)
				if kept.Lost == 0 {
					t.Fatal("a server that has begun to draw keeps nothing, as if it had its disk")
				}
				out.Reset()
				st = server.Recover(0, kept, &out)
			}
			if sent := draws(t, &out); sent > 0 {
				t.Fatalf("it asks %d others with %d of %d digits", sent, n, digits)
			}
			out.Reset()
			st = server.Chosen(0, st, systembuilders.Digit(n+1), &out)
		}
		if kept := server.Keep(st).(letterKept); kept.Lost != 1<<24|1<<16|2<<8|3 {
			t.Errorf("the nonce is %x", kept.Lost)
		}
		if sent := draws(t, &out); sent != 2 {
			t.Errorf("it asks %d others: want 2", sent)
		}
	}
}

// draws returns how many messages there are if nothing is drawn, and otherwise demands that there are none.
func draws(t *testing.T, out *actor.Out[rsm.Message]) (sent int) {
	t.Helper()
	drawn := 0
	for _, c := range out.Commands() {
		switch c.Kind {
		case actor.Send:
			sent++
		case actor.Choose:
			drawn++
		case actor.SetTimer, actor.CancelTimer:
		}
	}
	if drawn > 1 || drawn == 1 && sent > 0 {
		t.Errorf("it draws %d digits and sends %d messages in one step", drawn, sent)
	}
	return sent
}

// A lone server has nobody to ask, and begins by itself.
func TestNonceAlone(t *testing.T) {
	server := systembuilders.Server[letter, rsm.RegisterOp[letter], letter]{
		Options: systembuilders.Options{Recovery: true, Nonce: 1}, Machine: rsm.Register[letter]{},
	}.New()
	var out actor.Out[rsm.Message]
	st := server.Chosen(0, server.Start(0, &out), systembuilders.Digit(7), &out)
	if st.Phase != systembuilders.RegLeader || server.Keep(st).(letterKept).Lost != 0 {
		t.Errorf("it is %v in view %v", st.Phase, st.Installed)
	}
}
