package streams

import (
	"errors"
	"testing"
)

// TestQueueBytes bounds what waits for somebody who is away.
func TestQueueBytes(t *testing.T) {
	q := NewByteQueue()
	lone := make([]byte, maxWaiting+1)
	if err := q.Add(lone); err != nil {
		t.Fatal(err)
	}
	if err := q.Add([]byte("x")); !errors.Is(err, ErrFull) {
		t.Fatalf("more than the bound waits: %v", err)
	}
	q.Taken(<-q.Messages)
	if err := q.Add([]byte("x")); err != nil || q.bytes.Load() != 1 {
		t.Fatalf("%v, %d bytes", err, q.bytes.Load())
	}
}
