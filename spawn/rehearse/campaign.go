package rehearse

import (
	"cmp"
	"context"
	"runtime"
	"sync"
	"time"

	"synod/spawn/nemesis"
)

// Campaign is many runs.
type Campaign struct {
	Seed uint64 // seed of the first run; the others use the following ones
	Runs int    // how many are to count
	// Schedule is that of all runs; nil for the one that each seed gives.
	Schedule  *nemesis.Schedule
	Workers   int  // how many go on at once; 0 is one for each core
	KeepGoing bool // do not end with the first run that is violated
	// Progress is called now and then, and at the end, with what is known so far; nil for nobody. It is called by one
	// goroutine at a time.
	Progress func(Summary)
}

// Summary is what came of a campaign. Unless time ended it, it depends on the configuration alone.
type Summary struct {
	Runs         int // that count
	Idle         int // that do not, as too little was acknowledged in them
	Undecided    int // of those that count
	Acknowledged int // operations, of those that count, as all that follows
	Unknown      int
	Failed       int
	Steps        uint64 // of servers
	Messages     uint64
	Restarts     uint64 // of servers
	Tally        nemesis.Tally
	Virtual      time.Duration // how long they took, in their own time
	Violated     []Run         // the first MaxViolated, in the order of their seeds
	Violations   int           // how many there are
	Ended        bool          // the context ended it before it was done
}

// MaxViolated is how many violated runs a summary has.
const MaxViolated = 10

// progressEvery is the time between two calls of Progress.
const progressEvery = time.Second

// spare is how many times as many runs are made, at most, as are to count.
const spare = 3

// ahead is how many runs, for each worker, may have begun before one that has not ended.
const ahead = 64

// Perform performs runs until enough count, the first one is violated, or the context ends. The error is one of the
// configuration.
func (c Config) Perform(ctx context.Context, k Campaign) (Summary, error) {
	if err := c.Validate(); err != nil {
		return Summary{}, err
	}
	p := &performance{Config: c, Campaign: k, done: make(map[uint64]Run)}
	p.Workers = cmp.Or(k.Workers, runtime.GOMAXPROCS(0))
	p.room.L = &p.mu
	stop := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.room.Broadcast()
	})
	defer stop()
	var wg sync.WaitGroup
	for range p.Workers {
		wg.Go(func() { p.work(ctx) })
	}
	wg.Wait()
	p.summary.Ended = !p.complete && p.err == nil
	if k.Progress != nil {
		k.Progress(p.summary)
	}
	return p.summary, p.err
}

// performance is a campaign at work.
type performance struct {
	Config
	Campaign

	mu       sync.Mutex
	room     sync.Cond      // there may be some in done
	begun    uint64         // runs
	ended    uint64         // runs that the summary knows of: those before all that have not ended
	done     map[uint64]Run // that ended after one that has not, by their place
	summary  Summary
	complete bool // no further run is needed
	told     time.Time
	err      error
}

// work performs one run after another.
func (p *performance) work(ctx context.Context) {
	for {
		at, ok := p.begin(ctx)
		if !ok {
			return
		}
		seed := p.Seed + at
		r, err := p.run(ctx, seed)
		if ctx.Err() != nil {
			return // Its check may have ended early.
		}
		p.end(at, r, err)
	}
}

// run performs the run with a seed.
func (p *performance) run(ctx context.Context, seed uint64) (Run, error) {
	if p.Campaign.Schedule != nil {
		return p.Rehearse(ctx, seed, *p.Campaign.Schedule)
	}
	s, err := p.Config.Schedule(seed)
	if err != nil {
		return Run{}, err
	}
	return p.Rehearse(ctx, seed, s)
}

// begin returns the place of the next run.
func (p *performance) begin(ctx context.Context) (uint64, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.over(ctx) && p.begun-p.ended >= uint64(p.Workers)*ahead {
		p.room.Wait()
	}
	if p.over(ctx) || p.begun >= uint64(p.Runs)*spare {
		return 0, false
	}
	p.begun++
	return p.begun - 1, true
}

// over reports whether no further run is to begin.
func (p *performance) over(ctx context.Context) bool {
	return ctx.Err() != nil || p.complete || p.err != nil
}

// end takes the result of a run. Runs are counted in the order of their seeds, whatever the order in which they end, so
// that the summary is the same however many workers there are.
func (p *performance) end(at uint64, r Run, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.room.Broadcast()
	if err != nil {
		p.err = err
		return
	}
	r.Outcome.Notes = nil // The seed tells them again.
	p.done[at] = r
	for !p.complete {
		r, ok := p.done[p.ended]
		if !ok {
			break
		}
		delete(p.done, p.ended)
		p.ended++
		p.count(r)
		p.complete = p.summary.Runs >= p.Runs || p.ended >= uint64(p.Runs)*spare ||
			p.summary.Violations > 0 && !p.KeepGoing
	}
	if now := time.Now(); p.Progress != nil && now.Sub(p.told) >= progressEvery {
		p.told = now
		p.Progress(p.summary)
	}
}

// count adds a run to the summary. What is violated counts, however little happened.
func (p *performance) count(r Run) {
	s := &p.summary
	if r.Idle() && !r.Violated() {
		s.Idle++
		return
	}
	s.Runs++
	s.Acknowledged += r.Outcome.Acknowledged
	s.Unknown += r.Outcome.Unknown
	s.Failed += r.Outcome.Failed
	s.Steps += r.Outcome.Steps
	s.Messages += r.Outcome.Messages
	s.Restarts += r.Outcome.Restarts
	s.Tally.Merge(r.Outcome.Tally)
	s.Virtual += r.Schedule.Duration
	if r.Undecided() {
		s.Undecided++
	}
	if r.Violated() {
		s.Violations++
		if len(s.Violated) < MaxViolated {
			s.Violated = append(s.Violated, r)
		}
	}
}
