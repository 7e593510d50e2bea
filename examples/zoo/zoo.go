// Package zoo has broken variants of the models of the catalogue, each one hunk away from the sound source, with what shows
// it. A checker that lets one live, or a property that none of them breaks, has something to explain.
//
// The folder mutants has a file for each, which package internal/mutation describes; everything else follows from them.
package zoo

//go:generate go run ./generate

import (
	"embed"
	"fmt"
	"sync"

	"synod/internal/mutation"
)

// Mutant is a broken variant of a model, or one that is as good as it.
type Mutant = mutation.Mutation

// Found is what a search finds out about one.
type Found = mutation.Found

//go:embed mutants
var files embed.FS

var all = sync.OnceValue(func() []Mutant {
	mutants, err := mutation.Read(files, "mutants")
	if err != nil {
		panic(fmt.Sprintf("zoo: %v", err)) // A bug, which a test finds.
	}
	return mutants
})

// Mutants returns the mutants of a model, in order of name; perhaps none. Their maps are shared and must not be
// changed.
func Mutants(model string) []Mutant {
	var own []Mutant
	for _, m := range all() {
		if m.Model == model {
			own = append(own, m)
		}
	}
	return own
}
