package spawn

import (
	"fmt"
	"net/netip"

	"synod/actor"
)

// IDOf gives the id of the actor at an address: the number whose bytes are 0, 0, the four of the IPv4 address and the
// two of the port, the first one the highest. Other addresses have none.
func IDOf(addr netip.AddrPort) (actor.ID, error) {
	ip := addr.Addr().Unmap()
	if !ip.Is4() {
		return 0, fmt.Errorf("%v: expected an IPv4 address, as an id has no room for another", addr.Addr())
	}
	b := ip.As4()
	return actor.ID(b[0])<<40 | actor.ID(b[1])<<32 | actor.ID(b[2])<<24 | actor.ID(b[3])<<16 | actor.ID(addr.Port()), nil
}

// AddressOf is the inverse of IDOf. It tells whether there is such an address: of an id beyond 48 bits there is not.
func AddressOf(id actor.ID) (netip.AddrPort, bool) {
	if id>>48 != 0 {
		return netip.AddrPort{}, false
	}
	ip := netip.AddrFrom4([4]byte{byte(id >> 40), byte(id >> 32), byte(id >> 24), byte(id >> 16)})
	return netip.AddrPortFrom(ip, uint16(id)), true
}

// Describe is how logs name an actor: by its address, or by its number if it has none.
func Describe(id actor.ID) string {
	if addr, ok := AddressOf(id); ok {
		return addr.String()
	}
	return id.String()
}
