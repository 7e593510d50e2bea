package consistency

import (
	"context"
	"errors"
	"fmt"
)

// bounds limits a porcupine search, which cannot be interrupted otherwise. Once halted, the model accepts every
// operation, so that the search runs straight to its end.
type bounds struct {
	guard   guard
	ctx     context.Context
	memory  int64  // estimated bytes in use
	most    int64  // limit of memory
	steps   int64  // remaining steps; unlimited if negative
	stopped string // why the search ended early
}

// halted reports whether the search must end, and records why.
func (b *bounds) halted() bool {
	switch {
	case b.stopped != "":
	case b.guard.caught.Load() != nil:
		b.stopped = "the specification panicked"
	case b.ctx.Err() != nil && errors.Is(context.Cause(b.ctx), context.DeadlineExceeded):
		b.stopped = "the time was up"
	case b.ctx.Err() != nil:
		b.stopped = "it was interrupted"
	case b.steps == 0:
		b.stopped = outOfSteps
	case b.memory > b.most:
		b.stopped = fmt.Sprintf("the search took more than %d MB of memory", b.most>>20)
	default:
		b.steps--
		return false
	}
	return true
}

// outOfSteps is the reason for a search that exceeded its step limit.
const outOfSteps = "it took too many steps"
