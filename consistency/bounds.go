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
	steps   int64  // that are left; negative for any number
	stopped string // why the search ended early
}

// halted reports whether the search has to end, and notes why.
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

// outOfSteps is why a search ended that was to take a few steps only.
const outOfSteps = "it took too many steps"
