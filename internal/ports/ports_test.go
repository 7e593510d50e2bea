package ports

import (
	"net/netip"
	"testing"
)

// TestTake makes sure that no two blocks have the same ports, although nobody listens there.
func TestTake(t *testing.T) {
	taken := make(map[netip.AddrPort]bool)
	for range 20 {
		b, err := Take(Most)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		for _, addr := range b.Addresses {
			if taken[addr] || !free(addr) {
				t.Errorf("%v is in two blocks, or is not free", addr)
			}
			taken[addr] = true
		}
	}
	if len(taken) != 20*Most {
		t.Errorf("%d ports", len(taken))
	}
}
