package crowd

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"synod/spawn/nemesis"
)

// gate controls when clients may start operations, in rounds. No operation is outstanding between two rounds. In each
// round a random number of clients, from 1 to all, is active: many concurrent operations have so many valid orders
// that a lost write is seldom noticed, while each operation of a single client starts after the last one has ended.
type gate struct {
	clients, servers, length int
	finite                   bool // there may be no writes any more
	reads                    bool // the service has reads
	random                   *rand.Rand

	mu     sync.Mutex
	change *sync.Cond
	first  int // the first active client of this round; the others follow it, cyclically
	work   int // the number of active clients
	busy   int // outstanding operations
	begun  int // operations started in this round
	rounds int // completed rounds

	mood    mood
	pauses  int           // pauses started
	age     int           // how often a pause stopped waiting for operations
	fresh   int           // outstanding operations of this age, for which a pause waits
	latest  time.Time     // when the last operation started
	whom    int           // the server for the last operation, or anybody
	writers int           // clients waiting to write
	gets    int           // reads started alone in this pause, as there was nothing to write
	still   chan struct{} // closed when the clients are paused
	looks   int           // reads to be started at the end of the pause
	looking int           // reads in flight at the end of the pause
}

// mood is what clients may currently do.
type mood uint8

const (
	open      mood = iota // everything
	quiescing             // nothing but a last write, once only hanging operations are in flight
	quiescent             // nothing
	looking               // reads that check whether anything was lost, one at each server
)

// turn is a client's next action.
type turn struct {
	kind   kind
	server int // the server to use, for look, and for last if it matters
	age    int // the gate's age when it started
}

type kind uint8

const (
	over kind = iota // nothing any more
	work             // its next operation
	last             // its next operation, alone, before all are paused
	look             // a read first
)

func newGate(w nemesis.Workload, reads bool, length int, seed uint64) *gate {
	g := &gate{
		clients: w.Clients, servers: w.Servers, length: length, finite: w.Writes > 0 || w.Reads == 1, reads: reads,
		random: rand.New(rand.NewPCG(seed, streamOfRounds)),
	}
	g.change = sync.NewCond(&g.mu)
	g.draw()
	return g
}

// anybody stands for any server.
const anybody = -1

// streamOfRounds separates the random numbers of the rounds from those of clients.
const streamOfRounds = 1 << 33

func (g *gate) draw() {
	g.first, g.work = g.random.IntN(g.clients), 1+g.random.IntN(g.clients)
	g.begun = 0
}

// enter waits until a client may start an operation, its next one (a write if writes is set) or a read before that.
// It returns over when the context is done.
func (g *gate) enter(ctx context.Context, client int, writes bool) turn {
	g.mu.Lock()
	defer g.mu.Unlock()
	if writes {
		g.writers++
		defer func() { g.writers-- }()
	}
	if g.mood == quiescing {
		g.change.Broadcast() // Others may have waited for a client with a write.
	}
	for ctx.Err() == nil {
		switch {
		case g.mood == looking && g.looks > 0:
			g.looks--
			g.looking++
			return g.begin(turn{kind: look, server: g.looks})
		case g.mood == quiescing && g.alone(writes):
			return g.begin(turn{kind: last, server: g.whom})
		case g.mood == open && g.begun < g.length && (client-g.first+g.clients)%g.clients < g.work:
			g.begun++
			return g.begin(turn{kind: work})
		}
		g.change.Wait()
	}
	return turn{}
}

func (g *gate) begin(t turn) turn {
	t.age = g.age
	g.busy++
	g.fresh++
	g.latest = time.Now()
	return t
}

// alone reports whether a client may start the last operation before clients are paused: a write, or a read if no
// client has a write.
func (g *gate) alone(writes bool) bool {
	if g.fresh > 0 || !writes && g.writers > 0 {
		return false
	}
	if !writes {
		g.gets++
	}
	return true
}

// leave records that an operation has ended, and whether it was an acknowledged write.
func (g *gate) leave(t turn, acknowledged bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy--
	fresh := t.age == g.age
	if fresh {
		g.fresh--
	}
	if t.kind == look {
		g.looking--
	}
	if g.busy == 0 && g.begun == g.length {
		g.rounds++
		g.draw()
		g.change.Broadcast()
	}
	switch {
	// When no client has a write left, nothing else could be lost.
	case g.mood == quiescing && fresh && t.kind == last && (acknowledged || g.finite && g.gets > g.clients):
		g.mood = quiescent
		close(g.still)
	case g.mood == quiescing && g.fresh == 0:
		g.change.Broadcast()
	case g.mood == looking && g.looks == 0 && g.looking == 0:
		g.mood = open
		g.change.Broadcast()
	}
}

// hung is how long a pause waits for an operation. One that takes longer was most likely sent to a server that does
// not respond, and may take very long.
const hung = 30 * time.Millisecond

// hasten makes the pause continue without operations that hang.
func (g *gate) hasten() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mood == quiescing && g.fresh > 0 && time.Since(g.latest) >= hung {
		g.age++
		g.fresh, g.whom = 0, anybody
		g.change.Broadcast()
	}
}

// relent ends the reads at the end of a pause, if they are still in progress.
func (g *gate) relent(pause int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mood == looking && g.pauses == pause {
		g.mood, g.looks = open, 0
		g.change.Broadcast()
	}
}

// wake lets waiting clients notice that the context is done.
func (g *gate) wake() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.change.Broadcast()
}
