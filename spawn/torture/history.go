package torture

import (
	"context"
	"io"
	"sync"

	"synod/consistency/oplog"
)

// inquest writes the history of a run and checks it as events come in.
type inquest struct {
	events  chan oplog.Event
	done    sync.WaitGroup
	err     error
	writer  *oplog.Writer
	checker *oplog.Checker
	lines   int
}

// queuedEvents is the capacity of the queue of events; clients wait when it is full.
const queuedEvents = 10_000

// headerLines is the number of lines before the first event of a history.
const headerLines = 1

// open starts a history. On the first violation it calls stop.
func (q *inquest) open(ctx context.Context, out io.Writer, check oplog.Config, about string, stop func()) error {
	var err error
	if q.writer, err = oplog.NewWriter(out, oplog.Header{Spec: check.Spec, About: about}, nil); err != nil {
		return err
	}
	if q.checker, err = oplog.NewChecker(check); err != nil {
		return err
	}
	q.events = make(chan oplog.Event, queuedEvents)
	q.lines = headerLines
	q.done.Go(func() {
		for e := range q.events {
			q.take(ctx, e)
			if q.err != nil || q.checker.Violated() {
				stop()
			}
		}
	})
	return nil
}

func (q *inquest) take(ctx context.Context, e oplog.Event) {
	if q.err != nil {
		return
	}
	q.lines++
	e.Line = q.lines
	if q.err = q.writer.Write(e); q.err == nil {
		q.err = q.checker.Event(ctx, e)
	}
}

// finish returns the result, once all events are recorded.
func (q *inquest) finish(ctx context.Context) (oplog.Result, error) {
	close(q.events)
	q.done.Wait()
	r := q.checker.Finish(ctx)
	r.Explain(ctx)
	return r, q.err
}
