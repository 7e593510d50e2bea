package chatroom

import (
	"fmt"
	"math"

	"synod/examples/chatroom/wire"
	"synod/paxos/rsm"
)

// Reception translates client requests into commands of the machine, and its results into answers. A server has a
// new one each time that it starts. It is not safe for concurrent use.
//
// What appends is of the client's own session, so that it takes effect once however often it comes. A read takes effect
// never, and is of a session of the reception, of which no answer is kept for longer than it is needed.
type Reception struct {
	reader rsm.Client
	last   rsm.Local
	floor  rsm.Local          // the least number of a read without an answer
	open   map[rsm.Local]Kind // of reads without an answer
}

// NewReception returns a reception whose reads are of a session that nobody else has: the number is to be random.
func NewReception(session uint64) *Reception {
	return &Reception{reader: rsm.Client(max(session, 1)), floor: 1, open: make(map[rsm.Local]Kind)}
}

// Command returns the command that a client asks for. The error says why there is none, for the client.
func (r *Reception) Command(c wire.Command) (rsm.Command[Op], error) {
	if c.Client == math.MaxUint64 {
		return rsm.Command[Op]{}, fmt.Errorf("the client %d: must be less", c.Client)
	}
	if len(c.Message) > MaxMessage {
		return rsm.Command[Op]{}, fmt.Errorf("a message of %d bytes: at most %d are served", len(c.Message), MaxMessage)
	}
	// The protocol takes client 0 for one without a session.
	command := rsm.Command[Op]{ID: rsm.ID{Client: rsm.Client(c.Client + 1), Local: rsm.Local(c.Number)}, Floor: rsm.Local(c.Floor)}
	switch c.Mode {
	case wire.Get:
		return r.read(Read), nil
	case wire.Put:
		command.Op = Op{Kind: Append, Message: c.Message}
	case wire.AcknowledgedPut:
		command.Op = Op{Kind: AppendAnswered, Message: c.Message}
	case wire.Swap:
		command.Op = Op{Kind: Swap, Length: c.Count, Message: c.Message}
	}
	return command, nil
}

// Count returns a command that is answered once what was asked for before it is executed, as a rule.
func (r *Reception) Count() rsm.Command[Op] { return r.read(Count) }

func (r *Reception) read(kind Kind) rsm.Command[Op] {
	r.last++
	r.open[r.last] = kind
	return rsm.Command[Op]{ID: rsm.ID{Client: r.reader, Local: r.last}, Floor: r.floor, Op: Op{Kind: kind}}
}

// Answer returns what to tell the client that asked. It reports false for the answer to a Count, of which the client knows
// nothing.
func (r *Reception) Answer(a rsm.Answer[Result]) (wire.Answer, bool) {
	if a.ID.Client == r.reader {
		kind := r.open[a.ID.Local]
		delete(r.open, a.ID.Local)
		for _, open := r.open[r.floor]; !open && r.floor <= r.last; _, open = r.open[r.floor] {
			r.floor++
		}
		return wire.Answer{Messages: a.Result.Messages}, kind == Read
	}
	answer := wire.Answer{Kind: wire.Differs, Number: uint64(a.ID.Local), Count: a.Result.Length}
	switch {
	case a.Status != rsm.Executed:
		return wire.Answer{Kind: wire.Refused, Number: answer.Number, Reason: "the client's session has ended"}, true
	case a.Result.Done:
		answer.Kind = wire.Done
	}
	return answer, true
}
