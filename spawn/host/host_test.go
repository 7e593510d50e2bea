package host

import (
	"net/netip"
	"testing"

	"synod/actor"
)

// TestReachable names servers that are bound to every address of the machine.
func TestReachable(t *testing.T) {
	for bound, want := range map[string]string{"0.0.0.0:3000": "127.0.0.1:3000", "192.0.2.1:3000": "192.0.2.1:3000"} {
		if got := reachable(netip.MustParseAddrPort(bound)); got.String() != want {
			t.Errorf("servers reach one that is bound to %s at %v, want %s", bound, got, want)
		}
	}
}

// TestResolve gives words for servers to the control socket.
func TestResolve(t *testing.T) {
	s := &Host{Config: Config{Members: []Member{{Name: netip.MustParseAddrPort("127.0.0.1:3000")}}}}
	if id, err := s.resolve("localhost:3000"); err != nil || id != actor.ID(139637976796088) {
		t.Errorf("localhost:3000 is %v, %v", id, err)
	}
	for _, text := range []string{"127.0.0.1:3001", "127.0.0.1", ""} {
		if id, err := s.resolve(text); err == nil {
			t.Errorf("%q is %v", text, id)
		}
	}
}
