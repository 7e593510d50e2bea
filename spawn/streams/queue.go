package streams

import (
	"errors"
	"sync/atomic"
)

// ErrFull reports that too much waits for somebody who is slow or away.
var ErrFull = errors.New("too many messages wait for the recipient")

// Bounds of what waits.
const (
	MaxQueue   = 1024     // messages that wait to be sent on a connection, and such that wait to be received by all together
	maxWaiting = 64 << 20 // bytes that wait to be sent on a connection, but for a lone message
)

// Queue is what waits to be sent on a connection. It is safe for concurrent use.
type Queue[M any] struct {
	Messages chan M // who takes one calls Taken
	size     func(M) int
	bytes    atomic.Int64
}

// NewQueue returns an empty queue of messages that have a size in bytes.
func NewQueue[M any](size func(M) int) *Queue[M] {
	return &Queue[M]{Messages: make(chan M, MaxQueue), size: size}
}

// NewByteQueue returns an empty queue of messages that are bytes.
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

// Taken notes that a message waits no more.
func (q *Queue[M]) Taken(message M) { q.bytes.Add(-int64(q.size(message))) }
