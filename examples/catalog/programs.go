package catalog

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"synod/actor"
	"synod/examples/abd"
	abdwire "synod/examples/abd/wire"
	"synod/examples/durableabd"
	durableabdwire "synod/examples/durableabd/wire"
	"synod/examples/singlecopy"
	singlecopywire "synod/examples/singlecopy/wire"
	singledecreewire "synod/examples/singledecree/wire"
	"synod/paxos/singledecree"
	"synod/register"
	"synod/spawn"
)

// Variant says how servers that are run for real differ from those of a model with all its defaults.
type Variant struct {
	// Retry makes a proposer of single-decree Paxos try again after so long, at most twice so, and a decided server
	// answer a repeat of the request that it decided. 0 is never.
	Retry time.Duration
}

// Words gives the variant as names and values, those that differ from the default, which ParseVariant reads.
func (v Variant) Words() map[string]string {
	words := make(map[string]string)
	if v.Retry != 0 {
		words["retry"] = v.Retry.String()
	}
	return words
}

// ParseVariant reads what Words gave.
func ParseVariant(words map[string]string) (Variant, error) {
	var v Variant
	for _, name := range slices.Sorted(maps.Keys(words)) {
		if name != "retry" {
			return v, fmt.Errorf("unknown setting %q of servers: expected retry", name)
		}
		retry, err := time.ParseDuration(words[name])
		if err != nil || retry <= 0 {
			return v, fmt.Errorf("retry %q: expected a duration, such as 500ms", words[name])
		}
		v.Retry = retry
	}
	return v, nil
}

// programs make what the servers of entries run, by the name of the entry: those entries can be run for real.
var programs = map[string]func(v Variant) spawn.Program{
	"single-decree": func(v Variant) spawn.Program {
		server := func(others []actor.ID) actor.Typed[singledecree.State, register.Message] {
			return singledecree.Server{Peers: others, Retry: v.Retry}.New()
		}
		return spawn.NewProgram("single-decree", singledecreewire.Version, server,
			singledecreewire.Messages, singledecreewire.Records, registerExamples...)
	},
	"abd": func(Variant) spawn.Program {
		return spawn.NewProgram("abd", 1, abd.New, abdwire.Messages, nil, registerExamples...)
	},
	"single-copy": func(Variant) spawn.Program {
		server := func([]actor.ID) actor.Typed[singlecopy.State, register.Message] { return singlecopy.New() }
		return spawn.NewProgram("single-copy", 1, server, singlecopywire.Messages, nil,
			spawn.Example{Message: `{"Put":[1,"X"]}`}, spawn.Example{Message: `{"Get":2}`})
	},
	"durable-abd": func(Variant) spawn.Program {
		return spawn.NewProgram("durable-abd", durableabdwire.Version, durableabd.New,
			durableabdwire.Messages, durableabdwire.Records, registerExamples...)
	},
}

// registerExamples are requests to try on the servers of a replicated register.
var registerExamples = []spawn.Example{{Server: 0, Message: `{"Put":[1,"X"]}`}, {Server: 1, Message: `{"Get":2}`}}

// Spawnable gives the names of the entries whose servers can be run for real, in the order of the catalogue.
func Spawnable() []string {
	var names []string
	for _, e := range entries {
		if programs[e.Name] != nil {
			names = append(names, e.Name)
		}
	}
	return names
}

// Program gives what the servers of an entry run, or an error that says which entries have servers.
func Program(name string, v Variant) (spawn.Program, error) {
	if _, err := Find(name); err != nil {
		var unknown *UnknownError
		if errors.As(err, &unknown) {
			unknown.Known = Spawnable()
		}
		return spawn.Program{}, err
	}
	program := programs[name]
	if program == nil {
		return spawn.Program{}, fmt.Errorf("the model %s has no servers to run: expected one of %s",
			name, strings.Join(Spawnable(), ", "))
	}
	if v.Retry != 0 && name != "single-decree" {
		return spawn.Program{}, fmt.Errorf("servers of %s do not retry: expected no --retry, or single-decree", name)
	}
	return program(v), nil
}
