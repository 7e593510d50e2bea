// Package explorer serves a web page, and the API under it, on which an engineer walks through the behaviour of a model,
// watches a check of it, and looks at what was found. docs/explorer-api.md describes the API.
//
// Walking and checking do not wait for one another. A walk computes what it needs on demand, in tables of its own; a
// check runs beside it. A place in a model is named by its path: the keys of the actions that lead there, which are made
// of content. So the server keeps nothing that a client would miss: what it remembers only saves work.
package explorer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"synod/checker"
	"synod/model/statespace"
)

// Option is a setting of a model.
type Option = struct {
	Name     string
	Doc      string   // one line
	Default  string   // empty for none
	Values   []string // the words that may stand there; empty for a whole number
	Min, Max int      // of a number
	Optional bool     // may be left empty
}

// Model is what the explorer needs to know of a model, or a family of models that differ in their settings. It must be
// safe for concurrent use.
type Model interface {
	// Title returns the name, which is unique and short, and a sentence without its full stop.
	Title() (name, summary string)
	// Options lists the settings.
	Options() []Option
	// Open builds the model for some settings, given by name, and gives all settings, defaults filled in. Its errors
	// say what was expected.
	Open(config map[string]string) (full map[string]string, source statespace.Source, err error)
}

// Config is what a server serves.
type Config struct {
	Models   []Model           // at least one
	Model    string            // the name of that which the page begins with; empty for the first
	Settings map[string]string // of it
	// Check describes how checks search. The fields Progress, Interval, Control, Found and OwnMemory are the
	// server's own.
	Check checker.Options
	// Hosts are names that the Host header may carry besides localhost and addresses.
	Hosts []string
	Log   *slog.Logger // nil for none
}

// Server is the explorer. It is safe for concurrent use.
type Server struct {
	config   Config
	models   map[string]Model
	sessions sessions
	checks   checks
	handler  http.Handler
	heavy    chan struct{} // holds a token for each request that computes for long
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// heavyRequests is how many requests may search or walk far at the same time. Others wait.
const heavyRequests = 2

// New returns a server. Close it.
func New(c Config) (*Server, error) {
	if len(c.Models) == 0 {
		return nil, errors.New("no models: expected at least one")
	}
	s := &Server{config: c, models: make(map[string]Model), heavy: make(chan struct{}, heavyRequests)}
	for _, m := range c.Models {
		name, _ := m.Title()
		if s.models[name] != nil {
			return nil, fmt.Errorf("two models are called %q", name)
		}
		s.models[name] = m
	}
	if s.config.Model == "" {
		s.config.Model, _ = c.Models[0].Title()
	}
	m := s.models[s.config.Model]
	if m == nil {
		return nil, fmt.Errorf("unknown model %q", s.config.Model)
	}
	full, _, err := m.Open(c.Settings)
	if err != nil {
		return nil, err
	}
	s.config.Settings = settings(full)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.handler = s.guarded(s.routes())
	s.running.Go(s.tidy)
	return s, nil
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close stops the check, ends the streams and frees all tables. It returns when nothing of the server runs any more but
// requests that are being answered.
func (s *Server) Close() {
	s.cancel()
	s.running.Wait()
	s.sessions.close()
}

// Limits of one connection.
const (
	headerTimeout  = 10 * time.Second
	readTimeout    = 30 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 1 << 20
	shutdownTime   = 2 * time.Second
)

// Serve answers requests on a listener until the context ends, and closes the listener and the server.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	defer s.Close()
	h := &http.Server{
		Handler: s, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: nil,
	}
	if s.config.Log != nil {
		h.ErrorLog = slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug)
	}
	s.running.Go(func() {
		select {
		case <-ctx.Done():
		case <-s.ctx.Done():
		}
		s.cancel() // Streams end, so that the shutdown need not wait for them.
		patience, enough := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer enough()
		if h.Shutdown(patience) != nil {
			_ = h.Close()
		}
	})
	err := h.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
