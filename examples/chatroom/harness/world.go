package harness

import (
	"context"
	"errors"
	"time"

	"synod/examples/chatroom/wire"
)

// World is the environment of a test: local processes, or virtual time. It is not safe for concurrent use.
type World interface {
	// Now returns the time since a fixed moment.
	Now() time.Duration
	// Sleep waits. It returns an error only if the context ends.
	Sleep(ctx context.Context, d time.Duration) error
	// Start starts a server that is not running.
	Start(c Start) error
	// Crash kills a running server, and returns once it has ended.
	Crash(id int) error
	Pause(id int) error
	Resume(id int) error
	// Shape sets the network between servers, including those that start later.
	Shape(n Network) error
	// Dial connects to a server.
	Dial(ctx context.Context, id int) (Conn, error)
	// Ended returns why a server ended without being killed; nil if it is running.
	Ended(id int) error
	// Close stops all servers.
	Close() error
}

// Conn is a connection of a client to a server.
type Conn interface {
	Send(c wire.Command) error
	// Answer waits for an answer. It returns ErrLate when the time is over, and another error if there will be no
	// answer.
	Answer(ctx context.Context, wait time.Duration) (wire.Answer, error)
	Gone() bool
	Close() error
}

// ErrLate is returned if an answer did not arrive in time.
var ErrLate = errors.New("no answer in time")

// ErrUnsupported is returned if a server does not support an operation.
var ErrUnsupported = errors.New("this server does not support it")

// Network describes the faults between servers. The zero value has none.
type Network struct {
	Groups [][]int // servers hear only those of their own group; nil for all
	Delays map[int]Span
}

// Span bounds the additional delay of each message that a server sends.
type Span struct{ Least, Most time.Duration }

// Good reports whether the network has no faults.
func (n Network) Good() bool { return len(n.Groups) == 0 && len(n.Delays) == 0 }

// Cut returns the servers, out of count, that a server cannot hear.
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
