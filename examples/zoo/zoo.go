// Package zoo has broken variants of the models of the catalogue, each one hunk away from the sound source, with what shows
// it. A checker that lets one live, or a property that none of them breaks, has something to explain.
//
// The folder mutants has a file for each, which package internal/mutation describes; everything else follows from them.
package zoo

//go:generate go run ./generate

import (
	"embed"
	"fmt"
	"slices"
	"sync"

	"synod/catalog"
	"synod/internal/mutation"
)

//go:embed mutants
var files embed.FS

var all = sync.OnceValue(func() map[string][]catalog.Mutant {
	mutants, err := mutation.Read(files, "mutants")
	if err != nil {
		panic(fmt.Sprintf("zoo: %v", err)) // A bug, which a test finds.
	}
	byModel := make(map[string][]catalog.Mutant)
	for _, m := range mutants {
		byModel[m.Model] = append(byModel[m.Model], catalog.Mutant{
			Name: m.Name, Summary: m.Summary, Breaks: m.Breaks, With: m.With, Found: catalog.Found(m.Found),
		})
	}
	return byModel
})

// Mutants returns the mutants of a model, in order of name; perhaps none. Their maps are shared and must not be
// changed.
func Mutants(model string) []catalog.Mutant { return slices.Clone(all()[model]) }
