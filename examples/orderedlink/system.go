package orderedlink

import (
	"fmt"

	"synod/actor"
	"synod/actor/link"
	"synod/model"
	"synod/network"
)

// Config is a system of one sender, with the id 0, and one receiver, with the id 1.
type Config struct {
	Messages     int // that are sent, 1 to MaxMessages
	model.Config     // the network, and what may go wrong; both may crash
}

// MaxMessages bounds Config.Messages.
const MaxMessages = 100

// Default is three messages over a network that repeats them.
var Default = Config{Messages: 3, Config: model.Config{Network: network.UnorderedDuplicating}}

// Validate returns what is wrong with the configuration, or nil.
func (c Config) Validate() error {
	if c.Messages < 1 || c.Messages > MaxMessages {
		return fmt.Errorf("%d messages: expected 1 to %d", c.Messages, MaxMessages)
	}
	return nil
}

const (
	sender   = actor.ID(0)
	receiver = actor.ID(1)
)

// System is the model. On a network that does not repeat messages it has infinitely many states, since every timeout
// adds copies of what is not acknowledged.
func System(c Config) *model.System[link.Message[Number]] {
	sys := model.NewSystem[link.Message[Number]](c.Config)
	if err := c.Validate(); err != nil {
		sys.Check(err)
		return sys
	}
	from := model.Add(sys, sender, Link(Sender{To: receiver, Most: Number(c.Messages)}.New()))
	to := model.Add(sys, receiver, Link(Receiver{}.New()))
	sys.Crashable(sender, receiver)
	sys.Roles("sender", sender)
	sys.Roles("receiver", receiver)
	acknowledged := model.Project(sys, from, func(st link.State[Nothing, Number]) int {
		box := st.Sent[receiver]
		return int(box.Last) - len(box.Waiting)
	})
	// What came, as far as it came in order: a length, or −1.
	arrived := model.Project(sys, to, func(st link.State[Log, Number]) int {
		for i, n := range st.Actor {
			if n != Number(i+1) {
				return -1
			}
		}
		return len(st.Actor)
	})
	sys.Always("each once, in order", func(v model.View) bool {
		n, up := arrived.In(v)
		return !up || n >= 0
	})
	sys.Always("acknowledged means received", func(v model.View) bool {
		n, up := arrived.In(v)
		told, sending := acknowledged.In(v)
		return !up || !sending || told <= n
	})
	sys.Sometimes("all received", func(v model.View) bool {
		n, up := arrived.In(v)
		return up && n == c.Messages
	})
	sys.Sometimes("all acknowledged", func(v model.View) bool {
		told, up := acknowledged.In(v)
		return up && told == c.Messages
	})
	// Without loss this has no meaning when there are crashes: a message to an actor that is down would wait for it. And
	// it would keep losses from being left out.
	if (c.MaxDown == 0 || c.Lossy) && !c.ElideLosses {
		sys.Quiescent("all is received in the end", func(v model.View) bool {
			n, up := arrived.In(v)
			return up && n == c.Messages
		})
	}
	return sys
}
