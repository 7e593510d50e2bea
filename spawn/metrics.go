package spawn

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"synod/spawn/machine"
	"synod/storage"
)

// Metrics are counters of a server. They only grow. All of it is safe for concurrent use.
type Metrics struct {
	Received   atomic.Uint64                  // messages, rejected ones included
	Rejected   [machine.Reasons]atomic.Uint64 // of these, by reason
	Sent       atomic.Uint64                  // messages that were handed to the transport
	Unsent     atomic.Uint64                  // messages that it refused
	Timeouts   atomic.Uint64
	Saves      atomic.Uint64
	SavedSteps atomic.Uint64 // steps that were saved, or waited for the save of one: several share a save
	SavedBytes atomic.Uint64 // of records, without what the store adds

	saveNanos   atomic.Uint64
	saveBuckets [len(saveBounds) + 1]atomic.Uint64
}

// saveBounds are the upper bounds of the buckets of the histogram of saves.
var saveBounds = [...]time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, time.Second,
}

// saved counts a save.
func (m *Metrics) saved(changes []storage.Record, took time.Duration) {
	m.Saves.Add(1)
	for _, r := range changes {
		m.SavedBytes.Add(uint64(len(r.Data)))
	}
	m.saveNanos.Add(uint64(max(took, 0)))
	at := 0
	for at < len(saveBounds) && took > saveBounds[at] {
		at++
	}
	m.saveBuckets[at].Add(1)
}

// Labelled is the metrics of one server of a process.
type Labelled struct {
	Server string // its address
	*Metrics
}

// counters are the metrics that are one number.
var counters = []struct {
	name, help string
	value      func(*Metrics) uint64
}{
	{
		"messages_received_total", "Messages that arrived, rejected ones included.",
		func(m *Metrics) uint64 { return m.Received.Load() },
	},
	{
		"messages_sent_total", "Messages that were handed to the network.",
		func(m *Metrics) uint64 { return m.Sent.Load() },
	},
	{
		"messages_unsent_total", "Messages that the network refused.",
		func(m *Metrics) uint64 { return m.Unsent.Load() },
	},
	{"timeouts_total", "Timers that fired.", func(m *Metrics) uint64 { return m.Timeouts.Load() }},
	{
		"saved_steps_total", "Steps that waited for a save. Divided by the number of saves, how many share one.",
		func(m *Metrics) uint64 { return m.SavedSteps.Load() },
	},
	{"saved_bytes_total", "Bytes of records that were saved.", func(m *Metrics) uint64 { return m.SavedBytes.Load() }},
}

// WriteMetrics writes the metrics of the servers of a process in the text format of Prometheus, version 0.0.4.
func WriteMetrics(w io.Writer, servers []Labelled) error {
	b := bufio.NewWriter(w)
	for _, c := range counters {
		fmt.Fprintf(b, "# HELP synod_%s %s\n# TYPE synod_%s counter\n", c.name, c.help, c.name)
		for _, s := range servers {
			fmt.Fprintf(b, "synod_%s{server=%q} %d\n", c.name, s.Server, c.value(s.Metrics))
		}
	}
	const rejected = "synod_messages_rejected_total"
	fmt.Fprintf(b, "# HELP %s Messages that were dropped, by reason.\n# TYPE %s counter\n", rejected, rejected)
	for _, s := range servers {
		for r := range machine.Reasons {
			label := strings.ReplaceAll(r.String(), " ", "_")
			fmt.Fprintf(b, "%s{server=%q,reason=%q} %d\n", rejected, s.Server, label, s.Rejected[r].Load())
		}
	}
	const saves = "synod_save_seconds"
	fmt.Fprintf(b, "# HELP %s How long saves took, until they were durable.\n# TYPE %s histogram\n", saves, saves)
	for _, s := range servers {
		sum := uint64(0)
		for i, bound := range saveBounds {
			sum += s.saveBuckets[i].Load()
			fmt.Fprintf(b, "%s_bucket{server=%q,le=\"%g\"} %d\n", saves, s.Server, bound.Seconds(), sum)
		}
		sum += s.saveBuckets[len(saveBounds)].Load()
		fmt.Fprintf(b, "%s_bucket{server=%q,le=\"+Inf\"} %d\n", saves, s.Server, sum)
		fmt.Fprintf(b, "%s_sum{server=%q} %g\n", saves, s.Server, time.Duration(s.saveNanos.Load()).Seconds())
		fmt.Fprintf(b, "%s_count{server=%q} %d\n", saves, s.Server, sum)
	}
	return b.Flush()
}
