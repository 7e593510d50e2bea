// Package writethrough is a memory with a cache for each processor and a queue of the caches' requests, after the
// TLA+ example MCWriteThroughCache, of chapter 5 of Lamport's "Specifying Systems" (2002).
package writethrough

import (
	"slices"

	"synod/examples/tla"
	"synod/model"
)

// Config is the size of a model.
type Config struct {
	Processors int // 1 to MaxProcessors
	Addresses  int // 1 to MaxAddresses
	Values     int // 1 to MaxValues
	Queue      int // maximum number of requests that wait for the memory; 1 to MaxQueue
}

// The bounds of a Config.
const (
	MaxProcessors = 3
	MaxAddresses  = 3
	MaxValues     = 3
	MaxQueue      = 3
)

// Default is the size that the original checks.
var Default = Config{Processors: 2, Addresses: 1, Values: 2, Queue: 1}

// Control is the progress of a processor's request.
type Control uint8

// The states of control.
const (
	Ready   Control = iota
	Busy            // the processor has sent its request
	Waiting         // the request was sent to the memory
	Done            // the answer is available
)

// String returns the control in lower case.
func (c Control) String() string { return [...]string{"ready", "busy", "waiting", "done"}[c] }

// Request is a request to read an address, or to write a value, counted from 1.
type Request struct {
	Write   bool
	Address int
	Value   int // 0 for a read
}

// Buffer holds a processor's request while it is busy or waiting, and then the answer: the value that was read, or 0
// for a write.
type Buffer struct {
	Asks   bool
	Asked  Request
	Answer int
}

// Sent is a request or an answer, with its processor.
type Sent struct {
	Processor int
	Buffer    Buffer
}

// State is the state of the memory, the caches and the queue between them. Values are counted from 1; 0 is none.
type State struct {
	Interface Sent // the last message between a processor and its cache
	Memory    []int
	Control   []Control
	Buffers   []Buffer
	Caches    [][]int // by processor and address
	Queue     []Sent  // requests, in order
}

// Action is a step.
//
//sumtype:decl
type Action interface{ action() }

// The actions. Those of a processor name it.
type (
	// Ask sends a request of a processor.
	Ask struct {
		Processor int
		Request   Request
	}
	// Answer sends the answer to a processor.
	Answer struct{ Processor int }
	// Miss sends a request to the memory, for an address that is not in the cache.
	Miss struct{ Processor int }
	// Read reads from the cache.
	Read struct{ Processor int }
	// Write writes to the processor's cache, and to all others that have the address, and sends the write to the memory.
	Write struct{ Processor int }
	// Evict removes an address from a cache, even if it is not there.
	Evict struct{ Processor, Address int }
	// Serve makes the memory execute the first request of the queue. A read also sees the writes behind it.
	Serve struct{}
)

func (Ask) action()    {}
func (Answer) action() {}
func (Miss) action()   {}
func (Read) action()   {}
func (Write) action()  {}
func (Evict) action()  {}
func (Serve) action()  {}

// Initial returns the states with any memory, and empty caches.
func (c Config) Initial() (all []State) {
	memory := slices.Repeat([]int{1}, c.Addresses)
	for {
		s := State{
			Memory: slices.Clone(memory), Control: make([]Control, c.Processors), Buffers: make([]Buffer, c.Processors),
		}
		for range c.Processors {
			s.Caches = append(s.Caches, make([]int, c.Addresses))
		}
		all = append(all, s)
		a := 0
		for a < c.Addresses && memory[a] == c.Values {
			memory[a] = 1
			a++
		}
		if a == c.Addresses {
			return all
		}
		memory[a]++
	}
}

