// Package hosts reads the file with the addresses of the servers of a cluster: a line for each, host or host:port.
// The number of the line, from 0, is the id of the server.
package hosts

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// The bounds of a cluster.
const (
	MaxServers = 64
	FirstPort  = 1024 // the lowest port that a server may have
	LastPort   = 65535
)

// Host is the address of a server.
type Host struct {
	Name string // of a machine, or its IPv4 address
	Port uint16
}

// String returns host:port.
func (h Host) String() string { return net.JoinHostPort(h.Name, strconv.Itoa(int(h.Port))) }

// List has the hosts of all servers by id.
type List []Host

// String returns the hosts, separated by commas.
func (l List) String() string {
	all := make([]string, len(l))
	for i, h := range l {
		all[i] = h.String()
	}
	return strings.Join(all, ",")
}

// ReadFile reads a file of hosts. Port is for lines without one.
func ReadFile(path string, port uint16) (List, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("the hostfile %s does not exist: it must have a line for each server, as host or host:port", path)
	}
	if err != nil {
		return nil, fmt.Errorf("the hostfile: %w", err)
	}
	defer file.Close()
	all, err := Read(file, port)
	if err != nil {
		return nil, fmt.Errorf("the hostfile %s: %w", path, err)
	}
	return all, nil
}

// Read reads lines of hosts. Port is for lines without one.
func Read(r io.Reader, port uint16) (List, error) {
	var all List
	s := bufio.NewScanner(r)
	s.Buffer(nil, 4096)
	for s.Scan() {
		n := len(all) + 1
		h, err := parse(strings.TrimSpace(s.Text()), port)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if at := slices.IndexFunc(all, func(o Host) bool { return strings.EqualFold(o.Name, h.Name) && o.Port == h.Port }); at >= 0 {
			return nil, fmt.Errorf("line %d: %v is there already, in line %d; each server must have a place of its own", n, h, at+1)
		}
		if all = append(all, h); len(all) > MaxServers {
			return nil, fmt.Errorf("there are more than %d lines: must be at most as many servers", MaxServers)
		}
	}
	switch err := s.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fmt.Errorf("line %d is too long: must be host or host:port", len(all)+1)
	case err != nil:
		return nil, err
	case len(all) == 0:
		return nil, errors.New("it is empty: must have a line for each server, as host or host:port")
	}
	return all, nil
}

// Parse parses host:port.
func Parse(text string) (Host, error) {
	h, err := parse(text, 0)
	if err == nil && h.Port == 0 {
		err = fmt.Errorf("%q: must be host:port", text)
	}
	return h, err
}

// parse parses one line.
func parse(line string, port uint16) (Host, error) {
	h := Host{Name: line, Port: port}
	switch colons := strings.Count(line, ":"); {
	case line == "":
		return h, errors.New("it is blank: its number is the id of a server, so that each must have one")
	case colons > 1:
		return h, fmt.Errorf("%q: must be host or host:port, and an address IPv4", line)
	case colons == 1:
		name, digits, _ := strings.Cut(line, ":")
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || n < FirstPort {
			return h, fmt.Errorf("port %q: must be %d to %d", digits, FirstPort, LastPort)
		}
		h = Host{name, uint16(n)}
	}
	if h.Name == "" || strings.ContainsAny(h.Name, " \t,/") {
		return h, fmt.Errorf("host %q: must be a name or an IPv4 address", h.Name)
	}
	return h, nil
}

// Machine identifies a machine.
type Machine struct {
	Name      string       // its host name
	Addresses []netip.Addr // of its interfaces
}

// This returns this machine.
func This() (Machine, error) {
	name, err := os.Hostname()
	if err != nil {
		return Machine{}, err
	}
	m := Machine{Name: name}
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return m, err
	}
	for _, a := range interfaces {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			m.Addresses = append(m.Addresses, prefix.Addr().Unmap())
		}
	}
	return m, nil
}

// has reports whether a host is this machine: its name, with or without a domain, localhost, or one of its addresses.
func (m Machine) has(h Host) bool {
	if at, err := netip.ParseAddr(h.Name); err == nil {
		return at.IsLoopback() || slices.Contains(m.Addresses, at.Unmap())
	}
	short, _, _ := strings.Cut(m.Name, ".")
	return strings.EqualFold(h.Name, m.Name) || strings.EqualFold(h.Name, short) || strings.EqualFold(h.Name, "localhost")
}

// Self returns the id of this machine's server: the id asked for, or else that of the only line that is this machine.
// If asked is −1, no id is asked for.
func (l List) Self(m Machine, asked int) (int, error) {
	if asked >= len(l) {
		return 0, fmt.Errorf("id %d: must be 0 to %d, as there are %d servers", asked, len(l)-1, len(l))
	}
	if asked >= 0 {
		return asked, nil
	}
	found := -1
	for i, h := range l {
		switch {
		case !m.has(h):
		case found >= 0:
			return 0, fmt.Errorf("this machine, %s, is in the lines of server %d and of server %d: --id must say which one to run",
				m.Name, found, i)
		default:
			found = i
		}
	}
	if found < 0 {
		return 0, fmt.Errorf("this machine, %s, is in no line: its name or an address of its interfaces must be, or --id must say "+
			"which server to run", m.Name)
	}
	return found, nil
}
