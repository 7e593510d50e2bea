package crowd

import (
	"context"
	"math/rand/v2"
	"sync"
)

// gate lets clients begin operations, in rounds. Between two rounds no operation is under way. In each round another
// number of clients may work, drawn from 1 to all: what many do at once can be put in so many orders that what is lost is
// seldom missed, while of a lonely client each operation begins after the last one has ended.
type gate struct {
	clients, length int
	random          *rand.Rand

	mu     sync.Mutex
	change *sync.Cond
	first  int // of those that work in this round, which follow one another, the first one after the last
	work   int // how many do
	busy   int // operations under way
	begun  int // operations of this round
	rounds int // that have ended
}

func newGate(clients, length int, seed uint64) *gate {
	g := &gate{clients: clients, length: length, random: rand.New(rand.NewPCG(seed, streamOfRounds))}
	g.change = sync.NewCond(&g.mu)
	g.draw()
	return g
}

// streamOfRounds tells the random numbers of the rounds from those of clients.
const streamOfRounds = 1 << 33

func (g *gate) draw() {
	g.first, g.work = g.random.IntN(g.clients), 1+g.random.IntN(g.clients)
	g.begun = 0
}

// enter waits until a client may begin an operation. It tells whether the context still goes on.
func (g *gate) enter(ctx context.Context, client int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for ctx.Err() == nil && (g.begun == g.length || (client-g.first+g.clients)%g.clients >= g.work) {
		g.change.Wait()
	}
	if ctx.Err() != nil {
		return false
	}
	g.busy++
	g.begun++
	return true
}

// leave notes that an operation has ended.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy--
	if g.busy == 0 && g.begun == g.length {
		g.rounds++
		g.draw()
		g.change.Broadcast()
	}
}

// wake lets those who wait see that the context has ended.
func (g *gate) wake() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.change.Broadcast()
}
