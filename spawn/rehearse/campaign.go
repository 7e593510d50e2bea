package rehearse

import (
	"cmp"
	"context"
	"runtime"
	"sync"
	"time"

	"synod/spawn/nemesis"
)

// Campaign configures a number of runs.
type Campaign struct {
	Seed uint64 // seed of the first run; the others use the following ones
	Runs int    // the number of runs that must count
	// Schedule is used for all runs; nil means the one that each seed determines.
	Schedule  *nemesis.Schedule
	Workers   int  // the number of concurrent runs; 0 means one per core
	KeepGoing bool // do not stop at the first violation
	// Progress is called from time to time, and at the end, with the summary so far, by one goroutine at a time; may be
	// nil.
	Progress func(Summary)
}

// Summary is the result of a campaign. Unless the context ended it, it depends on the configuration alone.
type Summary struct {
	Runs         int // runs that count
	Idle         int // runs that do not, with too few acknowledged operations
	Undecided    int // of the runs that count
	Acknowledged int // operations, of the runs that count, as are all below
	Unknown      int
	Failed       int
	Steps        uint64 // of servers
	Messages     uint64
	Restarts     uint64 // of servers
	Tally        nemesis.Tally
	Virtual      time.Duration // their total virtual duration
	Violated     []Run         // the first MaxViolated, in order of seed
	Violations   int           // the number of violated runs
	Ended        bool          // the context ended it early
}

// MaxViolated is the maximum number of violated runs in a summary.
const MaxViolated = 10

// progressEvery is the time between two calls of Progress.
const progressEvery = time.Second

// spare bounds the number of runs made, as a multiple of those that must count.
const spare = 3

// ahead is how many runs per worker may be started before an earlier one has ended.
const ahead = 64

// Perform performs runs until enough count, one is violated, or the context is done. It returns an error for an
// invalid configuration.
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

// performance is a campaign in progress.
type performance struct {
	Config
	Campaign

	mu       sync.Mutex
	room     sync.Cond      // signals room in done
	begun    uint64         // runs
	ended    uint64         // runs in the summary: all before the first that has not ended
	done     map[uint64]Run // by index: ended runs that are not yet in the summary
	summary  Summary
	complete bool // no further run is needed
	told     time.Time
	err      error
}

// work performs runs, one after another.
func (p *performance) work(ctx context.Context) {
	for {
		at, ok := p.begin(ctx)
		if !ok {
			return
		}
		seed := p.Seed + at
		r, err := p.run(ctx, seed)
		if ctx.Err() != nil {
			return // Its check may have been interrupted.
		}
		p.end(at, r, err)
	}
}

// run performs the run with the given seed.
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

// begin returns the index of the next run.
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

// over reports whether no more runs are started.
func (p *performance) over(ctx context.Context) bool {
	return ctx.Err() != nil || p.complete || p.err != nil
}

// end takes the result of a run. Runs are counted in order of seed, not in the order in which they end, so that the
// summary does not depend on the number of workers.
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

// count adds a run to the summary. A violated run always counts.
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
