package cli

import (
	"os"
	"slices"
	"time"

	"synod/actor"
	"synod/catalog"
	shipped "synod/examples/catalog"
	"synod/examples/durableabd"
	durableabdwire "synod/examples/durableabd/wire"
	"synod/register"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/storage"
)

// Servers that are broken in ways that no checker of models can see, since it is what runs them that is broken, or the
// form of what they keep. They are programs of their own in the scripts, with all the commands of paxos.
var broken = map[string]func(spawn.Program) spawn.Program{
	// It answers before what it answers is saved: that is done at the next step.
	"paxos-late": func(p spawn.Program) spawn.Program {
		sound := p.New
		p.New = func(self actor.ID, servers []actor.ID, durable bool, random machine.Random) spawn.Inspected {
			return &late{Inspected: sound(self, servers, durable, random)}
		}
		return p
	},
	// It keeps everything but the value of the register, and its place in the order.
	"paxos-forgetful": func(spawn.Program) spawn.Program {
		server := func(others []actor.ID) actor.Typed[durableabd.State, register.Message] {
			s := durableabd.Server{Peers: others}
			keep := func(st durableabd.State) durableabd.Durable {
				kept := s.Keep(st)
				kept.Copy = durableabd.Copy{}
				return kept
			}
			return register.Serve(s, actor.Durable(keep, s.Recover))
		}
		return spawn.NewProgram("durable-abd", durableabdwire.Version, server,
			durableabdwire.Messages, durableabdwire.Records)
	},
}

// late is a machine whose saves come too late.
type late struct {
	spawn.Inspected
	held []storage.Record
}

func (l *late) Step(e machine.Event, now time.Duration) (machine.Effects, error) {
	effects, err := l.Inspected.Step(e, now)
	var later []storage.Record
	for _, r := range effects.Save {
		r.Data = slices.Clone(r.Data)
		later = append(later, r)
	}
	effects.Save, l.held = l.held, later
	return effects, err
}

// mainOf is the command with other servers.
func mainOf(breaks func(spawn.Program) spawn.Program) func() {
	return func() {
		a := newApp(shippedCommand, os.Stdout, os.Stderr)
		a.program = func(model string, v catalog.Variant) (spawn.Program, error) {
			p, err := shipped.Program(model, v)
			if err != nil {
				return p, err
			}
			return breaks(p), nil
		}
		os.Exit(a.run(os.Args[1:], os.Stdin))
	}
}
