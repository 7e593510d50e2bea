package torture

import (
	"net/netip"
	"testing"

	"synod/spawn/nemesis"
)

// TestBlocks makes sure that no two clusters have the same ports, although nobody listens there.
func TestBlocks(t *testing.T) {
	taken := make(map[netip.AddrPort]bool)
	for range 20 {
		b, err := takeBlock(nemesis.MaxServers)
		if err != nil {
			t.Fatal(err)
		}
		defer b.owner.Close()
		for _, addr := range b.addresses {
			if taken[addr] || !free(addr) {
				t.Errorf("%v is in two blocks, or is not free", addr)
			}
			taken[addr] = true
		}
	}
	if len(taken) != 20*nemesis.MaxServers {
		t.Errorf("%d ports", len(taken))
	}
}
