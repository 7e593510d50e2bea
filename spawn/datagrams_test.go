package spawn_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"

	"synod/actor"
	"synod/examples/catalog"
	"synod/internal/intern"
	"synod/spawn"
	"synod/spawn/machine"
)

var datagrams = flag.Int("datagrams", 100_000, "how many datagrams TestDatagrams makes")

// reset is after how many datagrams a server starts anew: one that has decided ignores nearly everything.
const reset = 500

// TestDatagrams gives servers datagrams, most of them mutations of messages that servers and clients send: nothing
// panics, what is rejected changes nothing, and memory does not grow.
func TestDatagrams(t *testing.T) {
	for _, name := range catalog.All().Spawnable() {
		t.Run(name, func(t *testing.T) {
			program, err := catalog.Program(name, nil)
			if err != nil {
				t.Fatal(err)
			}
			share := *datagrams / len(catalog.All().Spawnable())
			f := newFuzzer(t, program, rand.New(rand.NewPCG(1, 2)))
			f.run(share / 10) // so that everything that grows once has grown
			before := heap()
			accepted, rejected := f.accepted, f.rejected
			f.run(share - share/10)
			after := heap()
			t.Logf("%s: %d datagrams, %d of them mutations; accepted %d, rejected %d; heap %d kB, then %d kB",
				name, share, f.mutations, f.accepted, f.rejected, before>>10, after>>10)
			if f.mutations < share/2 {
				t.Errorf("only %d of %d datagrams were mutations", f.mutations, share)
			}
			if f.accepted == accepted || f.rejected == rejected {
				t.Errorf("accepted %d, rejected %d: the test tests nothing", f.accepted, f.rejected)
			}
			if after > before+8<<20 {
				t.Errorf("the heap grew from %d to %d bytes", before, after)
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// fuzzer makes datagrams for one server of three.
type fuzzer struct {
	t       *testing.T
	program spawn.Program
	random  *rand.Rand
	ids     []actor.ID
	server  spawn.Inspected
	corpus  [][]byte

	accepted, rejected, mutations int
}

func newFuzzer(t *testing.T, p spawn.Program, random *rand.Rand) *fuzzer {
	f := &fuzzer{t: t, program: p, random: random, ids: []actor.ID{1, 2, 3}}
	f.corpus = conversation(t, p, f.ids)
	if len(f.corpus) < 4 {
		t.Fatalf("only %d messages to begin with: %s", len(f.corpus), f.corpus)
	}
	return f
}

// conversation returns the distinct messages of the program's examples at three servers, one after the other.
func conversation(t *testing.T, p spawn.Program, ids []actor.ID) [][]byte {
	t.Helper()
	var all [][]byte
	seen := map[string]bool{}
	servers := map[actor.ID]spawn.Inspected{}
	type message struct {
		from, to actor.ID
		data     []byte
	}
	var queue []message
	requests := p.Examples
	for _, id := range ids {
		servers[id] = p.New(id, ids, true, random())
		for _, out := range startOf(t, servers[id]) {
			queue = append(queue, message{id, out.To, append([]byte{}, out.Data...)})
		}
	}
	for len(queue) > 0 || len(requests) > 0 {
		if len(queue) == 0 {
			queue = append(queue, message{client, ids[requests[0].Server%len(ids)], []byte(requests[0].Message)})
			requests = requests[1:]
		}
		m := queue[0]
		queue = queue[1:]
		if !seen[string(m.data)] {
			seen[string(m.data)] = true
			all = append(all, m.data)
		}
		if server := servers[m.to]; server != nil {
			e, err := server.Step(machine.Event{Kind: machine.Receive, From: m.from, Data: m.data}, 0)
			if err != nil || e.Rejected != nil {
				t.Fatal(err, e.Rejected)
			}
			for _, out := range e.Send {
				queue = append(queue, message{m.to, out.To, append([]byte{}, out.Data...)})
			}
		}
	}
	return all
}

// startOf starts a server, which may choose something first, and returns what it sends.
func startOf(t *testing.T, server spawn.Machine) []machine.Message {
	t.Helper()
	var sent []machine.Message
	for e, ok := (machine.Event{Kind: machine.Start}), true; ok; e, ok = server.Next(0) {
		effects, err := server.Step(e, 0)
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, effects.Send...)
	}
	return sent
}

// run gives the server n datagrams.
func (f *fuzzer) run(n int) {
	for i := range n {
		if i%reset == 0 {
			f.server = f.program.New(1, f.ids, true, random())
			startOf(f.t, f.server)
		}
		data, from := f.datagram(), actor.ID(f.random.Uint64N(5))
		if from == 0 {
			from = client
		}
		before := digest(f.server)
		e, err := f.server.Step(machine.Event{Kind: machine.Receive, From: from, Data: data}, 0)
		if err != nil {
			f.t.Fatalf("%q of %v: %v", data, from, err)
		}
		if e.Rejected == nil {
			f.accepted++
			continue
		}
		f.rejected++
		if len(e.Save)+len(e.Send)+len(e.Arm)+len(e.Disarm) > 0 {
			f.t.Fatalf("%q of %v is rejected, and has effects %+v", data, from, e)
		}
		if digest(f.server) != before {
			f.t.Fatalf("%q of %v is rejected, and changes the state", data, from)
		}
	}
}

// digest is a hash of a server's state.
func digest(server spawn.Inspected) uint64 {
	states, err := intern.For[any]()
	if err != nil {
		panic(err)
	}
	return states.Hash(reflect.ValueOf(server).MethodByName("State").Call(nil)[0].Interface())
}

// datagram builds a datagram: one in ten of the corpus, three in ten at random, the others mutations.
func (f *fuzzer) datagram() []byte {
	r := f.random
	switch r.IntN(10) {
	case 0:
		return f.pick()
	case 1:
		data := make([]byte, r.IntN(200))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		return data
	case 2, 3:
		const alphabet = `{}[]",:0123456789.eE-+\u nulltruefalse PutGetOkInternal`
		data := make([]byte, r.IntN(60))
		for i := range data {
			data[i] = alphabet[r.IntN(len(alphabet))]
		}
		return data
	}
	f.mutations++
	data := append([]byte{}, f.pick()...)
	for range 1 + r.IntN(3) {
		data = f.mutate(data)
	}
	return data
}

func (f *fuzzer) pick() []byte { return f.corpus[f.random.IntN(len(f.corpus))] }

// mutate changes a message a little.
func (f *fuzzer) mutate(data []byte) []byte {
	r := f.random
	if len(data) == 0 {
		return []byte{byte(r.Uint32())}
	}
	at := r.IntN(len(data))
	switch r.IntN(7) {
	case 0: // another byte
		data[at] = byte(r.Uint32())
	case 1: // another digit
		for i := range data {
			if k := (at + i) % len(data); '0' <= data[k] && data[k] <= '9' {
				data[k] = byte('0' + r.IntN(10))
				break
			}
		}
	case 2: // one byte less
		data = append(data[:at], data[at+1:]...)
	case 3: // the end missing
		data = data[:at]
	case 4: // white space
		data = append(data[:at:at], append([]byte(" "), data[at:]...)...)
	case 5: // a piece of another message
		other := f.pick()
		from := r.IntN(len(other))
		data = append(data[:at:at], other[from:]...)
	case 6: // a large number
		data = append(data[:at:at], append(fmt.Appendf(nil, "%d", r.Uint64()), data[at:]...)...)
	}
	return data
}
