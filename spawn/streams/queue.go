package streams

import (
	"errors"
	"sync/atomic"
)

// ErrFull is returned if too many messages wait for a slow or absent recipient.
var ErrFull = errors.New("too many messages wait for the recipient")

// Limits of queues.
const (
	MaxQueue   = 1024     // messages queued on a connection, and received messages queued over all
	maxWaiting = 64 << 20 // bytes queued on a connection, except for a single larger message
)

// Queue is the queue of messages to send on a connection. It is safe for concurrent use.
type Queue[M any] struct {
	Messages chan M // a receiver of a message must call Taken
	size     func(M) int
	bytes    atomic.Int64
}

// NewQueue returns an empty queue; size returns the size of a message in bytes.
func NewQueue[M any](size func(M) int) *Queue[M] {
	return &Queue[M]{Messages: make(chan M, MaxQueue), size: size}
}

// NewByteQueue returns an empty queue of byte slices.
func NewByteQueue() *Queue[[]byte] { return NewQueue(func(data []byte) int { return len(data) }) }

// Add queues a message, or returns ErrFull.
func (q *Queue[M]) Add(message M) error {
	size := int64(q.size(message))
	if waiting := q.bytes.Add(size); waiting > maxWaiting && waiting > size {
		q.bytes.Add(-size)
		return ErrFull
	}
	select {
	case q.Messages <- message:
		return nil
	default:
		q.bytes.Add(-size)
		return ErrFull
	}
}

// Taken records that a message was removed from Messages.
func (q *Queue[M]) Taken(message M) { q.bytes.Add(-int64(q.size(message))) }
