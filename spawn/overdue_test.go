package spawn_test

import (
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/machine"
)

// leaser answers whether its timer has fired.
type leaser struct{}

func (leaser) Start(_ actor.ID, out *actor.Out[string]) bool {
	out.SetTimer("term", time.Second, time.Second)
	return false
}

func (leaser) Receive(_ actor.ID, over bool, from actor.ID, _ string, out *actor.Out[string]) bool {
	answer := "leased"
	if over {
		answer = "over"
	}
	out.Send(from, answer)
	return over
}

func (leaser) Timeout(actor.ID, bool, actor.Timer, *actor.Out[string]) bool { return true }

// stopped is a transport whose process is stopped while it waits: when it goes on, there is a message.
type stopped struct {
	now  *time.Duration
	sent []string
}

func (s *stopped) Receive(time.Duration) (actor.ID, []byte, error) {
	if *s.now > 0 {
		return 0, nil, net.ErrClosed
	}
	*s.now = time.Hour
	return client, []byte("read"), nil
}

func (s *stopped) Send(_ actor.ID, data []byte) error {
	s.sent = append(s.sent, string(data))
	return nil
}

func (*stopped) Close() error { return nil }

// TestOverdue requires that a message that arrives while the process is stopped is handled after the timers that became due
// meanwhile.
func TestOverdue(t *testing.T) {
	var now time.Duration
	transport := &stopped{now: &now}
	err := spawn.Run(t.Context(), spawn.Config{
		Machine: machine.New(machine.Config[bool, string]{
			Self: 1, Servers: []actor.ID{1}, Actor: actor.New[bool, string](leaser{}, actor.Timers(leaser{}.Timeout)),
			Wire: words{}, Random: rand.NewPCG(0, 0),
		}),
		Transport: transport, Clock: func() time.Duration { return now },
	})
	if len(transport.sent) != 1 || transport.sent[0] != "over" {
		t.Errorf("sent %q, %v", transport.sent, err)
	}
}
