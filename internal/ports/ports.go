// Package ports reserves ports of this machine for servers that are killed and restarted, so that no other process of
// this project takes the port of a server that is down and answers in its place.
package ports

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
)

// Most is the number of ports in a block.
const Most = 64

// Ports from firstPort on are below the range that systems use for client sockets, so that no client takes the port
// of a server that is down. They are divided into blocks: the listener on the first port of a block owns the others.
const (
	firstPort = 20_000
	blocks    = 150
	blockSize = 1 + Most
)

// Block is a reserved block of ports.
type Block struct {
	Addresses []netip.AddrPort // addresses of ports that were free for datagrams and streams when the block was taken
	owner     net.Listener
}

// Take reserves a block with n free ports, at most Most. Close releases it.
func Take(n int) (*Block, error) {
	for _, i := range rand.Perm(blocks) {
		first := local(firstPort + i*blockSize)
		owner, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(first))
		if err != nil {
			continue
		}
		b := &Block{owner: owner}
		for k := 1; k < blockSize && len(b.Addresses) < n; k++ {
			if addr := local(int(first.Port()) + k); free(addr) {
				b.Addresses = append(b.Addresses, addr)
			}
		}
		if len(b.Addresses) == n {
			return b, nil
		}
		owner.Close()
	}
	return nil, errors.New("no free ports: expected some from 20000 on")
}

// From returns the n ports starting at first, which must be free. It does not reserve them.
func From(first uint16, n int) (*Block, error) {
	b := new(Block)
	for k := range n {
		port := int(first) + k
		if first == 0 || port > math.MaxUint16 {
			return nil, fmt.Errorf("the port %d: expected %d from 1 to %d", first, n, math.MaxUint16)
		}
		addr := local(port)
		if !free(addr) {
			return nil, fmt.Errorf("port %d of %v is in use; %d free ports from %d on are required", port, addr.Addr(), n, first)
		}
		b.Addresses = append(b.Addresses, addr)
	}
	return b, nil
}

// Close releases the block.
func (b *Block) Close() error {
	if b.owner == nil {
		return nil
	}
	return b.owner.Close()
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
