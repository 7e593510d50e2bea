package harness

import (
	"context"
	"errors"
	"time"

	"synod/examples/chatroom/wire"
)

// World is where a test runs: processes on this machine, or virtual time. One goroutine uses it.
type World interface {
	// Now returns the time since any moment.
	Now() time.Duration
	// Sleep waits. The error is that of the context.
	Sleep(ctx context.Context, d time.Duration) error
	// Start starts a server that does not run.
	Start(c Start) error
	// Crash kills a server that runs, and returns when it is gone.
	Crash(id int) error
	Pause(id int) error
	Resume(id int) error
	// Shape sets the network between servers, also for those that start later.
	Shape(n Network) error
	// Dial connects to a server.
	Dial(ctx context.Context, id int) (Conn, error)
	// Ended returns why a server that was started does not run any more, although it was not killed; nil if it runs.
	Ended(id int) error
	// Close ends all servers.
	Close() error
}

// Conn is a connection of a client to a server.
type Conn interface {
	Send(c wire.Command) error
	// Answer waits for an answer. The error is ErrLate when the time is over, or says why there will be none.
	Answer(ctx context.Context, wait time.Duration) (wire.Answer, error)
	Gone() bool
	Close() error
}

// ErrLate reports that an answer did not come in time.
var ErrLate = errors.New("no answer in time")

// ErrUnsupported reports that a server knows nothing of what is to be done to it.
var ErrUnsupported = errors.New("this server does not support it")

// Network is the network between servers. The zero value is a good one.
type Network struct {
	Groups [][]int // each server hears those of its own only; nil for all of them
	Delays map[int]Span
}

// Span is how long each message that a server sends takes longer.
type Span struct{ Least, Most time.Duration }

// Good reports whether nothing is wrong with the network.
func (n Network) Good() bool { return len(n.Groups) == 0 && len(n.Delays) == 0 }

// Cut returns which of so many servers a server cannot hear.
func (n Network) Cut(id, count int) []int {
	if len(n.Groups) == 0 {
		return nil
	}
	group := func(id int) int {
		for i, g := range n.Groups {
			for _, member := range g {
				if member == id {
					return i
				}
			}
		}
		return -1
	}
	var cut []int
	for other := range count {
		if other != id && group(other) != group(id) {
			cut = append(cut, other)
		}
	}
	return cut
}
