// Package chatroom is a chatroom replicated with Multi-Paxos: a log of messages that clients append to and read. The
// actors are those of package multipaxos, unchanged from the checked model. Package wire is the client protocol,
// package server serves it, package client is an interactive client, and package harness starts and crashes servers
// and checks the answers to clients.
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

// Kind is the kind of an [Op].
type Kind uint8

// The operations of a room.
const (
	Read   Kind = iota
	Count       // returns the number of messages
	Append      // has no answer
	AppendAnswered
	Swap // appends if there are exactly Length messages
	SetMembers
)

var kinds = [...]string{"read", "count", "append", "append", "swap", "members"}

// String returns the name of the operation.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return "operation " + strconv.Itoa(int(k))
}

// Op is an operation of a room.
type Op struct {
	Kind    Kind
	Length  uint64 // for a Swap; otherwise 0
	Message string // message to append, or the members of a SetMembers; otherwise empty
}

// String returns "read", "count", `append "A"`, `swap 3 "A"` or "members 0,1".
func (o Op) String() string {
	switch o.Kind {
	case Append, AppendAnswered:
		return fmt.Sprintf("%v %q", o.Kind, o.Message)
	case Swap:
		return fmt.Sprintf("%v %d %q", o.Kind, o.Length, o.Message)
	case SetMembers:
		return fmt.Sprintf("%v %s", o.Kind, o.Message)
	case Read, Count:
	}
	return o.Kind.String()
}

// Result is the result of an operation.
type Result struct {
	Done     bool     // the message was appended, or the members are set
	Length   uint64   // number of messages after the operation
	Messages []string // all messages, for a Read; nil if there are none, and for others
}

// Room is the machine: the log of package rsm, with results.
type Room struct {
	rsm.Log
	Servers int // number of all servers, if clients can change which ones vote; otherwise 0
}

// Execute executes an operation. SetMembers does not change the room.
func (r Room) Execute(slot rsm.Slot, held []string, op Op) ([]string, Result, bool) {
	length := uint64(len(held))
	switch {
	case op.Kind == SetMembers:
		_, ok := r.Members(op)
		return held, Result{Done: ok, Length: length}, true
	case op.Kind == Read:
		_, read, _ := r.Log.Execute(slot, held, rsm.LogOp{})
		return held, Result{Length: length, Messages: read.Entries}, true
	case op.Kind == Append, op.Kind == AppendAnswered, op.Kind == Swap && op.Length == length:
		held, _, _ = r.Log.Execute(slot, held, rsm.LogOp{Append: true, Entry: op.Message})
		return held, Result{Done: true, Length: length + 1}, op.Kind != Append
	}
	return held, Result{Length: length}, true
}

// The encodings of messages between servers and of saved state.
var (
	Messages = multipaxoswire.MessagesOf[Op, Result]()
	Records  = multipaxoswire.RecordsOf[Op]()
)

// Model and Version are part of the identity of a server's file.
const (
	Model   = "chatroom"
	Version = multipaxoswire.Version
)

// MaxMessage is the maximum size of a message in bytes. Servers send several of them in one JSON message.
const MaxMessage = rsm.MaxText

// maxBetween is the maximum size in bytes of a message between servers: batch commands, with up to six bytes in JSON
// per byte.
const maxBetween = batch * (6*MaxMessage + 1<<10)

// batch is the maximum number of commands in a slot, window the number of slots in flight, and part the number of
// slots per answer of an acceptor to a new leader.
const (
	batch  = 16
	window = 16
	part   = 1 << 10
)

// Limits on executed slots: the number of slots after which a server makes a snapshot, the maximum numbers of slots
// and of bytes retained below it, and of bytes of a snapshot in one message.
const (
	collect      = 1 << 10
	retain       = 1 << 8
	collectBytes = 16 << 20
	chunk        = 1 << 20
)

// size returns the number of bytes of a command in a message.
var size = multipaxoswire.SizeOf[Op](maxBetween)

// Config configures an actor that is a server of a room.
type Config struct {
	ID      actor.ID
	Servers []actor.ID    // all servers, in ascending order
	Timeout time.Duration // time without a message of the leader after which another server tries to lead
	Durable bool          // the server saves its state
	// Members are the servers that vote initially, in ascending order, if clients can change them; nil if all servers
	// always vote.
	Members []actor.ID
}

// MaxBetween returns the maximum size in bytes of a message between servers.
func (Config) MaxBetween() int { return maxBetween }

// options returns the options of the protocol.
func (c Config) options() multipaxos.Options {
	return multipaxos.Options{
		Window: window, Batch: batch, Part: part, PartBytes: maxBetween - part<<10, Reduce: true, Forward: true,
		Collect: collect, Retain: retain, CollectBytes: collectBytes, Chunk: chunk,
		Adaptive: true, Patience: c.Timeout,
		Resend: max(c.Timeout/resends, time.Millisecond),
	}
}

// resends is the number of pings of a leader within the others' timeout.
const resends = 10

// Machine returns the actor as a running machine.
func (c Config) Machine(random machine.Random) *machine.Machine[State, rsm.Message] {
	server := multipaxos.Server[[]string, Op, Result]{
		Options: c.options(), Machine: c.room(), Peers: actor.Others(c.Servers, c.ID), Size: size, Members: c.Members,
	}
	m := machine.Config[State, rsm.Message]{
		Self: c.ID, Servers: c.Servers, Actor: server.New(), Wire: Messages, Random: random, MaxMessage: maxBetween,
	}
	if c.Durable {
		m.Records = Records
	}
	return machine.New(m)
}

// room returns the machine.
func (c Config) room() Room {
	if c.Members == nil {
		return Room{}
	}
	return Room{Servers: len(c.Servers)}
}

// State is the local state of a server.
type State = multipaxos.State[[]string, Op, Result]

// Identity returns the identity of a server's file in the named cluster.
func (c Config) Identity(cluster string) storage.Identity {
	if c.Members != nil {
		cluster += fmt.Sprintf(", at first %v", c.Members)
	}
	return storage.Identity{Model: Model, Version: Version, Actor: c.ID, Cluster: cluster}
}
