package nemesis

import (
	"slices"
	"time"
)

// Shrink searches for a smaller schedule that still fails, in at most the given number of tries. It drops faults in
// ever smaller groups (the delta debugging of Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing
// Input", 2002), then halves their durations, removes servers, and ends the run earlier. A failure that is not
// deterministic may become rarer as the schedule shrinks, so the result may fail seldom. If no smaller schedule
// fails, the result is the given one. If a schedule fails, stillFails also returns the part of it that was needed:
// all of it, or its beginning if the time of the failure is known.
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

// Until returns the schedule of a run that ends at a time, without the faults that begin later. Faults that would
// last longer end then.
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

// Short returns the schedule of a run that ends the given time after its last fault, or as before if that is sooner.
func (s Schedule) Short(calm time.Duration) Schedule {
	s.Duration = min(s.Duration, s.LastEnd()+calm)
	return s
}

// LastEnd returns the time at which the last fault ends.
func (s Schedule) LastEnd() time.Duration {
	var last time.Duration
	for _, f := range s.Faults {
		last = max(last, f.Ends())
	}
	return last
}

// shrinker is the state of a search.
type shrinker struct {
	best  Schedule
	fails func(Schedule) (Schedule, bool)
	tries int
}

// try keeps a schedule if it fails too.
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

// rest is the time that a shrunk run continues after its last fault.
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

// shortest is the minimum duration of a fault to be halved.
const shortest = 20 * time.Millisecond

// simpler shortens each fault and restricts it to fewer servers. It reports whether anything changed.
func (h *shrinker) simpler() bool {
	changed := false
	for i := 0; i < len(h.best.Faults); i++ { // A try may remove faults.
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

// with returns the best schedule with the fault at index i replaced.
func (h *shrinker) with(i int, f Fault) Schedule {
	s := h.best
	s.Faults = slices.Clone(s.Faults)
	s.Faults[i] = f
	return s
}
