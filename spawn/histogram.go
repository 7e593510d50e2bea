package spawn

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// histogram counts values by size. It is safe for concurrent use. Use newHistogram to make one.
type histogram struct {
	bounds  []float64 // upper bounds of the buckets, ascending; a last bucket has the rest
	buckets []atomic.Uint64
	sum     atomic.Uint64 // in units
	unit    float64       // the unit of sum
}

func newHistogram(unit float64, bounds ...float64) *histogram {
	return &histogram{bounds: bounds, buckets: make([]atomic.Uint64, len(bounds)+1), unit: unit}
}

// durations returns a histogram of durations in seconds.
func durations() *histogram {
	return newHistogram(time.Nanosecond.Seconds(),
		0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
}

// add counts a value given in units.
func (h *histogram) add(units uint64) {
	value := float64(units) * h.unit
	at := 0
	for at < len(h.bounds) && value > h.bounds[at] {
		at++
	}
	h.sum.Add(units)
	h.buckets[at].Add(1)
}

// took counts a duration, in a histogram of durations.
func (h *histogram) took(d time.Duration) { h.add(uint64(max(d, 0))) }

// write writes the histogram in the text format of Prometheus, with labels given without braces.
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
