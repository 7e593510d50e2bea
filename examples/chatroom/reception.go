package chatroom

import (
	"errors"
	"fmt"
	"math"

	"synod/examples/chatroom/wire"
	"synod/paxos/rsm"
)

// Reception translates client requests into commands of the machine, and its results into answers. A server has a new
// one each time it starts. It is not safe for concurrent use.
//
// Appends use the client's own session, so that each takes effect once however often it arrives. Reads have no effect
// and use a session of the reception, which keeps no answer for longer than needed.
type Reception struct {
	servers int // number of all servers, if clients can change which ones vote; otherwise 0
	reader  rsm.Client
	last    rsm.Local
	floor   rsm.Local          // smallest number of an unanswered read
	open    map[rsm.Local]Kind // unanswered reads
}

// Reception returns the reception of a server. Its reads use a session of their own; session must be a random number.
func (c Config) Reception(session uint64) *Reception {
	return &Reception{
		servers: c.room().Servers, reader: rsm.Client(max(session, 1)), floor: 1, open: make(map[rsm.Local]Kind),
	}
}

// Command returns the command for a client's request. The error is the reason to send to the client.
func (r *Reception) Command(c wire.Command) (rsm.Command[Op], error) {
	if c.Client == math.MaxUint64 {
		return rsm.Command[Op]{}, fmt.Errorf("the client %d: must be less", c.Client)
	}
	if len(c.Message) > MaxMessage {
		return rsm.Command[Op]{}, fmt.Errorf("a message of %d bytes: at most %d are served", len(c.Message), MaxMessage)
	}
	// In the protocol, client 0 means the sender.
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
	case wire.SetMembers:
		if r.servers == 0 {
			return rsm.Command[Op]{}, errors.New("all servers vote here: only a cluster that was started with members can change them")
		}
		if _, err := ParseMembers(c.Message, r.servers); err != nil {
			return rsm.Command[Op]{}, err
		}
		command.Op = Op{Kind: SetMembers, Message: c.Message}
	}
	return command, nil
}

// Count returns a command that is usually answered after the earlier commands are executed.
func (r *Reception) Count() rsm.Command[Op] { return r.read(Count) }

func (r *Reception) read(kind Kind) rsm.Command[Op] {
	r.last++
	r.open[r.last] = kind
	return rsm.Command[Op]{ID: rsm.ID{Client: r.reader, Local: r.last}, Floor: r.floor, Op: Op{Kind: kind}}
}

// Answer returns the answer for the client. It returns false for the answer to a Count, which the client did not
// send.
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
