package client

import (
	"context"
	"errors"
	"math/bits"
	"math/rand/v2"
	"sync"
	"time"

	"synod/spawn/service"
)

// Load configures a benchmark.
type Load struct {
	Clients    int           // the number of concurrent clients, at least 1
	Duration   time.Duration // the duration of the benchmark
	Operations int           // ends the benchmark after this many operations; 0 means no limit
	Reads      float64       // the share of read-only operations, from 0 to 1
	Server     int           // the index of the server to use, −1 for a random one per operation
	Seed       uint64        // the random seed
}

// Outcome is the result of a benchmark.
type Outcome struct {
	Writes, Reads int // acknowledged and answered
	Refused       int // refused writes, such as by a write-once register
	Unknown       int // writes that were not acknowledged
	Unanswered    int // reads without an answer
	Failed        int // operations that were not sent
	Elapsed       time.Duration
	Latency       Histogram // of acknowledged and answered operations
}

// Bench runs a benchmark until its duration has passed or the context is done. Each client gets its own Config, which
// it owns until Bench returns. The error is that of config.
func Bench(ctx context.Context, l Load, config func() (Config, error)) (Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, l.Duration)
	defer cancel()
	clients := make([]*Client, l.Clients)
	for i := range clients {
		c, err := config()
		if err != nil {
			return Outcome{}, err
		}
		clients[i] = New(c)
	}
	var total Outcome
	var mu sync.Mutex
	left := l.Operations
	more := func() bool {
		if ctx.Err() != nil {
			return false
		}
		if l.Operations == 0 {
			return true
		}
		mu.Lock()
		defer mu.Unlock()
		left--
		return left >= 0
	}
	began := time.Now()
	var wg sync.WaitGroup
	for i, c := range clients {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(l.Seed, uint64(i)))
			var own Outcome
			n := 0
			for more() {
				own.operate(ctx, c, l, service.Draw{Client: i, Count: n}, random)
				n++
			}
			mu.Lock()
			defer mu.Unlock()
			total.add(own)
		})
	}
	wg.Wait()
	total.Elapsed = time.Since(began)
	return total, nil
}

// operate performs one operation and counts it. An operation that the end of the benchmark interrupts counts only if
// it may have taken effect.
func (o *Outcome) operate(ctx context.Context, c *Client, l Load, d service.Draw, random *rand.Rand) {
	server := l.Server
	if server < 0 {
		server = random.IntN(len(c.Servers))
	}
	read := random.Float64() < l.Reads
	if d.Value = 'A' + random.Int32N(26); !read {
		d.Random = random.Uint64()
	}
	call := c.Service.Draw(read, d)
	began := time.Now()
	_, err := c.Do(ctx, server, call)
	switch {
	case err == nil && call.Reads:
		o.Reads++
		o.Latency.Add(time.Since(began))
	case err == nil:
		o.Writes++
		o.Latency.Add(time.Since(began))
	case errors.Is(err, ErrRefused):
		o.Refused++
	case errors.Is(err, ErrUnknown):
		o.Unknown++
	case ctx.Err() != nil:
	case errors.Is(err, ErrUnanswered):
		o.Unanswered++
	default:
		o.Failed++
	}
}

func (o *Outcome) add(p Outcome) {
	o.Writes += p.Writes
	o.Reads += p.Reads
	o.Refused += p.Refused
	o.Unknown += p.Unknown
	o.Unanswered += p.Unanswered
	o.Failed += p.Failed
	o.Latency.merge(p.Latency)
}

// PerSecond returns the number of operations per second.
func (o Outcome) PerSecond() float64 {
	if o.Elapsed <= 0 {
		return 0
	}
	return float64(o.Writes+o.Reads) / o.Elapsed.Seconds()
}

// Histogram counts durations, in buckets at most 1/32 of their value wide. The zero value is empty.
type Histogram struct {
	counts [buckets]int
	n      int
	most   time.Duration
}

// Durations below 2^subBits nanoseconds have a bucket each; above, each power of two has 2^subBits buckets.
const (
	subBits = 5
	buckets = (64 - subBits) << subBits
)

func bucket(d time.Duration) int {
	v := uint64(max(d, 0))
	shift := max(bits.Len64(v)-subBits-1, 0)
	return shift<<subBits + int(v>>shift)
}

// upper returns the greatest duration of a bucket.
func upper(b int) time.Duration {
	if b < 2<<subBits {
		return time.Duration(b)
	}
	shift := b>>subBits - 1
	return time.Duration((uint64(b)-uint64(shift)<<subBits+1)<<shift - 1)
}

// Add counts a duration.
func (h *Histogram) Add(d time.Duration) {
	h.counts[bucket(d)]++
	h.n++
	h.most = max(h.most, d)
}

func (h *Histogram) merge(o Histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.n += o.n
	h.most = max(h.most, o.most)
}

// Quantile returns a duration that the given share of all durations, from 0 to 1, does not exceed; 0 if there are
// none.
func (h *Histogram) Quantile(share float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := int(share*float64(h.n)+0.5) - 1
	seen := 0
	for b, n := range h.counts {
		if seen += n; seen > rank && n > 0 {
			return min(upper(b), h.most)
		}
	}
	return h.most
}

// Max returns the longest duration.
func (h *Histogram) Max() time.Duration { return h.most }
