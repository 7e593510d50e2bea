package systembuilders

import (
	"slices"

	"synod/actor"
	"synod/model"
	"synod/network"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// system is a model with the data that its properties read.
type system[O any] struct {
	*model.System[rsm.Message]
	config   Config
	servers  []model.Projection[*server[O]]
	clients  []model.Ref[rsm.ClientState]
	commands []rsm.ID // all commands of clients
	answers  model.Selection[rsm.Message, answer]
	told     Told                                                   // where the model begins
	executes func(chosen map[rsm.Slot]string, last rsm.Slot) string // returns the machine after a slot, as bytes
}

// server is the part of a server that properties read.
type server[O any] struct {
	Phase     systembuilders.Phase
	Installed systembuilders.View
	Prepares  bool // it is preparing its view, as the leader
	Aru       rsm.Slot
	Log       systembuilders.Log[O]
	History   map[rsm.Slot]systembuilders.Entry[O]
	Faithful  bool // its machine is the result of executing its log after its snapshot
	Snapshot  rsm.Slot
	Machine   string   // as bytes, if there is a snapshot
	Collected []rsm.ID // the commands that were executed according to the snapshot
}

// answer is an answer of a server, in flight.
type answer struct {
	Server actor.ID
	ID     rsm.ID
}

// readServer reads a server. It checks the machine by executing the log again, each command only once, independently
// of how the protocol recognizes repeated commands.
func readServer[S, O, R any](
	of systembuilders.Server[S, O, R], commands []rsm.ID, st systembuilders.State[S, O, R],
) *server[O] {
	m := of.Machine
	s := &server[O]{
		Phase: st.Phase, Installed: st.Installed, Prepares: st.Prepared != nil, Aru: st.Aru, Log: st.Log, History: st.History, Snapshot: st.Snapshot.Seq,
	}
	state := m.New()
	done, ended := map[rsm.ID]bool{}, map[rsm.Client]bool{}
	if st.Snapshot.Seq > 0 {
		_, from, err := of.Load(st.Snapshot.Data)
		if err != nil {
			return s
		}
		state = from.State
		for _, id := range commands {
			switch status, _, _ := from.Status(id); status {
			case rsm.Executed, rsm.Old:
				done[id] = true
				s.Collected = append(s.Collected, id)
			case rsm.Refused:
				ended[id.Client] = true
			case rsm.New:
			}
		}
	}
	for seq, b := range st.Log.All() {
		for _, u := range b.All() {
			c := u.Command
			switch {
			case done[c.ID] || ended[c.ID.Client]:
			case c.End:
				ended[c.ID.Client] = true
			default:
				done[c.ID] = true
				state, _, _ = m.Execute(seq, state, c.Op)
			}
		}
	}
	want, err1 := m.Snapshot(state)
	have, err2 := m.Snapshot(st.Machine.State)
	s.Faithful = err1 == nil && err2 == nil && string(want) == string(have)
	if st.Snapshot.Seq > 0 {
		s.Machine = string(have)
	}
	return s
}

// ordered returns the ordered updates of a slot, if the server knows them.
func (s *server[O]) ordered(seq rsm.Slot) (systembuilders.Batch[O], bool) {
	if b, executed := s.Log.Get(seq); executed {
		return b, true
	}
	e := s.History[seq]
	return e.Batch, e.Ordered
}

// replies selects the answers which report that a command was executed.
func replies[R any](e actor.Envelope[rsm.Message]) (answer, bool) {
	reply, ok := e.Message.(rsm.Reply[R])
	return answer{e.From, reply.Answer.ID}, ok && reply.Answer.Status == rsm.Executed
}

// demand adds the properties.
func (sys *system[O]) demand() {
	sys.orders()
	sys.accepts()
	sys.examples()
	sys.watch()
	if sys.config.Lost > 0 {
		sys.returns()
	}
	if sys.config.answersAll() {
		sys.quiescent()
	}
	if sys.config.undisturbed() {
		sys.rests()
	}
	if sys.config.Live {
		sys.live()
	}
}

// answersAll reports whether every client must have its answers once nothing is in flight.
func (c Config) answersAll() bool {
	return !c.Lossy && c.MaxDown == 0 && c.MaxPartitions == 0 && c.Resends == 0 && c.MaxTimeouts == 0 && c.Begin == Start && c.Lost == 0 && c.Change == 0
}

// undisturbed reports whether timers fire only once nothing else can happen, when every client already has its
// answers. With more than three servers, an Accept that arrives before its Proposal leaves something to wait for.
func (c Config) undisturbed() bool { return c.answersAll() && c.TimersLast && c.Servers <= 3 }

// rests adds the property that servers that wait for nothing keep their view.
func (sys *system[O]) rests() {
	first := systembuilders.View(0)
	if sys.config.Electing {
		first = 1
	}
	sys.each("no view is installed while nobody waits", func(_ model.View, s *server[O]) bool { return s.Installed <= first })
}

// up returns the servers that are up.
func (sys *system[O]) up(v model.View) []*server[O] {
	var all []*server[O]
	for _, projection := range sys.servers {
		if s, up := projection.In(v); up {
			all = append(all, s)
		}
	}
	return all
}

// each adds a property of every server that is up.
func (sys *system[O]) each(name string, holds func(v model.View, s *server[O]) bool) {
	sys.Always(name, func(v model.View) bool {
		for _, s := range sys.up(v) {
			if !holds(v, s) {
				return false
			}
		}
		return true
	})
}

// orders adds the properties on which clients rely.
func (sys *system[O]) orders() {
	sys.Always("agreement: no two servers order different updates in a slot", func(v model.View) bool {
		all := sys.up(v)
		for i, s := range all {
			for seq := range sys.slots() {
				b, ordered := s.ordered(seq)
				for _, other := range all[:i] {
					if c, also := other.ordered(seq); ordered && also && !b.Same(c) {
						return false
					}
				}
			}
		}
		return true
	})
	sys.Always("prefix: what a server has executed begins what another one has", func(v model.View) bool {
		all := sys.up(v)
		for i, s := range all {
			for _, other := range all[:i] {
				for seq, b := range s.Log.All() {
					if c, also := other.Log.Get(seq); also && !b.Same(c) {
						return false
					}
				}
			}
		}
		return true
	})
	sys.each("the machine executed what is ordered, in order, each update once", func(_ model.View, s *server[O]) bool {
		return s.Faithful
	})
	sys.Always("an answer means ordered", func(v model.View) bool {
		for _, a := range sys.answers.InFlight(v) {
			s, up := sys.servers[a.Server].In(v)
			if up && !s.executed(a.ID) && !sys.config.loses(a.Server) {
				return false
			}
		}
		return true
	})
}

// executed reports whether an update is in the log or in the snapshot.
func (s *server[O]) executed(id rsm.ID) bool {
	for _, b := range s.Log.All() {
		if b.Holds(id) {
			return true
		}
	}
	return slices.Contains(s.Collected, id)
}

// slots returns how many slots may be used for a number of commands. Slots before a change of the members may be
// filled with empty proposals.
func (c Config) slots(commands int) rsm.Slot {
	n := commands * (c.Views + 1)
	if c.Change > 0 {
		n = 2*n + c.Window
	}
	return rsm.Slot(n)
}

// slots yields the slots that may be used: each update is bound at most once per view.
func (sys *system[O]) slots() func(yield func(rsm.Slot) bool) {
	return func(yield func(rsm.Slot) bool) {
		for seq := rsm.Slot(1); seq <= sys.config.slots(len(sys.commands)); seq++ {
			if !yield(seq) {
				return
			}
		}
	}
}

// accepts adds the properties on which the protocol relies.
func (sys *system[O]) accepts() {
	sys.each("nothing is accepted in a view that is not installed", func(_ model.View, s *server[O]) bool {
		for _, e := range s.History {
			if !e.Ordered && e.View > s.Installed {
				return false
			}
		}
		return true
	})
	window := sys.config.Window
	sys.each("proposals stay within the window", func(_ model.View, s *server[O]) bool {
		for seq, e := range s.History {
			if s.Phase == systembuilders.RegLeader && !e.Ordered && e.View == s.Installed && int(seq) > int(s.Aru)+window {
				return false
			}
		}
		return true
	})
	sys.Always("proposals of a slot in a view are the same", func(v model.View) bool {
		type place struct {
			seq  rsm.Slot
			view systembuilders.View
		}
		bound := map[place]systembuilders.Batch[O]{}
		for _, s := range sys.up(v) {
			for seq, e := range s.History {
				if e.Ordered {
					continue
				}
				at := place{seq, e.View}
				if b, known := bound[at]; known && !b.Same(e.Batch) {
					return false
				}
				bound[at] = e.Batch
			}
		}
		return true
	})
	sys.Always("no two servers lead a view", func(v model.View) bool {
		led := map[systembuilders.View]bool{}
		for _, s := range sys.up(v) {
			if s.Phase == systembuilders.RegLeader {
				if led[s.Installed] {
					return false
				}
				led[s.Installed] = true
			}
		}
		return true
	})
}

// examples adds what must be possible.
func (sys *system[O]) examples() {
	some := func(name string, is func(s *server[O]) bool) {
		sys.Sometimes(name, func(v model.View) bool {
			for _, s := range sys.up(v) {
				if is(s) {
					return true
				}
			}
			return false
		})
	}
	ordered := func(name string, is func(b systembuilders.Batch[O]) bool) {
		some(name, func(s *server[O]) bool {
			for _, b := range s.Log.All() {
				if is(b) {
					return true
				}
			}
			return false
		})
	}
	if sys.config.Begin != Start { // Some of the examples have happened before.
		return
	}
	if sys.config.rotates() || sys.config.Electing {
		some("view installed", func(s *server[O]) bool { return s.Phase == systembuilders.RegLeader && s.Installed > 0 })
	}
	if sys.config.Collect > 0 { // The logs are short then.
		some("collected", func(s *server[O]) bool { return s.Snapshot > 0 })
		return
	}
	ordered("ordered", func(b systembuilders.Batch[O]) bool { return b.Len() > 0 })
	if sys.config.rivals() {
		sys.carried()
		if sys.config.crowded() {
			ordered("a hole filled", func(b systembuilders.Batch[O]) bool { return b.Len() == 0 })
		}
	}
	// Updates that wait while the window is full are batched.
	if sys.config.Batch > 1 && min(sys.config.Pipeline, sys.config.Commands) >= sys.config.Window+2 {
		ordered("a batch", func(b systembuilders.Batch[O]) bool { return b.Len() > 1 })
	}
}

// rivals reports whether more than one server leads in some run.
func (c Config) rivals() bool { return c.rotates() && (c.Views > 1 || !c.Electing) }

// rotates reports whether servers have a reason to leave the first view that has a leader.
func (c Config) rotates() bool { return c.Servers > 1 && !c.undisturbed() }

// crowded reports whether a leader can have two updates at once.
func (c Config) crowded() bool {
	return c.Network != network.Ordered && c.Window > 1 && c.Batch == 1 && (c.Pipeline > 1 && c.Commands > 1 || c.Clients > 1) && c.Servers > 2
}

// carried adds an example of a leader that proposes what was proposed in an earlier view.
func (sys *system[O]) carried() {
	sys.Sometimes("an update carried over a view change", func(v model.View) bool {
		all := sys.up(v)
		for _, s := range all {
			for seq, e := range s.History {
				if e.Ordered || e.Batch.Len() == 0 {
					continue
				}
				for _, other := range all {
					if o, known := other.History[seq]; known && !o.Ordered && o.View < e.View && o.Batch.Same(e.Batch) {
						return true
					}
				}
			}
		}
		return false
	})
}

// quiescent adds the property that every client has its answers when nothing more can happen.
func (sys *system[O]) quiescent() { sys.Quiescent("every update is answered", sys.answered) }

// live adds the properties that on every fair path every client eventually has its answers and, if servers report up
// to where they have executed everything, no server stays behind. A model has a limited number of views: if the
// leader of the last one has crashed, no server leads any more.
func (sys *system[O]) live() {
	sys.Eventually("every client is served", func(v model.View) bool { return sys.answered(v) || sys.spent(v) })
	if sys.config.Resends == 0 {
		return
	}
	sys.Eventually("every server catches up", func(v model.View) bool {
		if sys.spent(v) {
			return true
		}
		all := sys.up(v)
		for _, s := range all {
			if s.Aru != all[0].Aru {
				return false
			}
		}
		return len(all) == len(sys.servers) && sys.answered(v)
	})
}

// spent reports whether the leader of the last view has crashed, so that nobody can lead any more: only a server that
// was down is in a view of its own that it neither leads nor prepares.
func (sys *system[O]) spent(v model.View) bool {
	last := sys.config.Views
	s, up := sys.servers[last%len(sys.servers)].In(v)
	return up && s.Phase != systembuilders.RegLeader && !s.Prepares && int(s.Installed) >= last
}

// answered reports whether every client has all its answers.
func (sys *system[O]) answered(v model.View) bool {
	for _, client := range sys.clients {
		if st, _ := client.In(v); st.Awaiting != nil {
			return false
		}
	}
	return true
}
