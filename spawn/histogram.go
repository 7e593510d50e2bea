package spawn

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// histogram counts values by size. It is safe for concurrent use. The zero value has to be given its bounds first.
type histogram struct {
	bounds  []float64 // of the buckets, ascending; there is one more for what is beyond
	buckets []atomic.Uint64
	sum     atomic.Uint64 // in units
	unit    float64       // of the sum
}

func newHistogram(unit float64, bounds ...float64) *histogram {
	return &histogram{bounds: bounds, buckets: make([]atomic.Uint64, len(bounds)+1), unit: unit}
}

// durations builds a histogram of seconds.
func durations() *histogram {
	return newHistogram(time.Nanosecond.Seconds(),
		0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
}

// add counts a value of so many units.
func (h *histogram) add(units uint64) {
	value := float64(units) * h.unit
	at := 0
	for at < len(h.bounds) && value > h.bounds[at] {
		at++
	}
	h.sum.Add(units)
	h.buckets[at].Add(1)
}

// took counts a duration, of a histogram of durations.
func (h *histogram) took(d time.Duration) { h.add(uint64(max(d, 0))) }

// write writes the lines of a histogram in the text format of Prometheus, for labels without braces.
func (h *histogram) write(w io.Writer, name, labels string) {
	sum := uint64(0)
	for i, bound := range h.bounds {
		sum += h.buckets[i].Load()
		fmt.Fprintf(w, "%s_bucket{%s,le=\"%g\"} %d\n", name, labels, bound, sum)
	}
	sum += h.buckets[len(h.bounds)].Load()
	fmt.Fprintf(w, "%s_bucket{%s,le=\"+Inf\"} %d\n", name, labels, sum)
	fmt.Fprintf(w, "%s_sum{%s} %g\n", name, labels, float64(h.sum.Load())*h.unit)
	fmt.Fprintf(w, "%s_count{%s} %d\n", name, labels, sum)
}
