// Package multipaxossmr is Multi-Paxos as run by the replicas of a practical system, on a single key that is written
// and read: the rules of MultiPaxos-SMR by Guanzhou Hu, one of the TLA+ examples. The network is a set of messages to
// which sending adds and from which nothing is removed, so that messages may be late, lost and repeated. A state
// stands for all states that differ only in the names of replicas, as under the original's symmetry.
package multipaxossmr

import (
	"fmt"
	"slices"

	"synod/model"
)

// Config is the size of a model.
type Config struct {
	Replicas int  // 1 to MaxReplicas
	Writes   int  // number of commands that write, each a different value; 1 to MaxCommands
	Reads    int  // number of commands that read; 0 to MaxCommands
	Ballots  int  // 2 to MaxBallots
	Named    bool // distinguish replicas: no symmetry reduction
}

// The bounds of a Config.
const (
	MaxReplicas = 5
	MaxCommands = 3
	MaxBallots  = 9
)

// Default has a single write.
var Default = Config{Replicas: 3, Writes: 1, Ballots: 2}

// Validate returns an error if the configuration is invalid.
func (c Config) Validate() error {
	if c.Replicas < 1 || c.Replicas > MaxReplicas || c.Writes < 1 || c.Writes > MaxCommands ||
		c.Reads < 0 || c.Reads > MaxCommands || c.Ballots < 2 || c.Ballots > MaxBallots {
		return fmt.Errorf("%d replicas, %d writes, %d reads, %d ballots: must be 1 to %d, 1 to %d, 0 to %d, 2 to %d",
			c.Replicas, c.Writes, c.Reads, c.Ballots, MaxReplicas, MaxCommands, MaxCommands, MaxBallots)
	}
	return nil
}

type (
	// Replica counts from 1; 0 is none.
	Replica int
	// Ballot counts from 1; 0 is lower than all ballots.
	Ballot int
	// Slot counts from 0 in this package.
	Slot int
	// Command is a write of its own number if it is positive, and a read if it is negative.
	Command int
)

// String returns w1, r1 or none.
func (c Command) String() string {
	switch {
	case c > 0:
		return fmt.Sprintf("w%d", int(c))
	case c < 0:
		return fmt.Sprintf("r%d", -int(c))
	}
	return "none"
}

// Status is the status of a slot at a replica.
type Status uint8

// The statuses of a slot.
const (
	Empty     Status = iota
	Preparing        // accepted at a ballot before the one that is being prepared
	Accepting
	Committed
)

var statusNames = [...]string{"empty", "preparing", "accepting", "committed"}

// String returns the status in lower case.
func (s Status) String() string { return statusNames[s] }

// Vote is the last vote of a replica in a slot.
type Vote struct {
	Ballot  Ballot
	Command Command
}

// Instance is a slot of a replica's log.
type Instance struct {
	Status  Status
	Command Command
	Voted   Vote
}

// Node is the state of a replica.
type Node struct {
	Leader   Replica // the replica that it follows, perhaps itself
	Value    Command // the last write that it has executed
	Executed int     // number of slots
	Prepared Ballot  // of a leader: the ballot that a majority has promised; 0 while it waits for that
	Known    Ballot  // the highest ballot that it knows
	Log      []Instance
	Done     bool // it has seen that every command is answered
}

// Set is a set of replicas: bit r−1 for r.
type Set uint8

func (s Set) size() int {
	n := 0
	for ; s != 0; s &= s - 1 {
		n++
	}
	return n
}

// Sent has the messages that were sent at a ballot. One leader opens the ballot, and asks for votes for one command
// in each slot.
type Sent struct {
	Prepare       Replica   // the leader that opened the ballot; 0 for none
	PrepareReply  [][]Vote  // by replica: its votes in all slots; nil if it has not replied
	Accept        []Command // by slot: the command; 0 if votes were not asked for
	AcceptReplies []Set     // by slot
}

// Event is what a client observes: a request, or its acknowledgement with the value that was stored before.
type Event struct {
	Ack     bool
	Command Command
	Value   Command
}

// State is the state of all replicas, the messages, and what clients observed.
type State struct {
	Nodes    []Node    // by replica
	Sent     []Sent    // by ballot
	Notices  []bool    // by slot: a notice that it is committed was sent
	Pending  []Command // not acknowledged
	Observed []Event
}

// Action is a step of a replica.
//
//sumtype:decl
type Action interface{ action() }

