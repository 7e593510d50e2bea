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

// Served has the options of servers of the store. The timers suit servers that are close to one another, so that a
// leader that crashed is replaced within a second: a server that forwards an update waits for 300 ms, the next one
// for as long once it hears of that, and at most four times as long after views that were not installed.
//
// No message is larger than machine.MaxMessage. The largest are a part of the answer to a Prepare, whose updates and
// slots have at most ListBytes in JSON, and a part of a snapshot, whose quotes and backslashes take two bytes each in a
// message. Updates that clients gave up are forwarded like all others, as servers do not know that they
// were given up; Forward bounds the messages of a server however many of them there are.
//
// A server without a disk asks the others whether it lost its disk. So servers of a new cluster wait until all but a
// minority of them are up; in a cluster of three, until all are.
var Served = systembuilders.Options{
	Window: 4, Batch: 64,
	Bytes: multipaxoswire.SlotBytes, UpdateBytes: multipaxoswire.SlotBytes + around, ListBytes: 4 * multipaxoswire.SlotBytes,
	Forward: 64, Queue: 1 << 12, Collect: 1 << 9, Part: 6 << 10,
	Recovery: true, Nonce: 7,
	Progress: 300 * time.Millisecond, Doublings: 2,
	Update: 200 * time.Millisecond, Proof: 100 * time.Millisecond, Resend: 50 * time.Millisecond,
}

// NewServer returns a server of the store with the options Served.
func NewServer(others []actor.ID) Server {
	return Server{Options: Served, Machine: rsm.Store{}, Peers: others, Size: size}
}

// around is the maximum number of bytes around a command in a data list: the server that the client asked, and the
// view and the slot.
const around = 110

// size returns how many bytes an update takes in a message.
func size(c rsm.Command[rsm.StoreOp]) int { return multipaxoswire.Size(c) + around }
