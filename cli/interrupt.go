package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// interruptible gives a context that ends with the first signal to stop. The second one finds its default again, and
// kills. The function that comes with it lets go of the signals.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
