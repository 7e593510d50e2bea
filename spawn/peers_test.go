package spawn_test

import (
	"strings"
	"testing"

	"synod/spawn"
)

// TestPeerMetrics writes what a transport knows of another server, and nothing of a server whose transport knows nothing.
func TestPeerMetrics(t *testing.T) {
	var b strings.Builder
	peers := func() []spawn.Peer {
		return []spawn.Peer{{Address: "h:2", Up: true, Waiting: 3, Sent: 4, Lost: 5, Failures: 6, Received: 7}, {Address: "h:3"}}
	}
	servers := []spawn.Labelled{{Server: "none", Metrics: new(spawn.Metrics)}, {Server: "h:1", Metrics: new(spawn.Metrics), Peers: peers}}
	if err := spawn.WriteMetrics(&b, servers); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"# TYPE synod_peer_up gauge",
		`synod_peer_up{server="h:1",peer="h:2"} 1`,
		`synod_peer_up{server="h:1",peer="h:3"} 0`,
		`synod_peer_waiting{server="h:1",peer="h:2"} 3`,
		`synod_peer_sent_total{server="h:1",peer="h:2"} 4`,
		`synod_peer_received_total{server="h:1",peer="h:2"} 7`,
		`synod_peer_lost_total{server="h:1",peer="h:2"} 5`,
		"# TYPE synod_peer_failures_total counter",
		`synod_peer_failures_total{server="h:1",peer="h:2"} 6`,
	} {
		if strings.Count(b.String(), line+"\n") != 1 {
			t.Errorf("not one line %s in\n%s", line, b.String())
		}
	}
	if strings.Contains(b.String(), `synod_peer_up{server="none"`) {
		t.Error("a server without peers has some")
	}
}
