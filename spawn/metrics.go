package spawn

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"synod/spawn/machine"
	"synod/storage"
)

// Metrics has the counters and gauges of a server. It is safe for concurrent use. The zero value is ready to use.
type Metrics struct {
	Received   atomic.Uint64                  // messages, including rejected ones
	Rejected   [machine.Reasons]atomic.Uint64 // of these, by reason
	Sent       atomic.Uint64                  // messages passed to the transport
	Unsent     atomic.Uint64                  // messages that the transport refused
	Timeouts   atomic.Uint64
	Saves      atomic.Uint64
	SavedSteps atomic.Uint64 // steps saved, or that waited for a shared save
	SavedBytes atomic.Uint64 // bytes of records, without the overhead of the store

	Pending    atomic.Int64  // client requests without an answer
	Unanswered atomic.Uint64 // client requests expired without an answer

	once    sync.Once
	saves   *histogram // durations of saves
	batches *histogram // numbers of steps that shared a save
	mu      sync.Mutex
	kinds   []kind // kinds of requests, by name
}

// kind has the statistics of one kind of requests.
type kind struct {
	name string
	took *histogram // time until the answer
}

// maxKinds is the maximum number of kinds of requests that are distinguished.
const maxKinds = 16

// ready initializes the zero value.
func (m *Metrics) ready() *Metrics {
	m.once.Do(func() { m.saves, m.batches = durations(), newHistogram(1, 1, 2, 4, 8, 16, 32, 64, 128, 256) })
	return m
}

// saved counts a save shared by steps.
func (m *Metrics) saved(changes []storage.Record, steps int, took time.Duration) {
	m.ready()
	m.Saves.Add(1)
	m.SavedSteps.Add(uint64(steps))
	for _, r := range changes {
		m.SavedBytes.Add(uint64(len(r.Data)))
	}
	m.saves.took(took)
	m.batches.add(uint64(steps))
}

// answered counts an answered request.
func (m *Metrics) answered(name string, took time.Duration) {
	m.mu.Lock()
	at, known := slices.BinarySearchFunc(m.kinds, name, func(k kind, name string) int { return strings.Compare(k.name, name) })
	if !known && len(m.kinds) < maxKinds {
		m.kinds = slices.Insert(m.kinds, at, kind{name, durations()})
		known = true
	}
	var h *histogram
	if known {
		h = m.kinds[at].took
	}
	m.mu.Unlock()
	if h != nil {
		h.took(took)
	}
}

// requests returns the kinds of requests answered so far.
func (m *Metrics) requests() []kind {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.kinds)
}

// Labelled has the sources of metrics of one server of a process.
type Labelled struct {
	Server string // its address
	*Metrics
	Pulse       *Pulse             // may be nil
	Connections func() Connections // nil if the transport has none
	Peers       func() []Peer      // nil if the transport keeps none
}

// counters are the metrics that are single counters.
var counters = []struct {
	name, help string
	value      func(*Metrics) uint64
}{
	{
		"messages_received_total", "Messages that arrived, rejected ones included.",
		func(m *Metrics) uint64 { return m.Received.Load() },
	},
	{
		"messages_sent_total", "Messages that were handed to the network.",
		func(m *Metrics) uint64 { return m.Sent.Load() },
	},
	{
		"messages_unsent_total", "Messages that the network refused.",
		func(m *Metrics) uint64 { return m.Unsent.Load() },
	},
	{"timeouts_total", "Timers that fired.", func(m *Metrics) uint64 { return m.Timeouts.Load() }},
	{
		"saved_steps_total", "Steps that waited for a save. Divided by the number of saves, how many share one.",
		func(m *Metrics) uint64 { return m.SavedSteps.Load() },
	},
	{
		"requests_unanswered_total", "Requests that were given up before they were answered.",
		func(m *Metrics) uint64 { return m.Unanswered.Load() },
	},
	{"saved_bytes_total", "Bytes of records that were saved.", func(m *Metrics) uint64 { return m.SavedBytes.Load() }},
}

