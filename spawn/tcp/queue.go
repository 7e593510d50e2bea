package tcp

import (
	"errors"
	"sync/atomic"
)

// errFull tells that too much waits for somebody who is slow or away.
var errFull = errors.New("too many messages wait for the recipient")

// queue is what waits to be sent on a connection.
type queue struct {
	messages chan []byte
	bytes    atomic.Int64
}

func newQueue() *queue { return &queue{messages: make(chan []byte, MaxQueue)} }

func (q *queue) add(data []byte) error {
	if waiting := q.bytes.Add(int64(len(data))); waiting > maxWaiting && waiting > int64(len(data)) {
		q.bytes.Add(-int64(len(data)))
		return errFull
	}
	select {
	case q.messages <- data:
		return nil
	default:
		q.bytes.Add(-int64(len(data)))
		return errFull
	}
}

// taken notes that a message waits no more.
func (q *queue) taken(data []byte) { q.bytes.Add(-int64(len(data))) }