// The actions, by their names in the original.
type (
	// BecomeLeader opens an unused ballot.
	BecomeLeader struct {
		Replica Replica
		Ballot  Ballot
	}
	// HandlePrepare follows the leader of a higher ballot, and sends it all votes.
	HandlePrepare struct {
		Replica Replica
		Ballot  Ballot
	}
	// HandlePrepareReplies adopts the votes of a majority, and asks for votes for their commands.
	HandlePrepareReplies struct{ Replica Replica }
	// TakeNewRequest puts a pending command into the first empty slot.
	TakeNewRequest struct{ Replica Replica }
	// HandleAccept votes for the command for which votes are asked.
	HandleAccept struct {
		Replica Replica
		Ballot  Ballot
		Slot    Slot
	}
	// HandleAcceptReplies commits and executes the next slot of a leader, and answers.
	HandleAcceptReplies struct{ Replica Replica }
	// HandleCommitNotice executes the next slot of a follower.
	HandleCommitNotice struct{ Replica Replica }
	// Finish detects that every command is answered.
	Finish struct{ Replica Replica }
	// Rest is the only step once all have finished. It changes nothing.
	Rest struct{}
)

func (BecomeLeader) action()         {}
func (HandlePrepare) action()        {}
func (HandlePrepareReplies) action() {}
func (TakeNewRequest) action()       {}
func (HandleAccept) action()         {}
func (HandleAcceptReplies) action()  {}
func (HandleCommitNotice) action()   {}
func (Finish) action()               {}
func (Rest) action()                 {}

func (c Config) slots() int { return c.Writes + c.Reads }

func (c Config) commands() []Command {
	var all []Command
	for w := range c.Writes {
		all = append(all, Command(w+1))
	}
	for r := range c.Reads {
		all = append(all, Command(-r-1))
	}
	return all
}

// Initial returns the state in which replicas know nothing, and all commands are pending.
func (c Config) Initial() []State {
	s := State{Notices: make([]bool, c.slots()), Pending: c.commands()}
	for range c.Replicas {
		s.Nodes = append(s.Nodes, Node{Log: make([]Instance, c.slots())})
	}
	for range c.Ballots {
		s.Sent = append(s.Sent, Sent{
			PrepareReply: make([][]Vote, c.Replicas), Accept: make([]Command, c.slots()), AcceptReplies: make([]Set, c.slots()),
		})
	}
	return []State{s}
}

// Actions returns the enabled actions of a state.
func (c Config) Actions(s State) []Action {
	var actions []Action
	add := func(possible bool, a Action) {
		if possible {
			actions = append(actions, a)
		}
	}
	resting := true
	for i, n := range s.Nodes {
		r := Replica(i + 1)
		switch {
		case n.Done:
			continue
		case s.answered():
			add(true, Finish{r})
			resting = false
			continue
		}
		resting = false
		leads := n.Leader == r && n.Prepared == n.Known
		for at := range s.Sent {
			sent, b := s.Sent[at], Ballot(at+1)
			add(n.Leader != r && b > n.Known && sent.Prepare == 0, BecomeLeader{r, b})
			add(sent.Prepare != 0 && b > n.Known, HandlePrepare{r, b})
			for slot, command := range sent.Accept {
				add(command != 0 && b >= n.Known && b > n.Log[slot].Voted.Ballot, HandleAccept{r, b, Slot(slot)})
			}
		}
		add(n.Leader == r && n.Prepared == 0 && s.promised(n.Known) >= c.majority(), HandlePrepareReplies{r})
		_, empty := n.firstEmpty()
		_, unseen := s.unseen(n)
		add(leads && empty && unseen, TakeNewRequest{r})
		if n.Executed == c.slots() || n.Log[n.Executed].Status != Accepting {
			continue
		}
		add(leads && s.Sent[n.Prepared-1].AcceptReplies[n.Executed].size() >= c.majority(), HandleAcceptReplies{r})
		add(n.Leader != r && s.Notices[n.Executed], HandleCommitNotice{r})
	}
	add(resting, Rest{})
	return actions
}

func (c Config) majority() int { return c.Replicas/2 + 1 }

// promised returns how many replicas have replied to the Prepare of a ballot.
func (s State) promised(b Ballot) int {
	n := 0
	for _, votes := range s.Sent[b-1].PrepareReply {
		if votes != nil {
			n++
		}
	}
	return n
}

// peak returns the highest vote in a slot among the replies to the Prepare of a ballot.
func (s State) peak(b Ballot, slot int) (peak Vote) {
	for _, votes := range s.Sent[b-1].PrepareReply {
		if votes != nil && votes[slot].Ballot > peak.Ballot {
			peak = votes[slot]
		}
	}
	return peak
}

func (n Node) firstEmpty() (slot int, ok bool) {
	slot = slices.IndexFunc(n.Log, func(i Instance) bool { return i.Status == Empty })
	return slot, slot >= 0
}

