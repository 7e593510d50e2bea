// Package chatroom is a chatroom that servers replicate with Multi-Paxos: a log of messages, to which clients append and
// which they read. The actors are those of package multipaxos, as they are checked. Package wire is what clients say,
// package server serves them, package client is one for people, and package harness starts servers, crashes them and
// checks what clients were told.
package chatroom

import (
	"fmt"
	"strconv"
	"time"

	"synod/actor"
	multipaxoswire "synod/examples/multipaxos/wire"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
	"synod/spawn/machine"
	"synod/storage"
)

// Kind is what an [Op] does.
type Kind uint8

// The operations of a room.
const (
	Read   Kind = iota
	Count       // tells how many messages there are
	Append      // has no answer
	AppendAnswered
	Swap // appends if there are exactly Length messages
)

var kinds = [...]string{"read", "count", "append", "append", "swap"}

// String is a word.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return "operation " + strconv.Itoa(int(k))
}

// Op is an operation of a room.
type Op struct {
	Kind    Kind
	Length  uint64 // of a Swap; otherwise 0
	Message string // what is appended; otherwise the empty string
}

// String is "read", "count", `append "A"` or `swap 3 "A"`.
func (o Op) String() string {
	switch o.Kind {
	case Append, AppendAnswered:
		return fmt.Sprintf("%v %q", o.Kind, o.Message)
	case Swap:
		return fmt.Sprintf("%v %d %q", o.Kind, o.Length, o.Message)
	case Read, Count:
	}
	return o.Kind.String()
}

// Result is the answer of a room.
type Result struct {
	Done     bool     // the message was appended
	Length   uint64   // how many messages there are now
	Messages []string // of a Read, all of them; nil if there are none, and for others
}

// Room is the machine: the log of package rsm, with answers to who wants them.
type Room struct{ rsm.Log }

// Execute appends, or reads.
func (r Room) Execute(slot rsm.Slot, held []string, op Op) ([]string, Result, bool) {
	length := uint64(len(held))
	switch {
	case op.Kind == Read:
		_, read, _ := r.Log.Execute(slot, held, rsm.LogOp{})
		return held, Result{Length: length, Messages: read.Entries}, true
	case op.Kind == Append, op.Kind == AppendAnswered, op.Kind == Swap && op.Length == length:
		held, _, _ = r.Log.Execute(slot, held, rsm.LogOp{Append: true, Entry: op.Message})
		return held, Result{Done: true, Length: length + 1}, op.Kind != Append
	}
	return held, Result{Length: length}, true
}

// The form of messages between servers, and of what they keep.
var (
	Messages = multipaxoswire.MessagesOf[Op, Result]()
	Records  = multipaxoswire.RecordsOf[Op]()
)

// Model and Version are of the identity of a server's file.
const (
	Model   = "chatroom"
	Version = multipaxoswire.Version
)

// MaxMessage is the most bytes of a message that is said: it goes from server to server beside others, in JSON.
const MaxMessage = rsm.MaxText

// maxBetween is the most bytes of a message between servers: batch commands, and each byte may take six in JSON.
const maxBetween = batch * (6*MaxMessage + 1<<10)

// batch is how many commands share a slot at most, window how many slots are in flight, and part of how many an acceptor
// tells a new leader at once.
const (
	batch  = 16
	window = 16
	part   = 1 << 10
)

// What is remembered of slots that are executed: after how many a server makes a snapshot, how many below it are remembered
// at most, of which so many bytes; and the bytes of a snapshot in a message.
const (
	collect      = 1 << 10
	retain       = 1 << 8
	collectBytes = 16 << 20
	chunk        = 1 << 20
)

// size returns how many bytes a command takes in a message.
var size = multipaxoswire.SizeOf[Op](maxBetween)

// Config is a server of a room, as an actor.
type Config struct {
	ID      actor.ID
	Servers []actor.ID    // all of them, in ascending order
	Timeout time.Duration // without a word of the leader, after which another server tries to lead
	Durable bool          // it keeps what it must not forget
}

// MaxBetween returns the most bytes of a message between servers.
func (Config) MaxBetween() int { return maxBetween }

// options are those of the protocol.
func (c Config) options() multipaxos.Options {
	return multipaxos.Options{
		Window: window, Batch: batch, Part: part, PartBytes: maxBetween - part<<10, Reduce: true, Forward: true,
		Collect: collect, Retain: retain, CollectBytes: collectBytes, Chunk: chunk,
		Adaptive: true, Patience: c.Timeout,
		Resend: max(c.Timeout/resends, time.Millisecond),
	}
}

// resends is how often a leader pings in the time that others wait for it.
const resends = 10

// Machine returns the actor that runs.
func (c Config) Machine(random machine.Random) *machine.Machine[State, rsm.Message] {
	server := multipaxos.Server[[]string, Op, Result]{
		Options: c.options(), Machine: Room{}, Peers: actor.Others(c.Servers, c.ID), Size: size,
	}
	m := machine.Config[State, rsm.Message]{
		Self: c.ID, Servers: c.Servers, Actor: server.New(), Wire: Messages, Random: random, MaxMessage: maxBetween,
	}
	if c.Durable {
		m.Records = Records
	}
	return machine.New(m)
}

// State is the local state of a server.
type State = multipaxos.State[[]string, Op, Result]

// Identity returns the identity of a server's file, in a cluster of that name.
func (c Config) Identity(cluster string) storage.Identity {
	return storage.Identity{Model: Model, Version: Version, Actor: c.ID, Cluster: cluster}
}
