//go:build !unix

package udp

import (
	"net/netip"
	"os"
)

// poll finds nothing: here a datagram is seen by waiting for it only, so that each save is for one event.
func (s *Socket) poll([]byte) (int, netip.AddrPort, error) {
	return 0, netip.AddrPort{}, os.ErrDeadlineExceeded
}
