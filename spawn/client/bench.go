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

// Load is what a benchmark does to servers.
type Load struct {
	Clients    int           // concurrent ones, at least 1
	Duration   time.Duration // of it all
	Operations int           // ends it earlier, once so many were begun; 0 for no limit
	Reads      float64       // the share of operations that only read, from 0 to 1
	Server     int           // the place of the server that all ask, −1 for one drawn anew for each operation
	Seed       uint64        // of what is drawn
}

// Outcome is what a benchmark measured.
type Outcome struct {
	Writes, Reads int // acknowledged and answered
	Refused       int // writes, such as by a register that is written once
	Unknown       int // writes that were not acknowledged
	Unanswered    int // reads without an answer
	Failed        int // operations of which nothing was sent
	Elapsed       time.Duration
	Latency       Histogram // of operations that were acknowledged and answered
}

// Bench puts load on servers until the load's duration or the context ends. Each client gets a Config of its own, which
// belongs to it until Bench returns. The error is that of making one.
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

// operate performs one operation and counts it. One that the end of the benchmark cut off counts only if it may have had
// an effect.
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

// PerSecond is how many operations were done in a second.
func (o Outcome) PerSecond() float64 {
	if o.Elapsed <= 0 {
		return 0
	}
	return float64(o.Writes+o.Reads) / o.Elapsed.Seconds()
}

// Histogram counts durations, in buckets that are at most a 32nd of their value wide. The zero value is empty.
type Histogram struct {
	counts [buckets]int
	n      int
	most   time.Duration
}

// Durations below 2^subBits nanoseconds have a bucket each; beyond, each power of two has 2^subBits.
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

// Quantile returns a duration that a share of all, from 0 to 1, does not exceed; 0 if there is none.
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

// Max is the longest duration.
func (h *Histogram) Max() time.Duration { return h.most }
