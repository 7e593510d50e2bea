package multipaxos

import (
	"slices"

	"synod/actor"
	"synod/paxos/rsm"
)

// Replica is the state of a replica: Figure 1. Its decisions are durable.
type Replica[S, O, R any] struct {
	Machine   rsm.Replica[S, R]   // what the commands of all slots below SlotOut have made of the machine
	SlotIn    rsm.Slot            // all slots below it have a proposal of this replica, or a decision
	SlotOut   rsm.Slot            // the first slot that is not executed
	Requests  []rsm.Command[O]    // commands that are to be proposed, in the order of their arrival; nil for none
	Proposals Slots[O]            // what it proposed and knows no decision of
	Decisions Slots[O]            // all that it knows of
	Asked     map[rsm.ID]actor.ID // who waits for the answer to a command; nil for nobody
	Snapshot  Snapshot            // instead of the decisions of the slots below its own, or of most of them
	Incoming  Incoming            // the snapshot of another replica, which has executed more
	Grown     int                 // bytes of the commands executed since the snapshot, if they are counted
	Kept      rsm.Slot            // another replica fetches the snapshot: there is no new one before this slot
	// Configurations are those of the slots from SlotOut on, as far as they are known; none if all servers vote in all.
	Configurations Configurations
}

// replicaOut is what a replica commands through.
type replicaOut[O, R any] interface {
	propose(p Propose[O])
	// elsewhere reports whether commands are to be handed on to the server of the active leader instead of proposed here.
	elsewhere() bool
	handOn(b rsm.Batch[O])
	reply(to actor.ID, a rsm.Answer[R])
	serves(id actor.ID) bool
}

// execution is what a replica knows of the system.
type execution[S, O, R any] struct {
	Options
	machine rsm.Machine[S, O, R]
	size    func(c rsm.Command[O]) int // nil if it does not matter
	members []actor.ID                 // of the first configuration; nil if all servers vote in all slots
	out     replicaOut[O, R]
}

// fits reports whether so many bytes may be in one slot.
func (x *execution[S, O, R]) fits(bytes int) bool { return x.Bytes == 0 || bytes <= x.Bytes }

func (x *execution[S, O, R]) bytes(c rsm.Command[O]) int {
	if x.size == nil {
		return 0
	}
	return x.size(c)
}

// first returns how many of some commands are to share a slot; at least one of them.
func (x *execution[S, O, R]) first(commands []rsm.Command[O]) int {
	n, bytes := 1, x.bytes(commands[0])
	for n < min(x.batch(), len(commands)) {
		if bytes += x.bytes(commands[n]); !x.fits(bytes) {
			break
		}
		n++
	}
	return n
}

// newReplica returns the state of a replica that knows nothing, or a snapshot and decisions, which it executes anew.
func newReplica[S, O, R any](x *execution[S, O, R], from Snapshot, decisions Slots[O]) Replica[S, O, R] {
	r := Replica[S, O, R]{SlotIn: from.next(), SlotOut: from.next(), Decisions: decisions, Snapshot: from}
	r.Machine, r.Configurations = restored(x, from)
	r.perform(x)
	return r
}

// request takes a command of a client, or answers it at once if it was executed.
func (r *Replica[S, O, R]) request(from actor.ID, command rsm.Command[O], x *execution[S, O, R]) {
	status, answer, ok := r.Machine.Status(command.ID)
	if status != rsm.New {
		if ok {
			x.out.reply(from, answer)
		}
		return
	}
	if !x.fits(x.bytes(command)) {
		return
	}
	if r.Asked == nil {
		r.Asked = map[rsm.ID]actor.ID{}
	}
	r.Asked[command.ID] = from
	if !r.holds(command.ID) {
		r.take(x, command)
	}
}

// forwarded takes commands of clients of another replica, which answers them.
func (r *Replica[S, O, R]) forwarded(b rsm.Batch[O], x *execution[S, O, R]) {
	var fresh []rsm.Command[O]
	for _, c := range b.All() {
		if r.fresh(c) && !r.holds(c.ID) {
			fresh = append(fresh, c)
		}
	}
	r.take(x, fresh...)
}

// fresh reports whether a command may still be executed.
func (r *Replica[S, O, R]) fresh(c rsm.Command[O]) bool {
	status, _, _ := r.Machine.Status(c.ID)
	return status == rsm.New
}

// take has commands proposed, by this replica or by that of the active leader. They are requests until they are
// proposed here or executed, as another leader may have to be told of them.
func (r *Replica[S, O, R]) take(x *execution[S, O, R], commands ...rsm.Command[O]) {
	r.Requests = append(r.Requests, commands...)
	r.handOn(x, commands...)
	r.propose(x)
}

// handOn hands commands to the replica beside the active leader if that is elsewhere, as many at once as a slot may
// have.
func (r *Replica[S, O, R]) handOn(x *execution[S, O, R], commands ...rsm.Command[O]) {
	for len(commands) > 0 && x.out.elsewhere() {
		n := x.first(commands)
		x.out.handOn(rsm.BatchOf(commands[:n]...))
		commands = commands[n:]
	}
}