// Actions returns the enabled actions of a state.
func (c Config) Actions(s State) []Action {
	var all []Action
	room := len(s.Queue) < c.Queue
	for p, control := range s.Control {
		asked := s.Buffers[p].Asked
		reads := (control == Busy || control == Waiting) && !asked.Write
		if control == Ready {
			for a := range c.Addresses {
				all = append(all, Ask{p, Request{Address: a}})
				for v := 1; v <= c.Values; v++ {
					all = append(all, Ask{p, Request{true, a, v}})
				}
			}
		}
		if control == Done {
			all = append(all, Answer{p})
		}
		if control == Busy && room && reads && s.Caches[p][asked.Address] == 0 {
			all = append(all, Miss{p})
		}
		if reads && s.Caches[p][asked.Address] != 0 {
			all = append(all, Read{p})
		}
		if control == Busy && room && asked.Write {
			all = append(all, Write{p})
		}
		for a := range c.Addresses {
			if control != Waiting || asked.Address != a {
				all = append(all, Evict{p, a})
			}
		}
	}
	if len(s.Queue) > 0 {
		all = append(all, Serve{})
	}
	return all
}

// Next returns the state after an action.
func (c Config) Next(s State, a Action) (State, bool) {
	control := func(p int, to Control) { s.Control = with(s.Control, p, to) }
	buffer := func(p int, b Buffer) { s.Buffers = with(s.Buffers, p, b) }
	cache := func(p, address, value int) { s.Caches = with(s.Caches, p, with(s.Caches[p], address, value)) }
	queue := func(p int) { s.Queue = append(slices.Clone(s.Queue), Sent{p, s.Buffers[p]}) }
	switch a := a.(type) {
	case Ask:
		b := Buffer{Asks: true, Asked: a.Request}
		s.Interface = Sent{a.Processor, b}
		buffer(a.Processor, b)
		control(a.Processor, Busy)
	case Answer:
		s.Interface = Sent{a.Processor, s.Buffers[a.Processor]}
		control(a.Processor, Ready)
	case Miss:
		queue(a.Processor)
		control(a.Processor, Waiting)
	case Read:
		buffer(a.Processor, Buffer{Answer: s.Caches[a.Processor][s.Buffers[a.Processor].Asked.Address]})
		control(a.Processor, Done)
	case Write:
		r := s.Buffers[a.Processor].Asked
		for p := range s.Caches {
			if p == a.Processor || s.Caches[p][r.Address] != 0 {
				cache(p, r.Address, r.Value)
			}
		}
		queue(a.Processor)
		buffer(a.Processor, Buffer{})
		control(a.Processor, Done)
	case Evict:
		cache(a.Processor, a.Address, 0)
	case Serve:
		first := s.Queue[0]
		r := first.Buffer.Asked
		if r.Write {
			s.Memory = with(s.Memory, r.Address, r.Value)
		} else {
			cache(first.Processor, r.Address, s.last(r.Address))
		}
		s.Queue = append([]Sent(nil), s.Queue[1:]...)
	}
	return s, true
}

// last returns the value of an address after all writes of the queue.
func (s State) last(address int) int {
	value := s.Memory[address]
	for _, sent := range s.Queue {
		if r := sent.Buffer.Asked; r.Write && r.Address == address {
			value = r.Value
		}
	}
	return value
}

func with[T any](s []T, i int, v T) []T {
	s = slices.Clone(s)
	s[i] = v
	return s
}

// Source returns the model with its properties, or an error if the configuration is invalid.
func Source(c Config) (*model.Plain[State, Action], error) {
	p := model.NewPlain[State, Action](c)
	p.Always("caches agree with memory and queue", func(s State) bool {
		for _, cache := range s.Caches {
			for a, value := range cache {
				if value != 0 && value != s.last(a) {
					return false
				}
			}
		}
		return true
	})
	p.Always("one who waits is in the queue, or its cache has the value", func(s State) bool {
		for p, control := range s.Control {
			waits := slices.ContainsFunc(s.Queue, func(q Sent) bool { return q.Processor == p && !q.Buffer.Asked.Write })
			if control == Waiting && !waits && s.Caches[p][s.Buffers[p].Asked.Address] == 0 {
				return false
			}
		}
		return true
	})
	p.Sometimes("a value was read", func(s State) bool {
		return slices.ContainsFunc(s.Buffers, func(b Buffer) bool { return b.Answer != 0 })
	})
	for _, err := range []error{
		tla.Between("processors", c.Processors, 1, MaxProcessors), tla.Between("addresses", c.Addresses, 1, MaxAddresses),
		tla.Between("values", c.Values, 1, MaxValues), tla.Between("requests in the queue", c.Queue, 1, MaxQueue),
	} {
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}
