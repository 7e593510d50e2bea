package catalog

import (
	"errors"
	"fmt"
	"strings"

	"synod/actor"
	"synod/examples/abd"
	abdwire "synod/examples/abd/wire"
	"synod/examples/singlecopy"
	singlecopywire "synod/examples/singlecopy/wire"
	singledecreewire "synod/examples/singledecree/wire"
	"synod/paxos/singledecree"
	"synod/register"
	"synod/spawn"
)

// programs are what the servers of entries run, by the name of the entry: those entries can be run for real.
var programs = map[string]spawn.Program{
	"single-decree": spawn.NewProgram("single-decree", singledecreewire.Version, singledecree.New,
		singledecreewire.Messages, singledecreewire.Records, registerExamples...),
	"abd": spawn.NewProgram("abd", 1, abd.New, abdwire.Messages, nil, registerExamples...),
	"single-copy": spawn.NewProgram("single-copy", 1,
		func([]actor.ID) actor.Typed[singlecopy.State, register.Message] { return singlecopy.New() },
		singlecopywire.Messages, nil, spawn.Example{Message: `{"Put":[1,"X"]}`}, spawn.Example{Message: `{"Get":2}`}),
}

// registerExamples are requests to try on the servers of a replicated register.
var registerExamples = []spawn.Example{{Server: 0, Message: `{"Put":[1,"X"]}`}, {Server: 1, Message: `{"Get":2}`}}

// Spawnable gives the names of the entries whose servers can be run for real, in the order of the catalogue.
func Spawnable() []string {
	var names []string
	for _, e := range entries {
		if _, ok := programs[e.Name]; ok {
			names = append(names, e.Name)
		}
	}
	return names
}

// Program gives what the servers of an entry run, or an error that says which entries have servers.
func Program(name string) (spawn.Program, error) {
	if _, err := Find(name); err != nil {
		var unknown *UnknownError
		if errors.As(err, &unknown) {
			unknown.Known = Spawnable()
		}
		return spawn.Program{}, err
	}
	p, ok := programs[name]
	if !ok {
		return p, fmt.Errorf("the model %s has no servers to run: expected one of %s",
			name, strings.Join(Spawnable(), ", "))
	}
	return p, nil
}
