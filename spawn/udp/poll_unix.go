//go:build unix

package udp

import (
	"errors"
	"net/netip"
	"os"
	"syscall"
)

// poll returns a datagram that has already arrived. The methods of the connection would return an error after the
// deadline has passed.
func (s *Socket) poll(buffer []byte) (n int, from netip.AddrPort, err error) {
	var sender syscall.Sockaddr
	if e := s.raw.Read(func(fd uintptr) bool {
		for {
			n, sender, err = syscall.Recvfrom(int(fd), buffer, syscall.MSG_DONTWAIT)
			if !errors.Is(err, syscall.EINTR) {
				return true
			}
		}
	}); e != nil {
		return 0, from, e
	}
	if errors.Is(err, syscall.EAGAIN) {
		return 0, from, os.ErrDeadlineExceeded
	}
	if err != nil {
		return 0, from, os.NewSyscallError("recvfrom", err)
	}
	if v4, ok := sender.(*syscall.SockaddrInet4); ok {
		from = netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), uint16(v4.Port))
	}
	return n, from, nil
}
