package ports

import (
	"net"
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

// TestFrom takes ports that were asked for, unless somebody listens on one.
func TestFrom(t *testing.T) {
	block, err := Take(3)
	if err != nil {
		t.Fatal(err)
	}
	defer block.Close()
	first := block.Addresses[0].Port()
	b, err := From(first, 2)
	if err != nil || len(b.Addresses) != 2 || b.Addresses[1].Port() != first+1 || b.Close() != nil {
		t.Errorf("%v, %v", b, err)
	}
	l, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(block.Addresses[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, tt := range []struct {
		first uint16
		n     int
	}{{first, 1}, {0, 1}, {65535, 2}} {
		if b, err := From(tt.first, tt.n); err == nil {
			t.Errorf("%d ports from %d on: %v", tt.n, tt.first, b.Addresses)
		}
	}
}