// unseen returns the first pending command that is not in a replica's log.
func (s State) unseen(n Node) (Command, bool) {
	for _, c := range s.Pending {
		if !slices.ContainsFunc(n.Log, func(i Instance) bool { return i.Command == c }) {
			return c, true
		}
	}
	return 0, false
}

// answered reports whether every command is acknowledged; each was then requested.
func (s State) answered() bool { return len(s.Pending) == 0 }

// Next returns the state after an action, renamed to the representative of its symmetry class unless replicas are
// distinguished.
func (c Config) Next(s State, a Action) (State, bool) {
	s = s.clone()
	switch a := a.(type) {
	case BecomeLeader:
		n := &s.Nodes[a.Replica-1]
		n.Leader, n.Prepared = a.Replica, 0
		s.promise(a.Replica, a.Ballot)
		s.Sent[a.Ballot-1].Prepare = a.Replica
	case HandlePrepare:
		s.Nodes[a.Replica-1].Leader = s.Sent[a.Ballot-1].Prepare
		s.promise(a.Replica, a.Ballot)
	case HandlePrepareReplies:
		s.prepared(&s.Nodes[a.Replica-1])
	case TakeNewRequest:
		n := &s.Nodes[a.Replica-1]
		command, _ := s.unseen(*n)
		slot, _ := n.firstEmpty()
		s.vote(a.Replica, n.Prepared, slot, command)
		s.Sent[n.Prepared-1].Accept[slot] = command
		s.observe(Event{Command: command})
	case HandleAccept:
		n, sent := &s.Nodes[a.Replica-1], s.Sent[a.Ballot-1]
		n.Leader, n.Known = sent.Prepare, a.Ballot
		s.vote(a.Replica, a.Ballot, int(a.Slot), sent.Accept[a.Slot])
	case HandleAcceptReplies:
		n := &s.Nodes[a.Replica-1]
		s.Notices[n.Executed] = true
		before := n.Value
		command := n.execute()
		s.observe(Event{true, command, before})
		s.Pending = slices.DeleteFunc(s.Pending, func(c Command) bool { return c == command })
	case HandleCommitNotice:
		s.Nodes[a.Replica-1].execute()
	case Finish:
		s.Nodes[a.Replica-1].Done = true
	case Rest:
	}
	if !c.Named {
		s = c.least(s)
	}
	return s, true
}

// promise makes a replica join a ballot and report its votes.
func (s State) promise(r Replica, b Ballot) {
	n := &s.Nodes[r-1]
	n.Known = b
	votes := make([]Vote, len(n.Log))
	for slot := range n.Log {
		if n.Log[slot].Status == Accepting {
			n.Log[slot].Status = Preparing
		}
		votes[slot] = n.Log[slot].Voted
	}
	s.Sent[b-1].PrepareReply[r-1] = votes
}

// prepared makes a leader adopt the votes reported to it, and ask for votes for them.
func (s State) prepared(n *Node) {
	n.Prepared = n.Known
	for slot := range n.Log {
		at, peak := &n.Log[slot], s.peak(n.Known, slot)
		if at.Status == Preparing || at.Status == Empty && peak.Command != 0 {
			at.Status = Accepting
		}
		at.Command = peak.Command
		if at.Status == Accepting {
			s.Sent[n.Known-1].Accept[slot] = at.Command
		}
	}
}

func (s State) vote(r Replica, b Ballot, slot int, command Command) {
	s.Nodes[r-1].Log[slot] = Instance{Accepting, command, Vote{b, command}}
	s.Sent[b-1].AcceptReplies[slot] |= 1 << (r - 1)
}

func (s *State) observe(e Event) {
	if !slices.Contains(s.Observed, e) {
		s.Observed = append(s.Observed, e)
	}
}

// execute commits the next slot and returns its command.
func (n *Node) execute() Command {
	at := &n.Log[n.Executed]
	at.Status = Committed
	n.Executed++
	if at.Command > 0 {
		n.Value = at.Command
	}
	return at.Command
}

// Source returns the model with its properties, or an error if the configuration is invalid.
func Source(c Config) (*model.Plain[State, Action], error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	p := model.NewPlain[State, Action](c)
	p.Always("linearizable", c.linearizable)
	p.Always("replicas commit the same", agreement)
	p.Always("no deadlock", func(s State) bool { return len(c.Actions(s)) > 0 })
	p.Sometimes("every command is answered", State.answered)
	p.Sometimes("a command is adopted", func(s State) bool {
		return slices.ContainsFunc(s.Nodes, func(n Node) bool {
			return n.Prepared > 0 && n.Prepared == n.Known && n.Log[0].Status == Accepting && n.Log[0].Voted.Ballot < n.Known
		})
	})
	return p, nil
}
