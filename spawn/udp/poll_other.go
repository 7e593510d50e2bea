//go:build !unix

package udp

import (
	"net/netip"
	"os"
)

// poll returns no datagram: on this system datagrams can only be received by waiting, so each save covers one event.
func (s *Socket) poll([]byte) (int, netip.AddrPort, error) {
	return 0, netip.AddrPort{}, os.ErrDeadlineExceeded
}
