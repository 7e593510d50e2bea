package multipaxos

import (
	"slices"

	"synod/actor"
	"synod/paxos/rsm"
)

// Replica is the state of a replica: Figure 1. Its decisions and its snapshot are durable.
type Replica[S, O, R any] struct {
	Machine   rsm.Replica[S, R]   // the machine after the commands of all slots below SlotOut
	SlotIn    rsm.Slot            // all slots below it have a proposal of this replica or a decision
	SlotOut   rsm.Slot            // the first slot not executed
	Requests  []rsm.Command[O]    // commands not yet proposed, in order of arrival; nil for none
	Proposals Slots[O]            // its proposals for slots without a known decision
	Decisions Slots[O]            // all known decisions
	Asked     map[rsm.ID]actor.ID // clients that wait for the answer to a command; nil for none
	Snapshot  Snapshot            // replaces all or most decisions below its slot
	Incoming  Incoming            // a snapshot being received from a replica that has executed more
	Grown     int                 // bytes of the commands executed since the snapshot, if counted
	Kept      rsm.Slot            // while another replica fetches the snapshot, no new one is made before this slot
	// Configurations are the known configurations of the slots from SlotOut on; empty if all servers vote in all slots.
	Configurations Configurations
}

// replicaOut receives the messages of a replica.
type replicaOut[O, R any] interface {
	propose(p Propose[O])
	// elsewhere reports whether commands are forwarded to the server of the active leader instead of being proposed
	// here.
	elsewhere() bool
	handOn(b rsm.Batch[O])
	reply(to actor.ID, a rsm.Answer[R])
	serves(id actor.ID) bool
}

// execution is the replica's view of the system and its configuration.
type execution[S, O, R any] struct {
	Options
	machine rsm.Machine[S, O, R]
	size    func(c rsm.Command[O]) int // nil if sizes are not limited
	members []actor.ID                 // the initial configuration; nil if all servers vote in all slots
	out     replicaOut[O, R]
}

// fits reports whether commands of so many bytes fit in one slot.
func (x *execution[S, O, R]) fits(bytes int) bool { return x.Bytes == 0 || bytes <= x.Bytes }

func (x *execution[S, O, R]) bytes(c rsm.Command[O]) int {
	if x.size == nil {
		return 0
	}
	return x.size(c)
}

// first returns how many of the first commands fit in one slot; at least one.
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

// newReplica returns the state of a replica that starts from a snapshot, or from nothing, and executes the decisions
// again.
func newReplica[S, O, R any](x *execution[S, O, R], from Snapshot, decisions Slots[O]) Replica[S, O, R] {
	r := Replica[S, O, R]{SlotIn: from.next(), SlotOut: from.next(), Decisions: decisions, Snapshot: from}
	r.Machine, r.Configurations = restored(x, from)
	r.perform(x)
	return r
}

// request handles a command of a client, which is answered at once if it was executed.
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

// forwarded handles commands forwarded by another replica, which answers the clients.
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

// take gets commands proposed, by this replica or by that of the active leader. They remain in Requests until they
// are proposed here or executed, as they may have to be forwarded to another leader.
func (r *Replica[S, O, R]) take(x *execution[S, O, R], commands ...rsm.Command[O]) {
	r.Requests = append(r.Requests, commands...)
	r.handOn(x, commands...)
	r.propose(x)
}

// handOn forwards commands to the server of the active leader if that is another one, in batches that fit a slot.
func (r *Replica[S, O, R]) handOn(x *execution[S, O, R], commands ...rsm.Command[O]) {
	for len(commands) > 0 && x.out.elsewhere() {
		n := x.first(commands)
		x.out.handOn(rsm.BatchOf(commands[:n]...))
		commands = commands[n:]
	}
}

// holds reports whether a command is in Requests or Proposals.
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

// propose proposes requests for slots within the window, unless they are forwarded: function propose of Figure 1.
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

// decision records a decision, executes what it can, and proposes further.
func (r *Replica[S, O, R]) decision(d Decision[O], x *execution[S, O, R]) {
	if _, known := r.Decisions.Get(d.Slot); known || d.Slot < r.SlotOut {
		return
	}
	r.Decisions = r.Decisions.With(d.Slot, d.Batch)
	r.perform(x)
	r.propose(x)
}

// perform executes the next decisions: function perform of Figure 1. A proposal for a slot in which something else
// was decided returns to Requests.
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

// drop forgets requests that were executed already, proposed by another replica, and requests that are refused.
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

// execute executes a command once, and answers the client if it asked this replica.
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

// holes returns the undecided slots of the window below the highest known decision: their decisions were lost, or
// nobody proposed for them. It is limited to the window because a replica that was down may lack very many slots,
// most of them decided.
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

// learned is the maximum number of decisions in answer to one Learn; a replica that lacks more asks again.
const learned = 64

// teach sends the decisions that a Learn asks for, up to the first unknown one.
func (r *Replica[S, O, R]) teach(m Learn, tell func(Decision[O])) {
	for slot, n := max(m.SlotOut, 1), 0; n < learned; slot, n = slot+1, n+1 {
		b, known := r.Decisions.Get(slot)
		if !known {
			return
		}
		tell(Decision[O]{slot, b})
	}
}
