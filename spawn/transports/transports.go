// Package transports lists the transports between servers, and between clients and servers. Commands, records and
// replays identify a transport only by its name, so one added here is available in all of them.
package transports

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/grpc"
	"synod/spawn/secure"
	"synod/spawn/tcp"
	"synod/spawn/udp"
)

// Transport is a way to carry messages.
type Transport struct {
	Name string // a single word
	Doc  string // a noun phrase
	// Ordered reports whether messages between two servers arrive once and in order while both run.
	Ordered bool
	// Plain reports whether a message is sent without a frame, so that people can send one by hand.
	Plain bool
	// Secure reports whether servers and clients may have certificates.
	Secure bool
	// Listen binds an IPv4 address; port 0 selects a free port. The identity is nil if certificates are not used; a
	// transport that is not Secure rejects any other.
	Listen func(at netip.AddrPort, i *secure.Identity) (Endpoint, error)
	// Dial returns the transport of a client. It binds the local address if the transport has one.
	Dial func(local netip.AddrPort, i *secure.Identity) (spawn.Transport, error)
}

// errInsecure is the error for an identity that the transport cannot use.
var errInsecure = errors.New("the transport does not support certificates; use grpc")

// Endpoint is a bound address that is not yet served.
type Endpoint struct {
	Address netip.AddrPort
	// Serve returns the transport of the server at that address, one of servers. It must be called at most once.
	Serve func(self actor.ID, servers []actor.ID) spawn.Transport
	Close func() error
}

// all lists the transports; the first is the default.
var all = []Transport{
	{
		Name: "udp", Doc: "datagrams", Plain: true,
		Listen: func(at netip.AddrPort, i *secure.Identity) (Endpoint, error) {
			if i != nil {
				return Endpoint{}, errInsecure
			}
			socket, err := udp.Listen(at)
			if err != nil {
				return Endpoint{}, err
			}
			serve := func(actor.ID, []actor.ID) spawn.Transport { return socket }
			return Endpoint{Address: socket.Address(), Serve: serve, Close: socket.Close}, nil
		},
		Dial: func(local netip.AddrPort, i *secure.Identity) (spawn.Transport, error) {
			if i != nil {
				return nil, errInsecure
			}
			socket, err := udp.Listen(local)
			if err != nil {
				return nil, err // not a nil socket in an interface
			}
			return socket, nil
		},
	},
	{
		Name: "tcp", Doc: "length-prefixed messages", Ordered: true,
		Listen: func(at netip.AddrPort, i *secure.Identity) (Endpoint, error) {
			if i != nil {
				return Endpoint{}, errInsecure
			}
			l, err := tcp.Listen(at)
			if err != nil {
				return Endpoint{}, err
			}
			serve := func(self actor.ID, servers []actor.ID) spawn.Transport { return tcp.Serve(l, self, servers) }
			return Endpoint{Address: l.Address(), Serve: serve, Close: l.Close}, nil
		},
		Dial: func(_ netip.AddrPort, i *secure.Identity) (spawn.Transport, error) {
			if i != nil {
				return nil, errInsecure
			}
			return tcp.NewClient(), nil
		},
	},
	{
		Name: "grpc", Doc: "gRPC streams", Ordered: true, Secure: true,
		Listen: func(at netip.AddrPort, i *secure.Identity) (Endpoint, error) {
			l, err := grpc.Listen(at)
			if err != nil {
				return Endpoint{}, err
			}
			serve := func(self actor.ID, servers []actor.ID) spawn.Transport { return grpc.Serve(l, self, servers, i) }
			return Endpoint{Address: l.Address(), Serve: serve, Close: l.Close}, nil
		},
		Dial: func(_ netip.AddrPort, i *secure.Identity) (spawn.Transport, error) { return grpc.NewClient(i), nil },
	},
}

// All returns every transport, the default first.
func All() []Transport { return slices.Clone(all) }

// Names returns their names.
func Names() []string {
	names := make([]string, len(all))
	for i, t := range all {
		names[i] = t.Name
	}
	return names
}

// Describe returns a one-line description of the transports.
func Describe() string {
	texts := make([]string, len(all))
	for i, t := range all {
		texts[i] = t.Name + ": " + t.Doc
	}
	return strings.Join(texts, "; ")
}

// Find returns the transport with a name, or an error that lists the known names.
func Find(name string) (Transport, error) {
	at := slices.IndexFunc(all, func(t Transport) bool { return t.Name == name })
	if at < 0 {
		return Transport{}, fmt.Errorf("transport %q: expected %s", name, strings.Join(Names(), ", "))
	}
	return all[at], nil
}

// Ordered reports whether a transport with the name exists and keeps order.
func Ordered(name string) bool {
	t, err := Find(name)
	return err == nil && t.Ordered
}

// Like returns the name of the first transport that keeps order, or that does not.
func Like(ordered bool) string {
	return all[slices.IndexFunc(all, func(t Transport) bool { return t.Ordered == ordered })].Name
}
