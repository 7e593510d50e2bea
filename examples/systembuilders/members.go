package systembuilders

import (
	"slices"

	"synod/actor"
	"synod/model"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// admin returns the client whose command changes the members. To the machine it is an ordinary command.
func (c Config) admin() actor.ID { return actor.ID(c.Servers + c.Clients) }

// members returns the initial members.
func (c Config) members() []actor.ID {
	if c.Members == 0 {
		return actor.IDs(c.Servers)
	}
	return actor.IDs(c.Members)
}

// changed returns the members after the change.
func (c Config) changed() []actor.ID {
	return slices.DeleteFunc(actor.IDs(c.Servers), func(id actor.ID) bool { return c.Change>>id&1 == 0 })
}

// change returns the function that identifies the command that changes the members: the first one of admin.
func change[O any](c Config) func(rsm.Command[O], []actor.ID) ([]actor.ID, bool) {
	admin := rsm.ID{Client: rsm.Client(c.admin()), Local: 1}
	return func(command rsm.Command[O], _ []actor.ID) ([]actor.ID, bool) { return c.changed(), command.ID == admin }
}

// membersOf returns the members of a slot, given what is chosen before it.
func (c Config) membersOf(seq rsm.Slot, chosen map[rsm.Slot]string) []actor.ID {
	if c.Change == 0 {
		return actor.IDs(c.Servers)
	}
	admin := rsm.ID{Client: rsm.Client(c.admin()), Local: 1}.String()
	for at, text := range chosen {
		if slices.Contains(commandsOf(text), admin) && at+rsm.Slot(c.Window) <= seq {
			return c.changed()
		}
	}
	return c.members()
}

// moves adds the properties of systems whose members change.
func (sys *system[O]) moves(chosen func(v model.View) map[rsm.Slot]string) {
	sys.each("what is ordered was accepted by a majority of the members of its slot", func(v model.View, s *server[O]) bool {
		all := chosen(v)
		for seq := range sys.slots() {
			b, ordered := s.ordered(seq)
			if len(sys.config.membersOf(seq, all)) == 1 {
				continue // A single member orders without messages.
			}
			if is, known := all[seq]; ordered && (!known || is != text(b)) {
				return false
			}
		}
		return true
	})
	leads := func(name string, is func(s *server[O], self actor.ID) bool) {
		sys.Sometimes(name, func(v model.View) bool {
			for id, projection := range sys.servers {
				if s, up := projection.In(v); up && is(s, actor.ID(id)) {
					return true
				}
			}
			return false
		})
	}
	leads("a change of the members takes effect", func(s *server[O], _ actor.ID) bool { return s.Installed.Epoch() > 0 })
	after := sys.config.changed()
	if joins := slices.DeleteFunc(slices.Clone(after), func(id actor.ID) bool {
		return slices.Contains(sys.config.members(), id)
	}); len(joins) > 0 {
		leads("a server that joined takes part", func(s *server[O], self actor.ID) bool {
			return s.Installed.Epoch() > 0 && slices.Contains(joins, self)
		})
	}
	if len(sys.config.members()) > 1 {
		leads("a leader is elected after the change", func(s *server[O], _ actor.ID) bool {
			return s.Phase == systembuilders.RegLeader && s.Installed.Epoch() > 0
		})
	}
}
