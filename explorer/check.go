package explorer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"time"

	"synod/checker"
	"synod/checker/report"
	"synod/model/statespace"
)

// CheckRequest asks the server to start a check.
type CheckRequest struct {
	Model  string            `json:"model"`
	Config map[string]string `json:"config,omitempty"`
	Engine string            `json:"engine,omitempty"` // bfs, dfs or walk; empty for bfs
	Seed   uint64            `json:"seed,omitempty"`   // seed of random walks
}

// CheckStatus is the status of a check.
type CheckStatus struct {
	Schema      string            `json:"schema"`
	ID          int               `json:"id"`    // 0 before the first check
	State       string            `json:"state"` // none, running, paused, done
	Model       string            `json:"model,omitempty"`
	Config      map[string]string `json:"config,omitempty"`
	Engine      string            `json:"engine,omitempty"`
	Now         Point             `json:"now"`
	Series      []Point           `json:"series,omitempty"` // since the start; only in the first event of a stream
	Properties  []Verdict         `json:"properties"`
	Discoveries []Discovery       `json:"discoveries"`
	Exhausted   bool              `json:"exhausted,omitempty"`
	Stopped     string            `json:"stopped,omitempty"` // what ended the search early
	Error       string            `json:"error,omitempty"`
	Exit        int               `json:"exit"` // exit status of a command that ran this check; valid once it is done
}

// Point is the progress of a check at one moment.
type Point struct {
	Seconds   float64 `json:"seconds"`
	Generated int     `json:"generated"`
	Unique    int     `json:"unique"`
	Depth     int     `json:"depth"`
	Frontier  int     `json:"frontier"`
	Memory    int64   `json:"memory"` // bytes
	Rate      float64 `json:"rate"`   // states generated per second, recently
}

// Verdict is the result of a property so far.
type Verdict struct {
	Name    string `json:"name"`
	Expect  string `json:"expect"`
	Verdict string `json:"verdict"`
}

// Discovery is a path that a check found.
type Discovery struct {
	Property string   `json:"property"`
	Expect   string   `json:"expect"`
	Initial  int      `json:"initial"`
	Path     []string `json:"path"`
	Loop     int      `json:"loop,omitempty"`    // if not 0, the steps from this one on, counted from 1, repeat forever
	Maximal  bool     `json:"maximal,omitempty"` // the path cannot be extended
}

// The states of a check.
const (
	checkNone    = "none"
	checkRunning = "running"
	checkPaused  = "paused"
	checkDone    = "done"
)

const (
	progressInterval = 100 * time.Millisecond
	streamInterval   = 200 * time.Millisecond
	maxSeries        = 600 // points; when exceeded, every other one is dropped
	maxStreams       = 32
)

// checks holds the check that is running, or the last one that ran. Only one runs at a time: a check uses all cores.
type checks struct {
	mu      sync.Mutex
	id      int
	current *check
	streams int
}

// check is a search that is running or has finished.
type check struct {
	control checker.Control
	cancel  context.CancelFunc
	done    chan struct{}

	mu       sync.Mutex
	status   CheckStatus
	keep     time.Duration // the minimum time between two points of the series
	document *report.Document
}

type search func(context.Context, statespace.Source, checker.Options) *checker.Result

func searchOf(engine string) (search, error) {
	switch engine {
	case "", "bfs":
		return checker.BFS, nil
	case "dfs":
		return checker.DFS, nil
	case "walk":
		return checker.Walk, nil
	}
	return nil, fmt.Errorf("unknown engine %q: expected bfs, dfs or walk", engine)
}

