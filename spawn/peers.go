package spawn

import (
	"fmt"
	"io"
)

// Peer is the state of a transport's connection to another server, with its counters.
type Peer struct {
	Address  string // host:port
	Up       bool   // the connection is open, as far as is known
	Waiting  int    // messages in the send queue
	Sent     uint64 // messages sent
	Lost     uint64 // messages dropped because the queue was full
	Failures uint64 // how often the connection failed or could not be opened
	Received uint64 // messages received
}

// Peering may be implemented by a transport that keeps a connection to each of the other servers.
type Peering interface {
	// Peers returns the state of each, in the order of their ids.
	Peers() []Peer
}

// writePeers writes the metrics of the connections to other servers.
func writePeers(w io.Writer, servers []Labelled) {
	for _, of := range []struct {
		name, kind, help string
		value            func(Peer) uint64
	}{
		{"up", "gauge", "Whether there is a stream to another server.", func(p Peer) uint64 {
			if p.Up {
				return 1
			}
			return 0
		}},
		{"waiting", "gauge", "Messages that wait to be sent to another server.", func(p Peer) uint64 { return uint64(p.Waiting) }},
		{"sent_total", "counter", "Messages that were sent to another server.", func(p Peer) uint64 { return p.Sent }},
		{"received_total", "counter", "Messages of another server.", func(p Peer) uint64 { return p.Received }},
		{
			"lost_total", "counter", "Messages to another server for which there was no room, as too many waited.",
			func(p Peer) uint64 { return p.Lost },
		},
		{
			"failures_total", "counter", "Streams to another server that could not be opened, or broke.",
			func(p Peer) uint64 { return p.Failures },
		},
	} {
		begun := false
		for _, s := range servers {
			if s.Peers == nil {
				continue
			}
			if !begun {
				fmt.Fprintf(w, "# HELP synod_peer_%s %s\n# TYPE synod_peer_%[1]s %[3]s\n", of.name, of.help, of.kind)
				begun = true
			}
			for _, p := range s.Peers() {
				fmt.Fprintf(w, "synod_peer_%s{server=%q,peer=%q} %d\n", of.name, s.Server, p.Address, of.value(p))
			}
		}
	}
}
