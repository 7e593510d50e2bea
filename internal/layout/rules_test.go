package layout

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// module is the import path of the repository's root.
const module = "synod"

// A rule says what the packages of one folder may import. Folders are relative to the root, in slash
// form; each stands for itself and everything below it, and "" for the whole repository. A file obeys
// the rule with the longest folder that contains it.
type rule struct {
	folder string
	ours   []string // our folders that may be imported
	except []string // folders inside ours that may not
	third  []string // third-party import paths, each with its subpackages
	pure   bool     // no clock, randomness or I/O: impureStd is forbidden
	tests  bool     // binds _test.go files too, which otherwise import what they like
}

// impureStd lists the standard packages that the pure core never needs, each with its subpackages.
var impureStd = []string{"crypto/rand", "io/ioutil", "math/rand", "net", "os", "syscall"}

// notShipped is what only tests may import.
var notShipped = []string{"internal/authority", "internal/interaction", "internal/layout", "internal/needs", "internal/raced", "internal/reference", "internal/wiretest"}

// rules is the picture "imports point one way only" as a table.
var rules = []rule{
	{folder: ""}, // a package at the root itself, should there be one: documentation only
	{folder: "actor", ours: []string{"actor"}, pure: true},
	{
		folder: "consistency", ours: []string{"consistency", "internal/noun"}, pure: true,
		third: []string{"github.com/anishathalye/porcupine"},
	},
	{folder: "invariant", ours: []string{"actor", "invariant"}, pure: true},
	{folder: "register", ours: []string{"actor", "consistency", "register"}, pure: true},
	{folder: "paxos", ours: []string{"actor", "register"}, pure: true},
	{folder: "paxos/rsm", ours: []string{"actor", "consistency", "paxos/rsm"}, pure: true},
	{
		folder: "paxos/systembuilders/node", pure: true,
		ours: []string{"actor", "paxos/rsm", "paxos/systembuilders"},
	},
	{
		// The protocol itself knows of no protobuf; its forms on a wire do.
		folder: "paxos/systembuilders/paxospb", ours: []string{"actor", "paxos/rsm", "paxos/systembuilders"},
		third: []string{"google.golang.org/protobuf"},
	},
	{
		folder: "paxos/systembuilders/transportpb", ours: []string{"paxos/systembuilders/paxospb"},
		third: []string{"google.golang.org/grpc", "google.golang.org/protobuf"},
	},
	{folder: "paxos/systembuilders", ours: []string{"actor", "paxos/rsm", "paxos/systembuilders"}, pure: true},
	{folder: "paxos/multipaxos", ours: []string{"actor", "paxos/multipaxos", "paxos/rsm"}, pure: true},
	{folder: "network", ours: []string{"actor", "network"}, pure: true},
	{
		folder: "model", pure: true,
		ours: []string{
			"actor", "consistency", "internal/intern", "internal/offheap", "internal/words", "invariant", "model", "network",
		},
	},
	{
		// What an engine sees of a model: of no actor.
		folder: "model/statespace", pure: true, ours: []string{"internal/intern", "internal/offheap", "model/statespace"},
	},
	{
		folder: "trace",
		ours:   []string{"actor", "consistency", "internal", "model/statespace", "network", "register", "trace"},
		except: notShipped,
	},
	{
		folder: "checker", ours: []string{"checker", "internal", "model/statespace", "trace"}, except: notShipped,
		third: []string{"golang.org/x/sys"},
	},
	{
		// What the engine is made of. No part knows the engine, and each knows only the parts below it.
		folder: "checker/internal", ours: []string{"internal/offheap", "internal/visited", "internal/words", "model/statespace"},
	},
	{folder: "checker/internal/grouping"},
	{
		folder: "checker/internal/store",
		ours:   []string{"checker/internal/grouping", "internal/offheap", "internal/visited", "internal/words", "model/statespace"},
	},
	{folder: "checker/internal/expand", ours: []string{"internal/offheap", "internal/words", "model/statespace"}},
	{folder: "checker/internal/memo", ours: []string{"checker/internal/store", "model/statespace"}},
	{
		folder: "checker/internal/judge",
		ours: []string{
			"checker/internal/expand", "checker/internal/memo", "checker/internal/store", "internal/words", "model/statespace",
		},
	},
	{
		folder: "checker/internal/liveness",
		ours:   []string{"checker/internal/store", "internal/offheap", "internal/visited", "internal/words", "model/statespace"},
	},
	{
		folder: "explorer",
		ours: []string{
			"actor", "checker", "consistency", "explorer", "internal", "model", "network", "trace",
		},
		except: notShipped,
	},
	{
		// The step function: what drives it on sockets may do all that it may not.
		folder: "spawn/machine", pure: true,
		ours: []string{"actor", "internal/intern", "internal/strictjson", "spawn/machine", "storage"},
	},
	{
		// What goes wrong, as data: virtual time and real processes have it in common.
		folder: "spawn/nemesis", pure: true, ours: []string{"spawn/faults", "spawn/machine", "spawn/nemesis"},
	},
	{
		// A cluster on virtual time, of the same step functions.
		folder: "spawn/rehearse/stage", pure: true, ours: []string{"actor", "consistency", "spawn", "storage"},
	},
	{
		folder: "spawn/rehearse", except: notShipped,
		ours: []string{"actor", "consistency", "internal", "invariant", "spawn", "storage"},
	},
	{
		folder: "spawn", ours: []string{"actor", "consistency", "internal", "invariant", "spawn", "storage"}, except: notShipped,
		third: []string{"golang.org/x/sys"},
	},
	{
		folder: "spawn/grpc", ours: []string{"actor", "internal", "spawn"}, except: notShipped,
		third: []string{"google.golang.org/grpc", "google.golang.org/protobuf"},
	},
	{
		// Servers of Multi-Paxos for any machine: the protocol itself knows of no sockets.
		folder: "spawn/replica", ours: []string{"actor", "internal", "paxos", "spawn", "storage"}, except: notShipped,
	},
	{
		// What a recorded run comes to is a trace.
		folder: "spawn/replay", ours: []string{"actor", "internal", "spawn", "storage", "trace"}, except: notShipped,
	},
	{
		folder: "storage", ours: []string{"actor", "internal", "storage"}, except: notShipped,
		third: []string{"golang.org/x/sys"},
	},
	{
		folder: "internal", ours: []string{"internal"}, except: notShipped,
		third: []string{"golang.org/x/sys"},
	},
	{
		folder: "internal/intern", ours: []string{"internal"}, except: notShipped,
		third: []string{"github.com/mitchellh/hashstructure/v2"},
	},
	{
		folder: "internal/interaction", ours: []string{"actor", "internal/intern", "internal/interaction"},
		third: []string{"github.com/cockroachdb/datadriven"},
	},
	{
		// What a model is to those who check, explore and run it: of no example.
		folder: "catalog", except: notShipped,
		ours: []string{
			"actor", "catalog", "checker", "consistency", "internal", "invariant", "model", "network", "spawn", "storage", "trace",
		},
	},
	{
		// The plain search that the engine is compared with shares nothing with the engine, not even
		// in its tests, or one mistake could hide in both. Comparisons live beside the engine.
		folder: "internal/reference", tests: true,
		ours:  []string{"actor", "consistency", "examples", "internal/raced", "internal/reference", "paxos", "register"},
		third: []string{"go.uber.org/goleak", "pgregory.net/rapid"},
	},
	{
		folder: "internal/wiretest",
		ours:   []string{"internal/strictjson", "internal/wiretest", "register"},
	},
	{
		// What the parts of commands have in common.
		folder: "internal/command", ours: []string{"internal/command", "spawn"}, third: []string{"github.com/spf13/cobra", "github.com/spf13/pflag"},
	},
	{folder: "internal/flagvalue", ours: []string{"internal/flagvalue", "spawn/faults"}},
	{
		// The commands of examples, which are no part of the command for own entries.
		folder: "examples/commands", ours: []string{"checker", "cli/extra", "examples", "internal", "network", "paxos", "spawn"},
		except: append([]string{"examples/catalog", "examples/zoo"}, notShipped...),
		third:  []string{"github.com/spf13/cobra", "github.com/spf13/pflag"},
	},
	{
		folder: "examples", ours: []string{""}, except: append([]string{"cli", "cmd"}, notShipped...),
		third: []string{"golang.org/x/term", "google.golang.org/grpc", "google.golang.org/protobuf"},
	},
	{
		folder: "cli", ours: []string{""}, except: append([]string{"cmd", "examples"}, notShipped...),
		third: []string{
			"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/sys", "golang.org/x/term",
			"google.golang.org/grpc",
		},
	},
	{folder: "cmd", ours: []string{"catalog", "cli", "examples"}},
}

