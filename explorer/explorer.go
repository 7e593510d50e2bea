// Package explorer serves a web page, and its API, for stepping through the behaviour of a model, watching a check of
// it and examining the results. docs/explorer-api.md describes the API.
//
// Stepping and checking do not block each other. Stepping computes states on demand, in tables of its own; a check
// runs beside it. A place in a model is named by its path: the keys of the actions that lead there, which depend only
// on their content. So the server holds no state that a client depends on: its tables are only a cache.
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
	Default  string   // empty for no default
	Values   []string // the accepted words; empty for an integer
	Min, Max int      // of an integer
	Optional bool     // may be left empty
}

// Model is the explorer's view of a model, or of a family of models that differ in their settings. It must be safe
// for concurrent use.
type Model interface {
	// Title returns the name, which is unique and short, and a one-sentence summary without a full stop.
	Title() (name, summary string)
	// Options lists the settings.
	Options() []Option
	// Open builds the model for the given settings, keyed by name. It returns all settings, with defaults filled in. Its
	// errors describe what was expected.
	Open(config map[string]string) (full map[string]string, source statespace.Source, err error)
}

// Config configures a server.
type Config struct {
	Models   []Model           // at least one
	Model    string            // name of the initial model; empty for the first
	Settings map[string]string // of the initial model
	// Check configures the search of checks. The server sets Progress, Interval, Control, Found and OwnMemory itself.
	Check checker.Options
	// Hosts are the names accepted in the Host header besides localhost and addresses.
	Hosts []string
	Log   *slog.Logger // nil for no logging
}

// Server is the explorer. It is safe for concurrent use.
type Server struct {
	config   Config
	models   map[string]Model
	sessions sessions
	checks   checks
	handler  http.Handler
	heavy    chan struct{} // holds a token for each running request that computes for long
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// heavyRequests is the number of requests that may search or walk far at the same time. Others wait.
const heavyRequests = 2

// New returns a server. The caller must close it.
func New(c Config) (*Server, error) {
	if len(c.Models) == 0 {
		return nil, errors.New("no models: expected at least one")
	}
	s := &Server{config: c, models: make(map[string]Model), heavy: make(chan struct{}, heavyRequests)}
	for _, m := range c.Models {
		name, _ := m.Title()
		if s.models[name] != nil {
			return nil, fmt.Errorf("two models are named %q", name)
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

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close stops the check, ends the streams and frees all tables. When it returns, nothing of the server runs except
// requests still being answered.
func (s *Server) Close() {
	s.cancel()
	s.running.Wait()
	s.sessions.close()
}

// Limits of a connection.
const (
	headerTimeout  = 10 * time.Second
	readTimeout    = 30 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 1 << 20
	shutdownTime   = 2 * time.Second
)

// Serve handles requests from a listener until the context ends, then closes the listener and the server.
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
		s.cancel() // Streams end, so the shutdown need not wait for them.
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
