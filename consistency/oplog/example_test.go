package oplog_test

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"synod/consistency/oplog"
)

// Clients write down what they do, and later the file is checked.
func Example() {
	var file bytes.Buffer
	var clock time.Duration
	w, err := oplog.NewWriter(&file, oplog.Header{Spec: oplog.Register}, func() time.Duration {
		clock += time.Millisecond
		return clock
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range []oplog.Event{
		{Type: oplog.Invoke, Process: 1, Op: oplog.Write, Value: oplog.Text("A")},
		{Type: oplog.Unknown, Process: 1}, // no answer in time
		{Type: oplog.Invoke, Process: 2, Op: oplog.Read},
		{Type: oplog.Ok, Process: 2, Told: true, Value: oplog.Text("A")}, // it was stored nevertheless
		{Type: oplog.Invoke, Process: 3, Op: oplog.Read},
		{Type: oplog.Ok, Process: 3, Told: true, Value: oplog.None}, // and lost
	} {
		if err := w.Write(e); err != nil {
			fmt.Println(err)
			return
		}
	}
	h, err := oplog.Load(&file, oplog.ReadConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := oplog.Check(context.Background(), h, oplog.Config{Spec: h.Header.Spec})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Outcome)
	r.Explain(context.Background())
	fmt.Print(r.Findings[0])
	// Output:
	// violated
	// window 2, 5ms to 6ms: no order explains
	//   process 3: read -> none (lines 6 and 7)
	// after all earlier answers, it held "A"
}
