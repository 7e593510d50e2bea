package command

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// Interruptible returns a context that ends with the first interrupt or termination signal. The second signal has its
// default action and kills the process. The returned function stops the handling of signals.
func Interruptible() (context.Context, context.CancelFunc) {
	return until(os.Interrupt, syscall.SIGTERM)
}

// Serving is like Interruptible for commands that leave something behind if they are killed: the context also ends
// when the terminal closes, and a closed output causes an error instead of a signal. Signals that the parent process
// ignores, as with nohup, are ignored.
func Serving() (context.Context, context.CancelFunc) {
	signals := slices.DeleteFunc([]os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}, signal.Ignored)
	ctx, stop := until(signals...)
	broken := make(chan os.Signal, 1) // A process that handles SIGPIPE is not killed by a write.
	signal.Notify(broken, syscall.SIGPIPE)
	return ctx, func() { signal.Stop(broken); stop() }
}

func until(signals ...os.Signal) (context.Context, context.CancelFunc) {
	if len(signals) == 0 {
		return context.WithCancel(context.Background()) // Without arguments NotifyContext would handle all signals.
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