// StartCheck starts a check. It first stops one that is running.
func (s *Server) StartCheck(r CheckRequest) error {
	name := r.Model
	if name == "" {
		name = s.config.Model
	}
	m := s.models[name]
	if m == nil {
		return notFound("no_model", fmt.Errorf("unknown model %q", name))
	}
	if r.Model == "" && len(r.Config) == 0 {
		r.Config = s.config.Settings
	}
	full, source, err := m.Open(r.Config)
	if err != nil {
		return &apiError{Status: http.StatusBadRequest, Code: "bad_config", Message: err.Error()}
	}
	run, err := searchOf(r.Engine)
	if err != nil {
		return badRequest(err)
	}
	if s.ctx.Err() != nil {
		return errors.New("the server is closed")
	}
	ctx, cancel := context.WithCancel(s.ctx)
	c := &check{cancel: cancel, done: make(chan struct{}), keep: progressInterval}
	engine := r.Engine
	if engine == "" {
		engine = "bfs"
	}
	c.status = CheckStatus{
		Schema: Schema, State: checkRunning, Model: name, Config: full, Engine: engine,
		Properties: []Verdict{}, Discoveries: []Discovery{},
	}
	s.checks.mu.Lock()
	before := s.checks.current
	s.checks.id++
	c.status.ID = s.checks.id
	s.checks.current = c
	s.checks.mu.Unlock()
	s.running.Go(func() {
		defer cancel()
		if before != nil {
			before.cancel()
			<-before.done // A check may use all the memory there is.
		}
		c.run(ctx, run, source, s.config.Check, r.Seed)
	})
	return nil
}

// run searches and records the results.
func (c *check) run(ctx context.Context, run search, source statespace.Source, o checker.Options, seed uint64) {
	defer close(c.done)
	o.Control, o.Interval, o.Progress, o.Found = &c.control, progressInterval, c.progress, c.found
	o.OwnMemory = true // The memory of sessions does not count towards the limit of the check.
	if seed != 0 {
		o.Seed = seed
	}
	r := run(ctx, source, o)
	defer func() {
		r.Close()
		debug.FreeOSMemory() // A check may have used gigabytes, and the next one may be hours away.
	}()
	var discoveries []Discovery
	for _, p := range r.Properties {
		if p.Path != nil && r.Err == nil {
			discoveries = append(discoveries, discovery(r.Model(), p.Name, p.Expect.String(), *p.Path))
		}
	}
	var document *report.Document
	if r.Err == nil {
		d := report.Of(r)
		document = &d
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	st := &c.status
	c.document = document
	st.State, st.Exhausted, st.Stopped, st.Exit = checkDone, r.Exhausted, r.Stopped, r.ExitCode()
	if r.Err != nil {
		st.Error = r.Err.Error()
		return
	}
	st.Discoveries = append([]Discovery{}, discoveries...)
	st.Properties = st.Properties[:0]
	for _, p := range r.Properties {
		st.Properties = append(st.Properties, Verdict{valid(p.Name), p.Expect.String(), p.Verdict.String()})
	}
	last := checker.Progress{
		Generated: r.Generated, Unique: r.Unique, Depth: r.Depth, Frontier: r.Frontier, Memory: r.Memory,
		Elapsed: r.Elapsed,
	}
	st.Now = c.point(last)
	st.Now.Rate = float64(r.Generated) / max(r.Elapsed.Seconds(), 1e-3)
	st.Series = append(st.Series, st.Now)
}

// progress records the progress of the search.
func (c *check) progress(p checker.Progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := &c.status
	st.Now = c.point(p)
	if n := len(st.Series); n > 0 && st.Now.Seconds-st.Series[n-1].Seconds < c.keep.Seconds()*0.9 {
		return
	}
	st.Series = append(st.Series, st.Now)
	if len(st.Series) >= maxSeries {
		kept := st.Series[:0]
		for i := 1; i < len(st.Series); i += 2 {
			kept = append(kept, st.Series[i])
		}
		st.Series = kept
		c.keep *= 2
	}
}

// point converts progress into a point of the series. Its rate is measured from a point about a second earlier.
func (c *check) point(p checker.Progress) Point {
	now := Point{
		Seconds: p.Elapsed.Seconds(), Generated: p.Generated, Unique: p.Unique, Depth: p.Depth, Frontier: p.Frontier,
		Memory: p.Memory,
	}
	var then Point
	for _, point := range slices.Backward(c.status.Series) {
		then = point
		if now.Seconds-point.Seconds >= 1 {
			break
		}
	}
	if d := now.Seconds - then.Seconds; d > 0 {
		now.Rate = float64(now.Generated-then.Generated) / d
	}
	return now
}

// found records a discovery while the search continues.
func (c *check) found(f checker.Found) {
	d := discovery(f.Space, f.Property.Name, f.Property.Expect.String(), f.Path)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Discoveries = append(c.status.Discoveries, d)
}

func discovery(space statespace.Space, name, expect string, p statespace.Path) Discovery {
	d := Discovery{Property: valid(name), Expect: expect, Path: p.Keys(), Loop: p.Loop, Maximal: p.Maximal}
	if initials, err := statespace.Initials(space); err == nil {
		d.Initial = max(0, slices.IndexFunc(initials, func(s []statespace.PartID) bool { return slices.Equal(s, p.Initial) }))
	}
	return d
}

// snapshot returns a copy of the status, which the caller owns.
func (c *check) snapshot(series bool) CheckStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.status
	st.Discoveries, st.Properties = slices.Clone(st.Discoveries), slices.Clone(st.Properties)
	if st.State == checkRunning && c.control.Paused() {
		st.State = checkPaused
	}
	if series {
		st.Series = slices.Clone(st.Series)
	} else {
		st.Series = nil
	}
	return st
}

