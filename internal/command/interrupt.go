package command

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// Interruptible returns a context that ends with the first signal to stop. The second one finds its default again, and
// kills. The function that comes with it lets go of the signals.
func Interruptible() (context.Context, context.CancelFunc) {
	return until(os.Interrupt, syscall.SIGTERM)
}

// Serving is Interruptible for what leaves something behind if it is killed: it also ends in order with the terminal, and
// learns by an error that nobody reads its output. Signals that its parent process ignores, as nohup does, it ignores as well.
func Serving() (context.Context, context.CancelFunc) {
	signals := slices.DeleteFunc([]os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}, signal.Ignored)
	ctx, stop := until(signals...)
	broken := make(chan os.Signal, 1) // Who listens is not killed by a write.
	signal.Notify(broken, syscall.SIGPIPE)
	return ctx, func() { signal.Stop(broken); stop() }
}

func until(signals ...os.Signal) (context.Context, context.CancelFunc) {
	if len(signals) == 0 {
		return context.WithCancel(context.Background()) // None would mean all to NotifyContext.
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
