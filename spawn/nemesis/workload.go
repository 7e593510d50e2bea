package nemesis

import (
	"errors"
	"fmt"
	"time"

	"synod/spawn/machine"
)

// Workload is what clients ask, one operation after the other, each at a server that is drawn.
type Workload struct {
	Clients int
	Servers int
	Reads   float64 // the share of reads, from 0 to 1
	Writes  int     // of each client; it only reads after so many. 0 for no limit
	// ThinkLeast and ThinkMost say how long a client waits between an answer and its next operation.
	ThinkLeast, ThinkMost time.Duration
	// Random draws for each operation a random number of its own, for what it asks.
	Random bool
}

// MaxClients is how many clients a workload may have.
const MaxClients = 10_000

// Validate returns what is wrong with a workload, or nil.
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

// Operation is what a client does next.
type Operation struct {
	Think  time.Duration // to wait before it
	Server int           // whom to ask, by its place from 0
	Read   bool
	Value  rune   // to write; 0 for a read
	Count  int    // operations of the client before it
	Random uint64 // any number; 0 unless the workload asks for it
}

// Client draws the operations of one client. It is not safe for concurrent use.
type Client struct {
	workload Workload
	index    int
	written  int
	count    int
	random   machine.Random
}

// Client builds the generator of a client, by its place from 0. What it gives depends on the random numbers only, which
// are to be its own, and not on what other clients do.
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

// Values is how many values there are. A value that was read tells which write it comes from, unless so many others came
// between.
const Values = 1_111_857

// Value returns the value with a number, from 0, modulo Values: letters first, then the characters of Unicode from
// U+4E00 up, whose first many thousands have a shape of their own, and then those from U+00C0 up to there. Surrogates,
// the replacement character and what is no character are left out.
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
	// The last characters of each plane are none, and before those of the first one is the replacement character.
	if r >= 0xFFFD {
		r += 3
	}
	for end := rune(0x1FFFE); end <= r && end < 0x10FFFE; end += 0x10000 {
		r += 2
	}
	return r
}

// shapes is the first of the ideographs, and before how many values come from below it.
const (
	shapes = 0x4E00
	before = shapes - 0xC0
)
