package torture

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"

	"synod/spawn/nemesis"
)

// Ports from firstPort on are below those that systems give to sockets of clients, so that none of these takes the port
// of a server that is down. They come in blocks, whose first port belongs to the cluster: who listens there has the
// others to itself, so that no other cluster takes such a port and answers in the name of the server.
const (
	firstPort = 20_000
	blocks    = 150
	blockSize = 1 + nemesis.MaxServers
)

// block is a block of ports that is taken.
type block struct {
	owner     net.Listener
	addresses []netip.AddrPort // of ports that are free, for datagrams and for streams
}

var errPorts = errors.New("no free ports: expected some from 20000 on")

// takeBlock finds a block with n free ports. It is to be given back by closing its owner.
func takeBlock(n int) (block, error) {
	for _, i := range rand.Perm(blocks) {
		first := local(firstPort + i*blockSize)
		owner, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(first))
		if err != nil {
			continue
		}
		b := block{owner: owner}
		for k := 1; k < blockSize && len(b.addresses) < n; k++ {
			if addr := local(int(first.Port()) + k); free(addr) {
				b.addresses = append(b.addresses, addr)
			}
		}
		if len(b.addresses) == n {
			return b, nil
		}
		owner.Close()
	}
	return block{}, errPorts
}

func local(port int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
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
