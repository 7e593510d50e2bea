package checker

import (
	"math"
	"runtime/metrics"
	"sync/atomic"

	"synod/internal/offheap"
	"synod/model/statespace"
)

// gauge measures the memory of a search.
type gauge struct {
	limit int64 // Options.MemoryLimit
	alone bool  // Options.OwnMemory
	held  atomic.Pointer[holdings]
	aside atomic.Pointer[offheap.Arena] // holds temporary tables, or nil
}

// holdings are the tables in use, for readers outside the search.
type holdings struct {
	arena *offheap.Arena
	space statespace.Space
}

// most returns the number of bytes that the search may use, or 0 for no limit: the limit that was set, or
// nine tenths of the memory available to the process, as a search that swaps makes no progress.
func (g *gauge) most() int64 {
	if limit := g.limit; limit != 0 {
		return limit
	}
	return physical() / 10 * 9
}

// memory returns the bytes used by the search alone if it is alone, else those of the process: the resident
// memory, or if that is not known an estimate from the memory of the runtime and the off-heap tables. The estimate
// excludes the program itself, and includes memory that is allocated but not yet touched.
func (g *gauge) memory() int64 {
	if g.alone {
		return g.own()
	}
	if bytes, ok := resident(); ok {
		return bytes
	}
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64()-samples[1].Value.Uint64()) + g.offHeap()
}

// own returns the bytes held by the engine and the space.
func (g *gauge) own() int64 {
	h := g.held.Load()
	if h == nil {
		return 0
	}
	return h.arena.Bytes() + g.asideBytes() + statespace.Bytes(h.space)
}

func (g *gauge) asideBytes() int64 {
	if a := g.aside.Load(); a != nil {
		return a.Bytes()
	}
	return 0
}

// offHeap returns the bytes that the engine and the space hold outside the Go heap.
func (g *gauge) offHeap() int64 {
	h := g.held.Load()
	if h == nil {
		return 0
	}
	return h.arena.Bytes() + g.asideBytes() + h.space.OffHeap()
}

// room returns how many bytes the memory limit leaves.
func (g *gauge) room() int64 {
	if limit := g.most(); limit > 0 {
		return limit - g.memory()
	}
	return math.MaxInt64
}

// tableLimit returns the number of bytes above which walks move to new tables.
func (g *gauge) tableLimit() int64 {
	if limit := g.limit; limit > 0 {
		return limit / 4 * 3
	}
	return tableMemory
}

// ration reports whether more memory is used than the limit. Until the next check, the tables may grow by the remainder
// and a twentieth of the limit. On a busy machine that may take long.
func (g *gauge) ration(limit int64) (over bool) {
	taken := g.memory()
	if h := g.held.Load(); h != nil {
		h.arena.SetLimit(max(1, h.arena.Bytes()+limit+limit/20-taken))
	}
	return taken > limit
}
