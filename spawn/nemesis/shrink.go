package nemesis

import (
	"slices"
	"time"
)

// Shrink looks for a smaller schedule that still fails, by trying at most so many. It drops faults, ever smaller runs of
// them (the delta debugging of Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002), then
// halves how long they last and leaves out servers, and ends the run earlier. What does not fail every time may fail
// less often the smaller it is, so that the result may fail seldom; the schedule that it is given is the result if no
// smaller one fails. With the news that a schedule fails comes as much of it as was needed: itself, or its beginning if
// it is known when it failed.
func Shrink(s Schedule, stillFails func(Schedule) (Schedule, bool), tries int) Schedule {
	h := shrinker{best: s, fails: stillFails, tries: tries}
	h.earlier()
	h.fewer()
	for h.tries > 0 && h.simpler() {
		h.fewer()
	}
	h.earlier()
	return h.best
}

// Until returns the schedule of a run that ends at a time: faults that would begin later are not in it, and those that would
// last longer end sooner.
func (s Schedule) Until(end time.Duration) Schedule {
	cut := Schedule{Servers: s.Servers, Duration: min(s.Duration, end)}
	for _, f := range s.Faults {
		if f.At >= cut.Duration {
			break
		}
		f.For = min(f.For, cut.Duration-f.At)
		cut.Faults = append(cut.Faults, f)
	}
	return cut
}

// Short returns the schedule of a run that ends so long after its last fault, or as before if that is sooner.
func (s Schedule) Short(calm time.Duration) Schedule {
	s.Duration = min(s.Duration, s.LastEnd()+calm)
	return s
}

// LastEnd is when the last fault is over.
func (s Schedule) LastEnd() time.Duration {
	var last time.Duration
	for _, f := range s.Faults {
		last = max(last, f.Ends())
	}
	return last
}

// shrinker is a search at work.
type shrinker struct {
	best  Schedule
	fails func(Schedule) (Schedule, bool)
	tries int
}

// try takes a schedule if it fails too.
func (h *shrinker) try(s Schedule) bool {
	if h.tries <= 0 {
		return false
	}
	h.tries--
	s, failed := h.fails(s)
	if failed {
		h.best = s
	}
	return failed
}

// rest is how long a run goes on after the last fault of a shrunk schedule.
const rest = time.Second

// earlier ends the run soon after its last fault.
func (h *shrinker) earlier() {
	if s := h.best.Short(rest); s.Duration < h.best.Duration {
		h.try(s)
	}
}

// fewer drops faults: halves of them, quarters, and so on to single ones.
func (h *shrinker) fewer() {
	for size := (len(h.best.Faults) + 1) / 2; size > 0 && h.tries > 0; {
		dropped := false
		for from := 0; from < len(h.best.Faults) && h.tries > 0; {
			s := h.best
			s.Faults = slices.Delete(slices.Clone(s.Faults), from, min(from+size, len(s.Faults)))
			if h.try(s) {
				dropped = true
			} else {
				from += size
			}
		}
		switch {
		case size > 1:
			size /= 2
		case !dropped:
			return
		}
	}
}

// shortest is how long a fault lasts at least for it to be halved.
const shortest = 20 * time.Millisecond

// simpler makes each fault shorter and restricts it to fewer servers. It reports whether anything could be made so.
func (h *shrinker) simpler() bool {
	changed := false
	for i := 0; i < len(h.best.Faults); i++ { // There may be fewer after a try.
		for i < len(h.best.Faults) && h.best.Faults[i].For >= shortest {
			f := h.best.Faults[i]
			f.For /= 2
			if !h.try(h.with(i, f)) {
				break
			}
			changed = true
		}
		for k := 0; i < len(h.best.Faults); {
			f := h.best.Faults[i]
			if k >= len(f.Servers) || len(f.Servers) == 1 {
				break
			}
			f.Servers = slices.Delete(slices.Clone(f.Servers), k, k+1)
			if h.try(h.with(i, f)) {
				changed = true
			} else {
				k++
			}
		}
	}
	return changed
}

// with returns the best schedule with another fault at a place.
func (h *shrinker) with(i int, f Fault) Schedule {
	s := h.best
	s.Faults = slices.Clone(s.Faults)
	s.Faults[i] = f
	return s
}
