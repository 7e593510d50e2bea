// A lock service: servers that serve it, a model of them, and the whole command for both. Run it with help.
package main

import (
	"synod/catalog"
	"synod/cli"
)

// entries are the models that the command knows, the default first.
var entries = catalog.Catalogue{lock}

func main() { cli.Main(entries...) }

// Find returns the entry of a model, for the tests that --trace-out writes.
func Find(name string) (catalog.Entry, error) { return entries.Find(name) }
