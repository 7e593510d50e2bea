package consistency

import (
	"context"
	"errors"
	"fmt"
)

// bounds end a search of porcupine's, which has no end of its own that can be waited for. Once halted, every operation
// has to be accepted: then the search runs straight to its end.
type bounds struct {
	guard   guard
	ctx     context.Context
	memory  int64  // of what was kept, estimated
	most    int64  // of it
	stopped string // why the search ended early
}

// halted tells whether the search has to end, and notes why.
func (b *bounds) halted() bool {
	switch {
	case b.stopped != "":
	case b.guard.caught.Load() != nil:
		b.stopped = "the specification panicked"
	case errors.Is(b.ctx.Err(), context.Canceled):
		b.stopped = "it was interrupted"
	case b.ctx.Err() != nil:
		b.stopped = "the time was up"
	case b.memory > b.most:
		b.stopped = fmt.Sprintf("the search took more than %d MB of memory", b.most>>20)
	default:
		return false
	}
	return true
}
