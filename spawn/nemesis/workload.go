package nemesis

import (
	"errors"
	"fmt"
	"time"

	"synod/spawn/machine"
)

// Workload describes the operations of clients: sequential per client, each at a randomly drawn server.
type Workload struct {
	Clients int
	Servers int
	Reads   float64 // share of reads, from 0 to 1
	Writes  int     // per client, after which it only reads; 0 for no limit
	// ThinkLeast and ThinkMost bound the wait between an answer and the next operation.
	ThinkLeast, ThinkMost time.Duration
	// Random draws a random number for each operation, for its arguments.
	Random bool
}

// MaxClients is the maximum number of clients of a workload.
const MaxClients = 10_000

// Validate returns an error if a workload is invalid.
func (w Workload) Validate() error {
	switch {
	case w.Clients < 1 || w.Clients > MaxClients:
		return fmt.Errorf("%d clients: expected 1 to %d", w.Clients, MaxClients)
	case w.Servers < 1 || w.Servers > MaxServers:
		return fmt.Errorf("%d servers: expected 1 to %d", w.Servers, MaxServers)
	case !(w.Reads >= 0 && w.Reads <= 1):
		return fmt.Errorf("fraction of reads %g: must be 0 to 1", w.Reads)
	case w.Writes < 0:
		return errors.New("the number of writes must not be negative")
	case w.ThinkLeast < 0 || w.ThinkMost < w.ThinkLeast:
		return fmt.Errorf("%v..%v between operations: not a range", w.ThinkLeast, w.ThinkMost)
	}
	return nil
}

// Operation is the next operation of a client.
type Operation struct {
	Think  time.Duration // wait before it
	Server int           // index of the server, from 0
	Read   bool
	Value  rune   // value to write; 0 for a read
	Count  int    // earlier operations of the client
	Random uint64 // random number; 0 unless Workload.Random is set
}

// Client draws the operations of one client. It is not safe for concurrent use.
type Client struct {
	workload Workload
	index    int
	written  int
	count    int
	random   machine.Random
}

// Client returns the generator of the client with an index, from 0. The operations depend only on the random numbers,
// which must not be shared, and not on other clients.
func (w Workload) Client(index int, random machine.Random) *Client {
	return &Client{workload: w, index: index, random: random}
}

// Next returns the next operation.
func (c *Client) Next() Operation {
	w := c.workload
	o := Operation{
		Think:  between(c.random, w.ThinkLeast, w.ThinkMost),
		Server: int(c.random.Uint64() % uint64(w.Servers)),
		Read:   float64(c.random.Uint64()>>11)/(1<<53) < w.Reads,
		Count:  c.count,
	}
	c.count++
	if w.Random {
		o.Random = c.random.Uint64()
	}
	if w.Writes > 0 && c.written >= w.Writes {
		o.Read = true
	}
	if !o.Read {
		o.Value = Value(c.written*w.Clients + c.index)
		c.written++
	}
	return o
}

// Values is the number of values. A value that was read identifies the write, unless that many others came between.
const Values = 1_111_857

// Value returns the value with a number, from 0, modulo Values: first letters, then the characters of Unicode from
// U+4E00 up, of which the first many thousand have distinct shapes, and then those from U+00C0 up to there. It skips
// surrogates, the replacement character and noncharacters.
func Value(n int) rune {
	n %= Values
	switch {
	case n < 26:
		return 'A' + rune(n)
	case n < 52:
		return 'a' + rune(n-26)
	case n >= Values-before:
		return 0xC0 + rune(n-(Values-before))
	}
	r := rune(n-52) + shapes
	if r >= 0xD800 {
		r += 0x800 // surrogates
	}
	if r >= 0xFDD0 {
		r += 0x20 // noncharacters
	}
	// The last characters of each plane are noncharacters; in the first plane the replacement character precedes them.
	if r >= 0xFFFD {
		r += 3
	}
	for end := rune(0x1FFFE); end <= r && end < 0x10FFFE; end += 0x10000 {
		r += 2
	}
	return r
}

// shapes is the first ideograph, and before is the number of values below it.
const (
	shapes = 0x4E00
	before = shapes - 0xC0
)