// WriteMetrics writes the metrics of the servers of a process in the text format of Prometheus, version 0.0.4.
func WriteMetrics(w io.Writer, servers []Labelled) error {
	b := bufio.NewWriter(w)
	for _, c := range counters {
		fmt.Fprintf(b, "# HELP synod_%s %s\n# TYPE synod_%s counter\n", c.name, c.help, c.name)
		for _, s := range servers {
			fmt.Fprintf(b, "synod_%s{server=%q} %d\n", c.name, s.Server, c.value(s.Metrics))
		}
	}
	const rejected = "synod_messages_rejected_total"
	fmt.Fprintf(b, "# HELP %s Messages that were dropped, by reason.\n# TYPE %s counter\n", rejected, rejected)
	for _, s := range servers {
		for r := range machine.Reasons {
			label := strings.ReplaceAll(r.String(), " ", "_")
			fmt.Fprintf(b, "%s{server=%q,reason=%q} %d\n", rejected, s.Server, label, s.Rejected[r].Load())
		}
	}
	writeGauges(b, servers)
	writeConnections(b, servers)
	writePeers(b, servers)
	histograms := func(name, help string, each func(s Labelled)) {
		fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s histogram\n", name, help, name)
		for _, s := range servers {
			each(s)
		}
	}
	label := func(s Labelled) string { return fmt.Sprintf("server=%q", s.Server) }
	histograms("synod_save_seconds", "How long saves took, until they were durable.", func(s Labelled) {
		s.ready().saves.write(b, "synod_save_seconds", label(s))
	})
	histograms("synod_save_steps", "How many steps shared a save.", func(s Labelled) {
		s.ready().batches.write(b, "synod_save_steps", label(s))
	})
	histograms("synod_request_seconds", "How long clients waited for an answer, by the kind of their request.", func(s Labelled) {
		for _, k := range s.requests() {
			k.took.write(b, "synod_request_seconds", fmt.Sprintf("%s,kind=%q", label(s), k.name))
		}
	})
	return b.Flush()
}

// writeGauges writes the gauges.
func writeGauges(w io.Writer, servers []Labelled) {
	gauge := func(name, help string, value func(Labelled) (int64, bool)) {
		fmt.Fprintf(w, "# HELP synod_%s %s\n# TYPE synod_%s gauge\n", name, help, name)
		for _, s := range servers {
			if v, ok := value(s); ok {
				fmt.Fprintf(w, "synod_%s{server=%q} %d\n", name, s.Server, v)
			}
		}
	}
	gauge("requests_pending", "Requests of clients that are not answered yet.", func(s Labelled) (int64, bool) {
		return s.Pending.Load(), true
	})
	gauge("servers", "Servers of the cluster.", func(s Labelled) (int64, bool) {
		if s.Pulse == nil {
			return 0, false
		}
		return int64(s.Pulse.Servers()), true
	})
	gauge("servers_up", "Servers of the cluster that were heard of lately, this one included.", func(s Labelled) (int64, bool) {
		if s.Pulse == nil {
			return 0, false
		}
		return int64(s.Pulse.Up()), true
	})
	gauge("quorum", "Whether enough servers are up to answer requests.", func(s Labelled) (int64, bool) {
		if s.Pulse != nil && s.Pulse.Ready() {
			return 1, true
		}
		return 0, s.Pulse != nil
	})
}

// writeConnections writes the connection counts, if the servers have any.
func writeConnections(w io.Writer, servers []Labelled) {
	if len(servers) == 0 || servers[0].Connections == nil {
		return
	}
	const open, ended = "synod_connections", "synod_connections_ended_total"
	fmt.Fprintf(w, "# HELP %s Open connections that were accepted, by who is at the other end.\n# TYPE %s gauge\n", open, open)
	for _, s := range servers {
		c := s.Connections()
		for _, of := range []struct {
			who string
			n   int
		}{{"client", c.Clients}, {"server", c.Peers}, {"stranger", c.Strangers}} {
			fmt.Fprintf(w, "%s{server=%q,who=%q} %d\n", open, s.Server, of.who, of.n)
		}
	}
	const accepted = "synod_connections_accepted_total"
	fmt.Fprintf(w, "# HELP %s Connections that were accepted.\n# TYPE %s counter\n", accepted, accepted)
	for _, s := range servers {
		fmt.Fprintf(w, "%s{server=%q} %d\n", accepted, s.Server, s.Connections().Accepted)
	}
	fmt.Fprintf(w, "# HELP %s Connections that the server ended, by the reason.\n# TYPE %s counter\n", ended, ended)
	for _, s := range servers {
		c := s.Connections()
		for _, of := range []struct {
			why string
			n   uint64
		}{{"denied", c.Denied}, {"evicted", c.Evicted}, {"idle", c.Idle}, {"late", c.Late}, {"refused", c.Refused}, {"starved", c.Starved}} {
			fmt.Fprintf(w, "%s{server=%q,reason=%q} %d\n", ended, s.Server, of.why, of.n)
		}
	}
}
