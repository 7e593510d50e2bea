package oplog

import (
	"context"
	"fmt"
	"maps"

	"synod/consistency"
)

// CheckSequential reports whether a history is sequentially consistent: whether all operations, on all keys, have one
// order that keeps the order of each process and explains the answers. A process that continues after an unknown
// outcome counts as another process. It is otherwise like [Check], but searches the whole history at once: time and
// memory grow exponentially with the number of processes, and a few thousand operations are many.
func CheckSequential(ctx context.Context, h History, config Config) (Result, error) {
	r := Result{Config: config}
	if err := config.Validate(); err != nil {
		return r, err
	}
	ahead, err := foresee(context.WithoutCancel(ctx), config.Spec, held(h.Events))
	if err != nil {
		return r, err
	}
	config.WholeSets = config.WholeSets || ahead.whole
	r.Config = config
	s := sequences{config: config, events: make([]step, 0, len(h.Events)), names: make(map[int64]consistency.Client), keys: make(map[Value]bool)}
	open := make(map[int64]Event)
	for i, e := range h.Events {
		if e.Type == Invoke {
			open[e.Process] = e
			err = s.invoke(e, ahead.ends[i])
		} else {
			err = s.end(open[e.Process], e)
		}
		if err != nil {
			return r, &LineError{e.Line, err}
		}
	}
	r.Counts = s.counts
	r.Counts.Keys = len(s.keys)
	r.Counts.Unknown = s.counts.Operations - s.counts.Acknowledged - s.counts.Failed
	order, err := consistency.NewProgramOrder(s.events)
	if err != nil {
		return r, err
	}
	most := config.MaxMemory
	if most == 0 {
		most = 1 << 30
	}
	r.Outcome, r.Reason = consistency.SequentialWithin(ctx, config.everything(), order, most)
	return r, nil
}

// request is an input and its part.
type request struct {
	at part
	input
}

// everything is the object that consists of all parts. Parts that are not in the map are in their initial state.
func (c Config) everything() consistency.Spec[map[part]cell, request, output] {
	object := c.object()
	at := func(all map[part]cell, p part) cell {
		if held, ok := all[p]; ok {
			return held
		}
		return object.Init
	}
	return consistency.Spec[map[part]cell, request, output]{
		Name: object.Name,
		Step: func(all map[part]cell, in request) (map[part]cell, output) {
			held := at(all, in.at)
			next, out := object.Step(held, in.input)
			if object.SameState(held, next) {
				return all, out
			}
			changed := make(map[part]cell, len(all)+1)
			maps.Copy(changed, all)
			changed[in.at] = next
			return changed, out
		},
		SameState: func(a, b map[part]cell) bool {
			for p := range a {
				if !object.SameState(a[p], at(b, p)) {
					return false
				}
			}
			for p := range b {
				if !object.SameState(at(a, p), b[p]) {
					return false
				}
			}
			return true
		},
		SameOutput: output.matches,
	}
}

// step is an event of a process as a client.
type step = consistency.Event[request, output]

// sequences collects the operations of each process in their order.
type sequences struct {
	config Config
	events []step
	names  map[int64]consistency.Client // the current client of each process
	last   consistency.Client
	keys   map[Value]bool
	counts Counts
}

func (s *sequences) invoke(e Event, end Type) error {
	at, in, err := s.config.asked(e)
	if err != nil {
		return fmt.Errorf("process %d: %w", e.Process, err)
	}
	s.counts.Operations++
	s.keys[at.key] = true
	if end == Fail || end == Unknown && s.config.pure(in) {
		return nil
	}
	if s.names[e.Process] == 0 {
		s.last++
		s.names[e.Process] = s.last
	}
	s.events = append(s.events, step{Client: s.names[e.Process], Invoke: true, In: request{at, in}})
	return nil
}

func (s *sequences) end(invoked, e Event) error {
	out, err := s.config.heard(invoked, e)
	if err != nil {
		return fmt.Errorf("process %d: %w", e.Process, err)
	}
	switch e.Type {
	case Ok:
		s.counts.Acknowledged++
		s.events = append(s.events, step{Client: s.names[e.Process], Out: out})
	case Fail:
		s.counts.Failed++
	case Unknown:
		delete(s.names, e.Process)
	case Invoke:
	}
	return nil
}