// ruleFor returns the rule that a file in the folder obeys. Of a folder that is not in the table it
// knows nothing: a new package has to be placed in the picture first.
func ruleFor(folder string) (rule, bool) {
	var best rule
	found := false
	for _, r := range rules {
		matches := within(folder, r.folder) && (r.folder != "" || folder == "")
		if matches && (!found || len(r.folder) > len(best.folder)) {
			best, found = r, true
		}
	}
	return best, found
}

// check returns why a file may not import a path, or "" if it may. The file is relative to the root.
func check(file, imported string) string {
	isTest := strings.HasSuffix(file, "_test.go")
	folder := strings.TrimPrefix(path.Dir(file), ".")
	r, ok := ruleFor(folder)
	switch {
	case isTest && (!ok || !r.tests):
		return ""
	case !ok:
		return fmt.Sprintf("%s: no rule says what %q may import; add one to the table", file, folder)
	}
	name := r.folder
	if name == "" {
		name = "the root"
	}
	if imported == module || strings.HasPrefix(imported, module+"/") {
		target := strings.TrimPrefix(strings.TrimPrefix(imported, module), "/")
		if anyWithin(target, r.ours) && !anyWithin(target, r.except) {
			return ""
		}
		return fmt.Sprintf("%s: %s may not import %s of ours", file, name, imported)
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		if r.pure && !isTest && anyWithin(imported, impureStd) {
			return fmt.Sprintf("%s: %s is pure and may not import %s", file, name, imported)
		}
		return ""
	}
	if anyWithin(imported, r.third) {
		return ""
	}
	return fmt.Sprintf("%s: %s may not import the third-party %s", file, name, imported)
}

// within reports whether p is the folder or lies below it.
func within(p, folder string) bool {
	return folder == "" || p == folder || strings.HasPrefix(p, folder+"/")
}

func anyWithin(p string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return within(p, f) })
}
