package spawn

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"synod/actor"
)

// IDOf returns the id of the actor at an IPv4 address and port: the big-endian number with the bytes 0, 0, the four
// of the address and the two of the port. Other addresses are an error.
func IDOf(addr netip.AddrPort) (actor.ID, error) {
	ip := addr.Addr().Unmap()
	if !ip.Is4() {
		return 0, fmt.Errorf("%v: must be an IPv4 address", addr.Addr())
	}
	b := ip.As4()
	return actor.ID(b[0])<<40 | actor.ID(b[1])<<32 | actor.ID(b[2])<<24 | actor.ID(b[3])<<16 | actor.ID(addr.Port()), nil
}

// AddressOf is the inverse of IDOf. It returns false for ids of more than 48 bits, which have no address.
func AddressOf(id actor.ID) (netip.AddrPort, bool) {
	if id>>48 != 0 {
		return netip.AddrPort{}, false
	}
	ip := netip.AddrFrom4([4]byte{byte(id >> 40), byte(id >> 32), byte(id >> 24), byte(id >> 16)})
	return netip.AddrPortFrom(ip, uint16(id)), true
}

// Describe returns the name of an actor in logs: its address, or its number if it has none.
func Describe(id actor.ID) string {
	if addr, ok := AddressOf(id); ok {
		return addr.String()
	}
	return id.String()
}

// ResolveHost returns the IPv4 address of a host name or address.
func ResolveHost(text string) (netip.Addr, error) {
	if ip, err := netip.ParseAddr(text); err == nil {
		if ip = ip.Unmap(); !ip.Is4() {
			return ip, errors.New("must be an IPv4 address")
		}
		return ip, nil
	}
	all, err := net.LookupIP(text)
	if err != nil {
		return netip.Addr{}, errors.New("must be an IPv4 address, or a host name that resolves to one")
	}
	for _, found := range all {
		if ip, ok := netip.AddrFromSlice(found); ok && ip.Unmap().Is4() {
			return ip.Unmap(), nil
		}
	}
	return netip.Addr{}, errors.New("the name has no IPv4 address, which the id of a server requires")
}

// ResolveAddress returns the address of a host:port.
func ResolveAddress(text string) (netip.AddrPort, error) {
	host, digits, err := net.SplitHostPort(strings.TrimSpace(text))
	if err != nil || host == "" {
		return netip.AddrPort{}, errors.New("expected an address and a port, such as 127.0.0.1:3000")
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || n == 0 {
		return netip.AddrPort{}, errors.New("expected a port from 1 to 65535")
	}
	ip, err := ResolveHost(host)
	if err == nil && ip.IsUnspecified() {
		err = errors.New("expected an address at which others reach the server")
	}
	return netip.AddrPortFrom(ip, uint16(n)), err
}
