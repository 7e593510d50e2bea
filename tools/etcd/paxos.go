package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"time"
)

// paxos is a client of servers of ours, over UDP. Its address is the name by which they know repeats.
type paxos struct {
	conn    *net.UDPConn
	servers []*net.UDPAddr
	at      int // the server to ask
	number  int // of the last request
}

// The kinds of operations.
const (
	kindGet = 0
	kindPut = 1
)

func openPaxos(servers []string) (store, error) {
	var p paxos
	for _, s := range servers {
		address, err := net.ResolveUDPAddr("udp4", s)
		if err != nil {
			return nil, err
		}
		p.servers = append(p.servers, address)
	}
	var err error
	p.conn, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	return &p, err
}

func (p *paxos) put(ctx context.Context, key, value string) error {
	return p.ask(ctx, kindPut, key, value)
}

func (p *paxos) get(ctx context.Context, key string) error { return p.ask(ctx, kindGet, key, "") }

func (p *paxos) close() error { return p.conn.Close() }

// ask sends a request, to the next server if there is no answer in time, until the context ends.
func (p *paxos) ask(ctx context.Context, kind int, key, value string) error {
	p.number++
	request := fmt.Appendf(nil, `{"Request":{"command":{"id":{"client":0,"local":%d},"op":{"kind":%d,"key":%q,"value":%q,"old":""},`+
		`"end":false,"floor":%[1]d}}}`, p.number, kind, key, value)
	answer := fmt.Appendf(nil, `"local":%d}`, p.number)
	buffer := make([]byte, 1<<14)
	for ctx.Err() == nil {
		if _, err := p.conn.WriteToUDP(request, p.servers[p.at]); err != nil {
			return err
		}
		if err := p.conn.SetReadDeadline(time.Now().Add(attempt)); err != nil {
			return err
		}
		for {
			n, _, err := p.conn.ReadFromUDP(buffer)
			if err != nil {
				break
			}
			if bytes.Contains(buffer[:n], answer) {
				return nil
			}
		}
		p.at = (p.at + 1) % len(p.servers)
	}
	return ctx.Err()
}
