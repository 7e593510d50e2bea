package catalog

import (
	"fmt"
	"math"
	"time"

	"synod/actor"
	"synod/catalog"
	"synod/examples/abd"
	abdwire "synod/examples/abd/wire"
	"synod/examples/durableabd"
	durableabdwire "synod/examples/durableabd/wire"
	"synod/examples/registers"
	"synod/examples/registers/past"
	registerwire "synod/examples/registers/wire"
	"synod/examples/singlecopy"
	singlecopywire "synod/examples/singlecopy/wire"
	explored "synod/examples/singledecree"
	singledecreewire "synod/examples/singledecree/wire"
	"synod/invariant"
	"synod/model"
	"synod/paxos/singledecree"
	"synod/register"
	"synod/spawn"
	"synod/spawn/nemesis"
)

// shortestRetry is the least that a proposer waits: two that are quicker than the network never let one another finish.
const shortestRetry = 10 * time.Millisecond

// singleDecreeServers are those of single-decree Paxos, which decide once: a second put is refused, or never answered.
var singleDecreeServers = &catalog.Servers{
	Options: []catalog.ServerOption{{
		Name: retry, Doc: "interval after which proposers retry, such as --retry=500ms; 0 for never",
		Bare: "1s", Usual: "1s", Tried: "100ms",
		Expects: fmt.Sprintf("a duration of at least %v, such as --retry=500ms, or 0 for never", shortestRetry),
		Valid:   func(value string) bool { d := retryOf(value); return d == 0 || d >= shortestRetry },
	}, {
		Name: learn, Doc: "servers ask the others for the decision when they recover or receive a get, and refuse other puts",
		Bare: "true", Usual: "true", Tried: "true", Expects: "true or false",
		Valid: func(value string) bool { return value == "true" || value == "false" },
	}},
	Program: func(v catalog.Variant) spawn.Program {
		server := func(others []actor.ID) actor.Typed[singledecree.State, register.Message] {
			return singledecree.Server{Peers: others, Retry: retryOf(v[retry]), Learn: v[learn] == "true"}.New()
		}
		return spawn.NewProgram("single-decree", singledecreewire.Version, server,
			singledecreewire.Messages, singledecreewire.Records, registerExamples...)
	},
	Around: aroundRegister(func(v catalog.Variant, c registers.Config) *model.System[register.Message] {
		// Ballots of a run may be far beyond those that a check explores.
		variant := explored.Variant{Retry: retryOf(v[retry]) > 0, Learn: v[learn] == "true"}
		if variant.Retry {
			variant.Rounds = math.MaxInt32
		}
		c.Once = true // as what was before is judged
		return variant.System(c)
	}),
	Past:       func() catalog.Past { return past.New(true) },
	Invariants: []invariant.Checked{explored.Agreement},
	Service:    registerwire.WriteOnce, Writes: 1,
	// A cluster that has decided, in its first milliseconds, neither saves nor sends anything between servers.
	Rare: []nemesis.Kind{nemesis.Partition, nemesis.DiskFull, nemesis.DiskFailing},
}

// retryOf reads the value of the option; it is 0 for never, and less for what is not a duration.
func retryOf(value string) time.Duration {
	if value == "" {
		return 0
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		return -1
	}
	return d
}

var abdServers = &catalog.Servers{
	Program: func(catalog.Variant) spawn.Program {
		return spawn.NewProgram("abd", 1, abd.New, abdwire.Messages, nil, registerExamples...)
	},
	Around:  aroundPlainRegister(abd.System),
	Past:    func() catalog.Past { return past.New(false) },
	Service: registerwire.Register,
	Once:    true,
}

var singleCopyServers = &catalog.Servers{
	Program: func(catalog.Variant) spawn.Program {
		server := func([]actor.ID) actor.Typed[singlecopy.State, register.Message] { return singlecopy.New() }
		p := spawn.NewProgram("single-copy", 1, server, singlecopywire.Messages, nil,
			spawn.Example{Message: `{"Put":[1,"X"]}`}, spawn.Example{Message: `{"Get":2}`})
		p.Alone = true
		return p
	},
	Around:  aroundPlainRegister(singlecopy.System),
	Past:    func() catalog.Past { return past.New(false) },
	Service: registerwire.Register,
	Once:    true,
}

var durableAbdServers = &catalog.Servers{
	Program: func(catalog.Variant) spawn.Program {
		server := func(others []actor.ID) actor.Typed[durableabd.State, register.Message] {
			return durableabd.Server{Peers: others, Remember: remembered}.New()
		}
		return spawn.NewProgram("durable-abd", durableabdwire.Version, server,
			durableabdwire.Messages, durableabdwire.Records, registerExamples...)
	},
	Around: aroundPlainRegister(func(c registers.Config) *model.System[register.Message] {
		c.Remember = remembered
		return durableabd.System(c)
	}),
	Past:    func() catalog.Past { return past.New(false) },
	Service: registerwire.Register,
}

// remembered is of how many clients a server of durable ABD remembers the last request: of so many that one is forgotten
// long after it has given up asking, and so few that they take some ten megabytes.
const remembered = 1 << 16

// registerExamples are requests to try on the servers of a replicated register.
var registerExamples = []spawn.Example{{Server: 0, Message: `{"Put":[1,"X"]}`}, {Server: 1, Message: `{"Get":2}`}}

// aroundRegister builds a system of register servers that starts from a moment of a run.
func aroundRegister(
	system func(v catalog.Variant, c registers.Config) *model.System[register.Message],
) func(catalog.Variant, catalog.Moment) (model.Source, error) {
	return func(v catalog.Variant, m catalog.Moment) (model.Source, error) {
		if most := register.MaxClients(m.Puts); m.Clients > most {
			return nil, fmt.Errorf("%d new clients with %d puts each: expected at most %d, as every value is a letter of its own",
				m.Clients, m.Puts, most)
		}
		run := &registers.Run{
			Servers: m.Servers, First: m.First, Forget: m.Forget, Unjudged: m.Unjudged,
			State: model.Beginning[register.Message]{Actors: m.Actors},
		}
		var ok bool
		if run.Before, ok = m.Before.(register.History); !ok {
			return nil, fmt.Errorf("a history %T: expected one of a register", m.Before)
		}
		for _, f := range m.Flights {
			message, ok := f.Message.(register.Message)
			if !ok {
				return nil, fmt.Errorf("a message %T between servers: expected one of a register", f.Message)
			}
			run.State.Flights = append(run.State.Flights, actor.Envelope[register.Message]{From: f.From, To: f.To, Message: message})
		}
		for _, w := range m.Waiting {
			run.Waiting = append(run.Waiting, registers.Waiting{Client: w.Client, Request: register.Request(w.Request)})
		}
		c := registers.Config{
			Servers: len(m.Servers), Clients: m.Clients, Puts: m.Puts, Readers: m.Readers, From: run, Config: m.Config,
		}
		if err := c.Validate(); err != nil {
			return nil, err
		}
		return system(v, c), nil
	}
}

func aroundPlainRegister(
	system func(c registers.Config) *model.System[register.Message],
) func(catalog.Variant, catalog.Moment) (model.Source, error) {
	return aroundRegister(func(_ catalog.Variant, c registers.Config) *model.System[register.Message] { return system(c) })
}
