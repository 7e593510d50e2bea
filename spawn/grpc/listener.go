package grpc

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"synod/spawn"
	"synod/spawn/streams"
)

// Listener is a bound socket that is not yet served.
type Listener struct{ inner *net.TCPListener }

// Listen binds an IPv4 socket. Port 0 selects a free port.
func Listen(addr netip.AddrPort) (*Listener, error) {
	l, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(addr))
	if err != nil {
		return nil, err
	}
	return &Listener{l}, nil
}

// Address returns the address of the socket.
func (l *Listener) Address() netip.AddrPort { return l.inner.Addr().(*net.TCPAddr).AddrPort() }

// Close closes the socket.
func (l *Listener) Close() error { return l.inner.Close() }

// Door accepts connections and registers each as a guest. It is a net.Listener. Use NewDoor to create one.
type Door struct {
	net.Listener
	guests *streams.Guests
	known  sync.Map // *streams.Guest by the remote address, as text
}

// NewDoor returns a Door for a socket.
func NewDoor(l *Listener, limits streams.Limits) *Door {
	return &Door{Listener: l.inner, guests: streams.NewGuests(limits)}
}

// Accept waits for a connection.
func (d *Door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
				d.guests.Starved()
			}
			return nil, err
		}
		g, ok := d.guests.Admit(conn)
		if !ok {
			conn.Close()
			continue
		}
		key := conn.RemoteAddr().String()
		d.known.Store(key, g)
		return &guestConn{Conn: conn, gone: sync.OnceFunc(func() {
			d.known.CompareAndDelete(key, g)
			d.guests.Gone(g, streams.Over)
		})}, nil
	}
}

// Close closes the socket and all connections.
func (d *Door) Close() error {
	err := d.Listener.Close()
	d.guests.Close()
	return err
}

// Guest returns the guest of a call and its remote address.
func (d *Door) Guest(ctx context.Context) (*streams.Guest, netip.AddrPort, bool) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil, netip.AddrPort{}, false
	}
	text := p.Addr.String()
	g, known := d.known.Load(text)
	at, err := netip.ParseAddrPort(text)
	if !known || err != nil {
		return nil, at, false
	}
	return g.(*streams.Guest), at, true
}

// Guests returns the registered connections.
func (d *Door) Guests() *streams.Guests { return d.guests }

// Guard returns credentials that count failed handshakes.
func (d *Door) Guard(c credentials.TransportCredentials) credentials.TransportCredentials {
	return guard{c, d.guests.Denied}
}

// guard counts failed handshakes.
type guard struct {
	credentials.TransportCredentials
	denied func()
}

func (g guard) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	safe, info, err := g.TransportCredentials.ServerHandshake(conn)
	if err != nil {
		g.denied()
	}
	return safe, info, err
}

func (g guard) Clone() credentials.TransportCredentials {
	return guard{g.TransportCredentials.Clone(), g.denied}
}

// Speaks reports whether the caller may act for a host: it has a certificate for the host, or certificates are not
// used.
func Speaks(ctx context.Context, host string) error {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return errGone
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok {
		return nil
	}
	if len(info.State.PeerCertificates) == 0 {
		return errGone
	}
	return info.State.PeerCertificates[0].VerifyHostname(host)
}

// Connections returns statistics on accepted connections.
func (d *Door) Connections() spawn.Connections { return d.guests.Count() }

// guestConn releases its registration when it is closed.
type guestConn struct {
	net.Conn
	gone func()
}

func (c *guestConn) Close() error {
	c.gone()
	return c.Conn.Close()
}
