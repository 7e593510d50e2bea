package crowd

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"synod/spawn/nemesis"
)

// gate lets clients begin operations, in rounds. Between two rounds no operation is outstanding. In each round another
// number of clients may work, drawn from 1 to all: what many do at once can be put in so many orders that what is lost is
// seldom missed, while of a lonely client each operation begins after the last one has ended.
type gate struct {
	clients, servers, length int
	finite                   bool // there may be no puts any more
	reads                    bool // there are gets
	random                   *rand.Rand

	mu     sync.Mutex
	change *sync.Cond
	first  int // of those that work in this round, which follow one another, the first one after the last
	work   int // how many do
	busy   int // outstanding operations
	begun  int // operations of this round
	rounds int // that have ended

	mood    mood
	lulls   int           // that were begun
	age     int           // how often a lull did not wait for operations any more
	fresh   int           // outstanding operations of this age, for which one would wait
	latest  time.Time     // when the last operation began
	whom    int           // to ask last, or anybody
	writers int           // who wait with something to write
	gets    int           // that were begun alone in this lull, as nobody had anything to write
	still   chan struct{} // closed when the clients are hushed
	looks   int           // gets of the end of the lull that are to be begun
	looking int           // those that are in flight
}

// mood is what clients may do.
type mood uint8

const (
	open    mood = iota // whatever they have to do
	hushing             // nothing but a last put, once nothing is in flight that does not hang
	hushed              // nothing
	looking             // gets that look whether anything was lost, one at each server
)

// turn is what a client does next.
type turn struct {
	kind   kind
	server int // of look, and of last if it matters
	age    int // of the gate when it began
}

type kind uint8

const (
	over kind = iota // nothing any more
	work             // the operation that it was about to begin
	last             // the same, alone, before all are hushed
	look             // a get first
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

// anybody is no server's place.
const anybody = -1

// streamOfRounds separates the random numbers of the rounds from those of clients.
const streamOfRounds = 1 << 33

func (g *gate) draw() {
	g.first, g.work = g.random.IntN(g.clients), 1+g.random.IntN(g.clients)
	g.begun = 0
}

// enter waits until a client may begin an operation: the one that it has, which writes or not, or a get before that. It is
// over when the context has ended.
func (g *gate) enter(ctx context.Context, client int, writes bool) turn {
	g.mu.Lock()
	defer g.mu.Unlock()
	if writes {
		g.writers++
		defer func() { g.writers-- }()
	}
	if g.mood == hushing {
		g.change.Broadcast() // Others may have waited for somebody who has something to write.
	}
	for ctx.Err() == nil {
		switch {
		case g.mood == looking && g.looks > 0:
			g.looks--
			g.looking++
			return g.begin(turn{kind: look, server: g.looks})
		case g.mood == hushing && g.alone(writes):
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

// alone reports whether a client may begin the last operation before clients are still: a put, or a get if nobody wants to put.
func (g *gate) alone(writes bool) bool {
	if g.fresh > 0 || !writes && g.writers > 0 {
		return false
	}
	if !writes {
		g.gets++
	}
	return true
}

// leave notes that an operation has ended, and whether it was a put that was acknowledged.
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
	// Clients that have put all that they may have nothing else that could be lost.
	case g.mood == hushing && fresh && t.kind == last && (acknowledged || g.finite && g.gets > g.clients):
		g.mood = hushed
		close(g.still)
	case g.mood == hushing && g.fresh == 0:
		g.change.Broadcast()
	case g.mood == looking && g.looks == 0 && g.looking == 0:
		g.mood = open
		g.change.Broadcast()
	}
}

// hung is how long an operation is waited for in a lull. One that takes longer has most likely met a server that does
// nothing, and may take as long as that.
const hung = 30 * time.Millisecond

// hasten lets the lull go on without operations that hang.
func (g *gate) hasten() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mood == hushing && g.fresh > 0 && time.Since(g.latest) >= hung {
		g.age++
		g.fresh, g.whom = 0, anybody
		g.change.Broadcast()
	}
}

// relent ends the looking of a lull, if it still goes on.
func (g *gate) relent(lull int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mood == looking && g.lulls == lull {
		g.mood, g.looks = open, 0
		g.change.Broadcast()
	}
}

// wake lets those who wait see that the context has ended.
func (g *gate) wake() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.change.Broadcast()
}
