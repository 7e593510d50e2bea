package explorer

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"synod/checker"
	"synod/internal/noun"
	"synod/model/statespace"
)

// Limits of the search that finds dead letters.
const (
	maxEvidence     = 2_000_000 // states
	evidenceTime    = 10 * time.Second
	evidenceMemory  = maxSessionBytes / 2
	evidenceWorkers = 1 // The check may be running.
)

// Dead lists the messages in flight, at the end of a path, that no longer matter, and says how that is known.
type Dead struct {
	Schema   string       `json:"schema"`
	Proved   bool         `json:"proved"`   // by a reduced search of all states, with its audit
	Evidence string       `json:"evidence"` // in a sentence
	States   int          `json:"states"`   // distinct states of that search
	Letters  []DeadLetter `json:"letters"`
}

// DeadLetter is a message in flight that nothing its recipient can still do reads.
type DeadLetter struct {
	Slot string `json:"slot"` // name of the recipient
	Key  string `json:"key"`  // as in the letters of the slot
	Why  string `json:"why"`
}

// evidence is a reduced search of a model, for all requests about it. The fields are set when done is closed.
type evidence struct {
	done   chan struct{}
	result *checker.Result // open, until the tables are closed
}

// dead handles a request for the dead letters at the end of a path.
func (s *Server) dead(w http.ResponseWriter, r *http.Request) {
	s.withPlace(w, r, func(t *tables, _ Query, p *place) (any, error) {
		e := s.evidence(t)
		select {
		case <-e.done:
		case <-r.Context().Done():
			return nil, errGivenUp
		}
		return t.dead(e.result, p)
	})
}

// evidence returns the reduced search of a model, which it starts if there is none yet.
func (s *Server) evidence(t *tables) *evidence {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.evidence != nil {
		return t.evidence
	}
	e := &evidence{done: make(chan struct{})}
	t.evidence = e
	s.sessions.hold(t) // The search outlives a request that is given up.
	s.running.Go(func() {
		defer s.sessions.release(t)
		defer close(e.done)
		select {
		case s.heavy <- struct{}{}:
			defer func() { <-s.heavy }()
		case <-s.ctx.Done():
		}
		e.result = seekEvidence(s.ctx, t.source)
		t.held.Add(e.result.Memory)
	})
	return e
}

// seekEvidence searches a source without dead letters, to the end or a limit.
func seekEvidence(ctx context.Context, source statespace.Source) *checker.Result {
	return checker.BFS(ctx, source, checker.Options{
		Reduce: statespace.DeadLetters, FinishWhen: checker.Exhausted, Workers: evidenceWorkers,
		MaxStates: maxEvidence, Timeout: evidenceTime, MemoryLimit: evidenceMemory, OwnMemory: true,
	})
}

// dead returns the dead letters of a place.
func (t *tables) dead(r *checker.Result, p *place) (*Dead, error) {
	d := &Dead{Schema: Schema, States: r.Unique, Letters: []DeadLetter{}}
	switch {
	case r.Err != nil:
		d.Evidence = "What is dead is not known, because the search failed: " + valid(r.Err.Error())
		return d, nil
	case r.Reduced == nil || !r.Reduced.Letters:
		d.Evidence = "What is dead is not known. " + valid(strings.Join(r.Notes, " "))
		return d, nil
	}
	letters, err := r.DeadLetters(t.space, p.state)
	if err != nil {
		return nil, err
	}
	d.Proved = r.Exhausted && r.Audited()
	searched := fmt.Sprintf("a search of %s, without dead letters", noun.Count(r.Unique, "state"))
	if d.Proved {
		d.Evidence = "Proved by " + searched + ", which was exhaustive and audited."
	} else {
		d.Evidence = fmt.Sprintf("Not proved: %s, was stopped at depth %d (%s). It tells only what actors do up to there.",
			searched, r.Depth, valid(r.Stopped))
	}
	for _, l := range letters {
		name := valid(t.space.SlotName(l.Slot))
		who := name
		if strings.Trim(name, "0123456789") == "" {
			who = "actor " + name
		}
		why := "nothing that " + who + " can still do reads this"
		if !d.Proved {
			why = "nothing that " + who + " does in the states that were searched reads this"
		}
		d.Letters = append(d.Letters, DeadLetter{Slot: name, Key: l.Key, Why: why})
	}
	return d, nil
}