// holds reports whether a command is to be proposed or was.
func (r *Replica[S, O, R]) holds(id rsm.ID) bool {
	if slices.ContainsFunc(r.Requests, func(c rsm.Command[O]) bool { return c.ID == id }) {
		return true
	}
	for _, b := range r.Proposals.All() {
		if b.Holds(id) {
			return true
		}
	}
	return false
}

// propose proposes requests for slots within the window, unless another replica does: function propose of Figure 1.
func (r *Replica[S, O, R]) propose(x *execution[S, O, R]) {
	r.SlotIn = max(r.SlotIn, r.SlotOut)
	if x.out.elsewhere() {
		return
	}
	for r.SlotIn < r.SlotOut+x.window() && len(r.Requests) > 0 {
		if _, decided := r.Decisions.Get(r.SlotIn); !decided {
			n := x.first(r.Requests)
			b := rsm.BatchOf(r.Requests[:n]...)
			r.Proposals = r.Proposals.With(r.SlotIn, b)
			x.out.propose(Propose[O]{r.SlotIn, b})
			if r.Requests = r.Requests[n:]; len(r.Requests) == 0 {
				r.Requests = nil
			}
		}
		r.SlotIn++
	}
}

// decision learns what is decided in a slot, executes what can be, and proposes further.
func (r *Replica[S, O, R]) decision(d Decision[O], x *execution[S, O, R]) {
	if _, known := r.Decisions.Get(d.Slot); known || d.Slot < r.SlotOut {
		return
	}
	r.Decisions = r.Decisions.With(d.Slot, d.Batch)
	r.perform(x)
	r.propose(x)
}

// perform executes the decisions that are next, function perform of Figure 1. What was proposed for a slot in which
// something else was decided is to be proposed again.
func (r *Replica[S, O, R]) perform(x *execution[S, O, R]) {
	var lost []rsm.Command[O]
	for {
		decided, ok := r.Decisions.Get(r.SlotOut)
		if !ok {
			break
		}
		proposed, _ := r.Proposals.Get(r.SlotOut)
		r.Proposals = r.Proposals.Without(r.SlotOut)
		for _, command := range decided.All() {
			r.execute(command, x)
			r.grow(command, x)
		}
		r.SlotOut++
		r.pass()
		if !proposed.Same(decided) {
			r.Requests = append(r.Requests, proposed.Slice()...)
			lost = append(lost, proposed.Slice()...)
		}
		r.drop(x)
	}
	r.collect(x)
	r.handOn(x, slices.DeleteFunc(lost, func(c rsm.Command[O]) bool { return !r.fresh(c) })...)
}

// drop forgets requests that are executed already, as another replica proposed them, or that never will be.
func (r *Replica[S, O, R]) drop(x *execution[S, O, R]) {
	r.Requests = slices.DeleteFunc(r.Requests, func(c rsm.Command[O]) bool {
		status, answer, _ := r.Machine.Status(c.ID)
		if to, asked := r.Asked[c.ID]; asked && status == rsm.Refused {
			delete(r.Asked, c.ID)
			r.Asked = unmap(r.Asked)
			x.out.reply(to, answer)
		}
		return status != rsm.New
	})
	if len(r.Requests) == 0 {
		r.Requests = nil
	}
}

// execute executes a command once, and answers the client that asked here.
func (r *Replica[S, O, R]) execute(command rsm.Command[O], x *execution[S, O, R]) {
	r.reconfigure(command, x)
	answer, ok := rsm.Execute(x.machine, r.SlotOut, &r.Machine, command)
	to, asked := r.Asked[command.ID]
	if !asked {
		return
	}
	delete(r.Asked, command.ID)
	r.Asked = unmap(r.Asked)
	if ok {
		x.out.reply(to, answer)
	}
}

// holes returns the slots of the window without a decision below one that has one: either decisions were lost, or
// nobody ever proposed for them. A replica that was down may lack very many slots, most of which are decided.
func (r *Replica[S, O, R]) holes(window rsm.Slot) []rsm.Slot {
	var holes []rsm.Slot
	last, _, _ := r.Decisions.Last()
	for slot := r.SlotOut; slot < min(last, r.SlotOut+window); slot++ {
		if _, decided := r.Decisions.Get(slot); !decided {
			holes = append(holes, slot)
		}
	}
	return holes
}

// learned is the most decisions in answer to one Learn: a replica that lacks more asks again.
const learned = 64

// teach sends the decisions that a Learn asks for, up to the first that is not known.
func (r *Replica[S, O, R]) teach(m Learn, tell func(Decision[O])) {
	for slot, n := max(m.SlotOut, 1), 0; n < learned; slot, n = slot+1, n+1 {
		b, known := r.Decisions.Get(slot)
		if !known {
			return
		}
		tell(Decision[O]{slot, b})
	}
}
