package spawn_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/storage"
)

// envelope is a message on a network in memory.
type envelope struct {
	from actor.ID
	data []byte
}

// wires is a network in memory: a queue for each actor.
type wires struct {
	mu     sync.Mutex
	queues map[actor.ID]chan envelope
}

func newWires(ids ...actor.ID) *wires {
	w := &wires{queues: make(map[actor.ID]chan envelope)}
	for _, id := range ids {
		w.queues[id] = make(chan envelope, 1000)
	}
	return w
}

// send puts a message into a queue; nobody's is lost.
func (w *wires) send(from, to actor.ID, data []byte) {
	w.mu.Lock()
	q := w.queues[to]
	w.mu.Unlock()
	if q != nil {
		q <- envelope{from, append([]byte{}, data...)}
	}
}

// inbox takes all that an actor has got.
func (w *wires) inbox(id actor.ID) []string {
	var all []string
	for {
		select {
		case e := <-w.queues[id]:
			all = append(all, fmt.Sprintf("%v: %s", e.from, e.data))
		default:
			return all
		}
	}
}

// end is one actor's end of the network.
type end struct {
	*wires
	self   actor.ID
	closed chan struct{}
	once   sync.Once
	at     func() // called before and after each message, unless nil
}

func (w *wires) end(self actor.ID) *end {
	return &end{wires: w, self: self, closed: make(chan struct{})}
}

func (e *end) Receive(wait time.Duration) (actor.ID, []byte, error) {
	if wait == 0 {
		select {
		case m := <-e.queues[e.self]:
			return m.from, m.data, nil
		case <-e.closed:
			return 0, nil, net.ErrClosed
		default:
			return 0, nil, os.ErrDeadlineExceeded
		}
	}
	var over <-chan time.Time
	if wait >= 0 {
		over = time.After(wait)
	}
	select {
	case m := <-e.queues[e.self]:
		return m.from, m.data, nil
	case <-over:
		return 0, nil, os.ErrDeadlineExceeded
	case <-e.closed:
		return 0, nil, net.ErrClosed
	}
}

func (e *end) Send(to actor.ID, data []byte) error {
	if e.at != nil {
		e.at()
	}
	e.send(e.self, to, data)
	if e.at != nil {
		e.at()
	}
	return nil
}

func (e *end) Close() error {
	e.once.Do(func() { close(e.closed) })
	return nil
}

// versions watches a machine: it notes the records as each step wants them, and which of them messages were sent after.
type versions struct {
	spawn.Machine
	all  [][]storage.Record // the first are those before any step
	sent int                // the place in all of those that a message was sent after
}

func (v *versions) Step(e machine.Event, now time.Duration) (machine.Effects, error) {
	effects, err := v.Machine.Step(e, now)
	if e.Kind == machine.Recover {
		v.all = append(v.all, e.Records)
	}
	if len(effects.Save) > 0 {
		store := &storage.Memory{}
		if err := errors.Join(store.Save(v.all[len(v.all)-1]), store.Save(effects.Save)); err != nil {
			return effects, err
		}
		records, err := store.Load()
		if err != nil {
			return effects, err
		}
		v.all = append(v.all, records)
	}
	return effects, err
}

// died is what a process that dies panics with.
type died struct{}

// run runs a server until it dies, which it tells, or the context ends.
func run(ctx context.Context, c spawn.Config) (dead bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(died); !ok {
				panic(r)
			}
			dead = true
		}
	}()
	return false, spawn.Run(ctx, c)
}

func random() machine.Random { return rand.NewPCG(1, 1) }