func (s *Server) currentCheck() *check {
	s.checks.mu.Lock()
	defer s.checks.mu.Unlock()
	return s.checks.current
}

func (s *Server) checkStatus(series bool) CheckStatus {
	if c := s.currentCheck(); c != nil {
		return c.snapshot(series)
	}
	return CheckStatus{Schema: Schema, State: checkNone, Properties: []Verdict{}, Discoveries: []Discovery{}}
}

func (s *Server) getCheck(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.checkStatus(true))
}

func (s *Server) postCheck(w http.ResponseWriter, r *http.Request) {
	var q CheckRequest
	err := readBody(w, r, &q)
	if err == nil {
		err = s.StartCheck(q)
	}
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusAccepted, s.checkStatus(false))
}

// command pauses, resumes or stops the check.
func (s *Server) command(w http.ResponseWriter, r *http.Request) {
	c := s.currentCheck()
	if c == nil {
		writeError(w, notFound("no_check", errors.New("no check was started")))
		return
	}
	switch r.PathValue("command") {
	case "pause":
		c.control.Pause()
	case "resume":
		c.control.Resume()
	case "stop":
		c.cancel()
	default:
		writeError(w, notFound("no_command", errors.New("expected pause, resume or stop")))
		return
	}
	writeJSON(w, http.StatusOK, s.checkStatus(false))
}

// report writes the document of a finished check.
func (s *Server) report(w http.ResponseWriter, _ *http.Request) {
	if c := s.currentCheck(); c != nil {
		c.mu.Lock()
		document := c.document
		c.mu.Unlock()
		if document != nil {
			writeJSON(w, http.StatusOK, document)
			return
		}
	}
	writeError(w, notFound("no_report", errors.New("no check has ended yet")))
}

// stream sends the status as server-sent events until the client disconnects or the server closes.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	if !s.beginStream() {
		writeError(w, &apiError{
			Status: http.StatusServiceUnavailable, Code: "busy",
			Message: "too many streams: expected at most " + strconv.Itoa(maxStreams),
		})
		return
	}
	defer s.endStream()
	rc := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	tick := time.NewTicker(streamInterval)
	defer tick.Stop()
	var sent []byte
	id := -1
	quiet := 0
	for {
		current := s.checkStatus(false)
		whole := current.ID != id
		if whole {
			current = s.checkStatus(true)
			id = current.ID
		}
		if data := event(current); quiet >= 50 || string(data) != string(sent) {
			if !send(w, rc, data) {
				return
			}
			sent, quiet = data, 0
		}
		if whole {
			sent = nil
		}
		quiet++
		select {
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Server) beginStream() bool {
	s.checks.mu.Lock()
	defer s.checks.mu.Unlock()
	if s.checks.streams >= maxStreams {
		return false
	}
	s.checks.streams++
	return true
}

func (s *Server) endStream() {
	s.checks.mu.Lock()
	defer s.checks.mu.Unlock()
	s.checks.streams--
}
