package checker

import (
	"runtime/metrics"
	"testing"

	"synod/checker/internal/expand"
)

// KeepSteps changes how many bytes of steps are kept, for the time of a test.
func KeepSteps(t *testing.T, bytes int) {
	was := expand.KeptSteps
	expand.KeptSteps = bytes
	t.Cleanup(func() { expand.KeptSteps = was })
}

// ProcessMemory is what the process holds, as a search counts it that has nothing outside the Go heap.
func ProcessMemory() int64 {
	if bytes, ok := resident(); ok {
		return bytes
	}
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() - samples[1].Value.Uint64())
}

// LimitTours changes how many nodes a search for a shortest fair loop has, until the function that it gives is called.
func LimitTours(nodes int) (restore func()) {
	was := maxTour
	maxTour = nodes
	return func() { maxTour = was }
}

// LimitEdges changes how many bytes the transitions take that deciding a property keeps, until the function that it gives is
// called.
func LimitEdges(bytes int64) (restore func()) {
	was := maxEdges
	maxEdges = bytes
	return func() { maxEdges = was }
}
