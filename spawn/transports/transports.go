// Package transports is the list of what carries messages between servers, and between clients and them. Commands, records and
// replays know a transport by its name only; one that is added here is known to all of them.
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
	Name string // as a word
	Doc  string // a noun phrase
	// Ordered is set if what one server sends another arrives once and in order, as long as both run.
	Ordered bool
	// Plain is set if a message goes as it is, without a frame around it, so that people can send one by hand.
	Plain bool
	// Secure is set if servers and clients may have certificates.
	Secure bool
	// Listen binds an IPv4 address; port 0 is any free one. An identity is nil where nobody has one; a transport that is not
	// Secure refuses any other.
	Listen func(at netip.AddrPort, i *secure.Identity) (Endpoint, error)
	// Dial builds the transport of a client. A local address is bound if the transport has one.
	Dial func(local netip.AddrPort, i *secure.Identity) (spawn.Transport, error)
}

// errInsecure is for an identity where there is no use for one.
var errInsecure = errors.New("the transport has no certificates: one that has must be used, such as grpc")

// Endpoint is an address that is bound, and serves nobody yet.
type Endpoint struct {
	Address netip.AddrPort
	// Serve builds the transport of the server with that address among servers. It may be called once.
	Serve func(self actor.ID, servers []actor.ID) spawn.Transport
	Close func() error
}

// all are the transports; the first one is used unless another one is named.
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
				return nil, err // and not a socket that is nil
			}
			return socket, nil
		},
	},
	{
		Name: "tcp", Doc: "streams of messages with their lengths", Ordered: true,
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
		Name: "grpc", Doc: "streams of gRPC", Ordered: true, Secure: true,
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

// Describe returns what the transports are, in a line.
func Describe() string {
	texts := make([]string, len(all))
	for i, t := range all {
		texts[i] = t.Name + " is " + t.Doc
	}
	return strings.Join(texts, "; ")
}

// Find returns the transport with a name, or an error that says which there are.
func Find(name string) (Transport, error) {
	at := slices.IndexFunc(all, func(t Transport) bool { return t.Name == name })
	if at < 0 {
		return Transport{}, fmt.Errorf("transport %q: expected %s", name, strings.Join(Names(), ", "))
	}
	return all[at], nil
}

// Ordered reports whether there is a transport with a name, and it keeps order.
func Ordered(name string) bool {
	t, err := Find(name)
	return err == nil && t.Ordered
}

// Like returns the name of the first transport that keeps order or does not.
func Like(ordered bool) string {
	return all[slices.IndexFunc(all, func(t Transport) bool { return t.Ordered == ordered })].Name
}
