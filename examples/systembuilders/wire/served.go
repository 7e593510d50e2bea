package wire

import (
	"time"

	"synod/actor"
	multipaxoswire "synod/examples/multipaxos/wire"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// Server is a server of the store.
type Server = systembuilders.Server[map[string]string, rsm.StoreOp, rsm.StoreResult]

// Served is how servers of the store are tuned. Their timers are those of servers that are near to one another, so that a
// leader that crashed is replaced within a second: who forwards an update waits for 300 ms, the next one as long once it
// hears of it, and at most four times so after views that came to nothing.
//
// No message is larger than machine.MaxMessage. The largest are the answer to a Prepare, with the slots of a window, and what is
// told at once of those that are ordered; and a part of a snapshot, whose quotes and backslashes take two bytes each in a
// message. What clients gave up is forwarded like the rest, as nobody knows that they did, so that Forward
// bounds the messages of a server however long that queue is.
//
// A server that has no disk asks the others whether it lost one. So servers of a new cluster wait until all but a minority
// of them are there, and of three until all are.
var Served = systembuilders.Options{
	Window: 4, Batch: 64, Bytes: multipaxoswire.SlotBytes, ListBytes: 4 * multipaxoswire.SlotBytes,
	Forward: 64, Queue: 1 << 12, Collect: 1 << 9, Part: 6 << 10,
	Recovery: true, Nonce: 7,
	Progress: 300 * time.Millisecond, Doublings: 2,
	Update: 200 * time.Millisecond, Proof: 100 * time.Millisecond, Resend: 50 * time.Millisecond,
}

// NewServer returns a server of the store as it is served.
func NewServer(others []actor.ID) Server {
	return Server{Options: Served, Machine: rsm.Store{}, Peers: others, Size: size}
}

// size returns how many bytes an update takes in a message, with what is around it: whom the client asked, and the view and
// the number of its slot.
func size(c rsm.Command[rsm.StoreOp]) int {
	const around = 100
	return multipaxoswire.Size(c) + around
}
