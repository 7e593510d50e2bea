package host

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"synod/internal/noun"
	"synod/spawn"
)

// listenMetrics binds the socket for metrics, if configured.
func (s *Host) listenMetrics() error {
	if s.Metrics == "" {
		return nil
	}
	var err error
	if s.metrics, err = net.Listen("tcp", s.Metrics); err != nil {
		return fmt.Errorf("metrics at %q: %w", s.Metrics, err)
	}
	s.closers = append(s.closers, s.metrics.Close)
	return nil
}

// serveMetrics serves the metrics and health of the servers, if configured.
func (s *Host) serveMetrics() {
	if s.metrics == nil {
		return
	}
	server := &http.Server{
		Handler: s.health(), ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	var done sync.WaitGroup
	done.Go(func() {
		if err := server.Serve(s.metrics); !errors.Is(err, http.ErrServerClosed) {
			s.Log.Error("metrics", "error", err)
		}
	})
	s.closers = append(s.closers, func() error {
		err := server.Close()
		done.Wait()
		return err
	})
}

// health returns the handler of /metrics, /healthz and /readyz.
func (s *Host) health() http.Handler {
	began := time.Now()
	var servers []spawn.Labelled
	for _, r := range s.servers {
		servers = append(servers, spawn.Labelled{
			Server: r.Address.String(), Metrics: r.Metrics, Pulse: r.Pulse, Connections: r.connections, Peers: r.peers,
		})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		writeProcess(w, began)
		if err := spawn.WriteMetrics(w, servers); err != nil {
			s.Log.Debug("metrics", "error", err)
		}
	})
	mux.HandleFunc("GET /healthz", s.answer(func(r *Server) (string, bool) {
		if r.stopped.Load() {
			return "has stopped", false
		}
		return "runs", true
	}))
	mux.HandleFunc("GET /readyz", s.answer(func(r *Server) (string, bool) {
		switch p := r.Pulse; {
		case r.stopped.Load():
			return "has stopped", false
		case !p.Ready():
			return fmt.Sprintf("waiting for other servers: %d of %s up, %d needed", p.Up(), noun.Count(p.Servers(), "server"), p.Quorum), false
		}
		return "is ready", true
	}))
	return mux
}

// answer returns a handler that writes the state of each server of this process on a line, with status 503 unless all
// are healthy.
func (s *Host) answer(state func(*Server) (string, bool)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		code := http.StatusOK
		var b strings.Builder
		for _, r := range s.servers {
			text, well := state(r)
			if !well {
				code = http.StatusServiceUnavailable
			}
			fmt.Fprintf(&b, "%v %s\n", r.Address, text)
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, b.String())
	}
}

// writeProcess writes metrics of the process under their conventional names, and its build information.
func writeProcess(w io.Writer, began time.Time) {
	metric := func(kind, name, help string, value any) {
		bare, _, _ := strings.Cut(name, "{")
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n%s %v\n", bare, help, bare, kind, name, value)
	}
	version, revision := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				revision = setting.Value
			}
		}
	}
	metric("gauge", fmt.Sprintf("synod_build_info{version=%q,revision=%q,go=%q}", version, revision, runtime.Version()),
		"What the program was built of.", 1)
	metric("gauge", "process_start_time_seconds", "When the process started, in seconds since 1970.",
		strconv.FormatFloat(float64(began.UnixMilli())/1000, 'f', 3, 64))
	metric("gauge", "go_goroutines", "Goroutines.", runtime.NumGoroutine())
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	metric("gauge", "go_memstats_heap_alloc_bytes", "Bytes of the heap in use.", memory.HeapAlloc)
	if cpu, ok := processorTime(); ok {
		metric("counter", "process_cpu_seconds_total", "Processor time, of the system too.", cpu.Seconds())
	}
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := strings.Fields(string(text)); len(fields) > 1 {
			if pages, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				metric("gauge", "process_resident_memory_bytes", "Bytes in memory.", pages*int64(os.Getpagesize()))
			}
		}
	}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		metric("gauge", "process_open_fds", "Open files and sockets.", len(open))
	}
}
