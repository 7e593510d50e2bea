package main

import "path"

// families are the models that have mutants.
var families = []family{
	{
		model:   "single-decree",
		sources: []string{"paxos/singledecree/singledecree.go"},
		imports: []string{
			`"synod/actor"`, `"synod/examples/singledecree"`, `"synod/model"`, `protocol "synod/paxos/singledecree"`,
			`"synod/register"`,
		},
		params: "variant singledecree.Variant, c singledecree.Config",
		sound:  "variant.System(c)",
		// A copy of the protocol has types of its own.
		broken: `singledecree.Compose(variant, c, func(s protocol.Server) actor.Typed[mutated.State, register.Message] {
			return mutated.Server[M](s).New()
		}, func(st mutated.State) singledecree.Known {
			return singledecree.Known{
				Proposal: protocol.Proposal(st.Accepted.Proposal), Decided: st.Decided, Round: st.Ballot.Round,
			}
		})`,
	},
	system("abd", "abd", "abd.go", "system.go"),
	system("durable-abd", "durableabd", "durableabd.go", "forget.go", "system.go"),
	system("single-copy", "singlecopy", "singlecopy.go", "system.go"),
	replicated("multi-paxos", "System"),
	systemBuilders(),
	{
		model:   "two-phase-commit",
		sources: []string{"examples/twophase/twophase.go"},
		imports: []string{`"synod/examples/twophase"`, `"synod/model"`},
		params:  "c twophase.Config",
		sound:   "twophase.Source(c)",
		broken:  "mutated.Source[M](mutated.Config[M](c))",
		fails:   true,
	},
	system("three-phase-commit", "atomiccommit", "atomiccommit.go", "system.go"),
	system("lease", "lease", "lease.go", "system.go"),
	system("ordered-link", "orderedlink", "orderedlink.go", "system.go", "../../actor/link/link.go"),
	system("dining-philosophers", "philosophers", "philosophers.go", "system.go"),
	system("ping-pong", "pingpong", "pingpong.go", "system.go"),
	system("token-ring", "tokenring", "tokenring.go", "system.go"),
}

// system is the family of a model that a function System of a package in examples makes of a Config.
func system(model, pkg string, files ...string) family {
	f := family{
		model:   model,
		imports: []string{importOf("examples/" + pkg), `"synod/model"`},
		params:  "c " + pkg + ".Config",
		sound:   pkg + ".System(c)",
		broken:  "mutated.System[M](mutated.Config(c))",
	}
	for _, file := range files {
		f.sources = append(f.sources, path.Join("examples", pkg, file))
	}
	return f
}

// replicated is the family of a model of Multi-Paxos that a function of examples/multipaxos makes.
func replicated(model, function string) family {
	f := system(model, "multipaxos", "system.go", "properties.go", "collect.go", "reconfigure.go", "watch.go", "votes.go",
		"patience.go", "clock.go", "explain.go", "picture.go")
	f.sound = "multipaxos." + function + "(c)"
	f.broken = "mutated." + function + "[M](mutated.Config(c))"
	for _, file := range []string{
		"acceptor", "collect", "leader", "lease", "multipaxos", "read", "reconfigure", "replica", "roles", "server",
	} {
		f.sources = append(f.sources, "paxos/multipaxos/"+file+".go")
	}
	f.sources = append(f.sources, machines()...)
	return f
}

// systemBuilders is the family of the model of "Paxos for System Builders".
func systemBuilders() family {
	f := system("system-builders", "systembuilders", "begin.go", "lost.go", "members.go", "system.go", "properties.go", "watch.go")
	for _, file := range []string{"collect", "election", "forward", "membership", "ordering", "reconcile", "recovery", "server", "systembuilders", "timers", "waiting"} {
		f.sources = append(f.sources, "paxos/systembuilders/"+file+".go")
	}
	f.sources = append(f.sources, machines()...)
	return f
}

// machines is the sources of package rsm, and of what examples make of its types.
func machines() []string {
	var all []string
	for _, file := range []string{"change", "client", "history", "intervals", "machines", "messages", "rsm", "save", "sessions", "snapshot"} {
		all = append(all, "paxos/rsm/"+file+".go")
	}
	return append(all, "examples/replicated/execute.go", "examples/replicated/log.go", "examples/replicated/replicated.go")
}
