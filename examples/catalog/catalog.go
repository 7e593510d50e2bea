// Package catalog is the list of all systems that this module composes; package synod/catalog says what an entry is.
package catalog

import (
	"fmt"
	"slices"
	"sync"

	"synod/catalog"
	"synod/examples/zoo"
	"synod/spawn"
)

// all is the list, the default first.
var all = sync.OnceValue(func() catalog.Catalogue {
	entries := slices.Concat(
		registerEntries, multiPaxosEntries, systemBuildersEntries, commitEntries, otherEntries, tlaEntries,
	)
	for i := range entries {
		e := &entries[i]
		e.Package = "synod/examples/catalog"
		e.Page = fmt.Sprintf("docs/models/%s.md", e.Name)
		e.Mutants = append(e.Mutants, zoo.Mutants(e.Name)...)
	}
	return entries
})

// All returns every entry, the default first.
func All() catalog.Catalogue { return slices.Clone(all()) }

// Find returns the entry with a name, or a *catalog.UnknownError.
func Find(name string) (catalog.Entry, error) { return all().Find(name) }

// Default returns the entry that is meant when none is named.
func Default() catalog.Entry { return all().Default() }

// Program returns what the servers of an entry run, or an error that says what was expected.
func Program(name string, v catalog.Variant) (spawn.Program, error) { return all().Program(name, v) }
