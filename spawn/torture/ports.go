package torture

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
)

// Ports from firstPort on are below those that systems give to sockets of clients, so that none of these takes the port
// of a server that is down.
const (
	firstPort = 20_000
	ports     = 10_000
)

// freePorts gives addresses of this machine whose ports are free, for datagrams and for streams.
func freePorts(n int) ([]netip.AddrPort, error) {
	var all []netip.AddrPort
	host := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	for range 100 * n {
		addr := netip.AddrPortFrom(host, uint16(firstPort+rand.IntN(ports)))
		if !free(addr) {
			continue
		}
		all = append(all, addr)
		for _, other := range all[:len(all)-1] {
			if other == addr {
				all = all[:len(all)-1]
				break
			}
		}
		if len(all) == n {
			return all, nil
		}
	}
	return nil, errors.New("no free ports: expected some from 20000 on")
}

func free(addr netip.AddrPort) bool {
	packets, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return false
	}
	packets.Close()
	stream, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(addr))
	if err != nil {
		return false
	}
	stream.Close()
	return true
}
