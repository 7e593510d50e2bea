// Package udp carries each message in a datagram. The kernel's socket buffer is the queue: datagrams that do not fit
// are lost.
package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/machine"
)

// readBuffer is the requested size of the socket buffer in bytes.
const readBuffer = 4 << 20

// Socket is a transport over one UDP socket. An actor's id is its address.
type Socket struct {
	conn     *net.UDPConn
	raw      syscall.RawConn
	buffer   []byte
	deadline bool // one is set
}

// Listen opens an IPv4 socket. Port 0 selects a free port.
func Listen(addr netip.AddrPort) (*Socket, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, err
	}
	// A smaller buffer is not an error: the system has its own limit.
	_ = conn.SetReadBuffer(readBuffer)
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &Socket{conn: conn, raw: raw, buffer: make([]byte, machine.MaxMessage+1)}, nil
}

// Address returns the address of the socket.
func (s *Socket) Address() netip.AddrPort { return s.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// Receive waits for a datagram, at most for wait unless that is negative. Of a datagram larger than the maximum
// message it returns one byte more than the maximum.
func (s *Socket) Receive(wait time.Duration) (actor.ID, []byte, error) {
	if wait > 0 || s.deadline {
		var at time.Time
		if wait > 0 {
			at = time.Now().Add(wait)
		}
		if err := s.conn.SetReadDeadline(at); err != nil {
			return 0, nil, err
		}
		s.deadline = wait > 0
	}
	receive := s.conn.ReadFromUDPAddrPort
	if wait == 0 {
		receive = s.poll
	}
	n, addr, err := receive(s.buffer)
	if err != nil {
		return 0, nil, err
	}
	from, err := spawn.IDOf(addr)
	if err != nil {
		return 0, nil, err
	}
	return from, s.buffer[:n], nil
}

// Send sends a datagram to the address encoded in the id.
func (s *Socket) Send(to actor.ID, data []byte) error {
	addr, ok := spawn.AddressOf(to)
	if !ok {
		return fmt.Errorf("id %v is not an address", to)
	}
	_, err := s.conn.WriteToUDPAddrPort(data, addr)
	return err
}

// Close closes the socket; Receive returns net.ErrClosed then.
func (s *Socket) Close() error { return s.conn.Close() }
