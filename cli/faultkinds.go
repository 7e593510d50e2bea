package cli

import (
	"errors"
	"fmt"
	"os"

	"synod/actor"
	"synod/catalog"
	"synod/spawn/nemesis"
)

// What torture and rehearse have in common.

// defaultTortured returns the model whose servers are tortured if none is named: the first one whose servers keep what they
// have, and that clients may write to without end, or else the first one with servers.
func defaultTortured(entries catalog.Catalogue) string {
	for _, e := range entries {
		if e.Servers != nil && e.Servers.Service != nil && e.Servers.Writes == 0 && e.Servers.Program(nil).Keeps(actor.IDs(1)) {
			return e.Name
		}
	}
	return defaultServed(entries)
}

// defaultServed returns the model whose servers are asked if none is named.
func defaultServed(entries catalog.Catalogue) string {
	if names := entries.Served(); len(names) > 0 {
		return names[0]
	}
	return defaultSpawned(entries) // which is refused, with a reason
}

// readSchedule reads the file of --schedule.
func readSchedule(name string) (nemesis.Schedule, error) {
	file, err := os.Open(name)
	var inner *os.PathError
	if errors.As(err, &inner) {
		err = inner.Err // without the name, which is said anyway
	}
	if err != nil {
		return nemesis.Schedule{}, fmt.Errorf("--schedule %q: %w", name, err)
	}
	defer file.Close()
	s, err := nemesis.Read(file)
	if err != nil {
		return s, fmt.Errorf("--schedule %q: %w", name, err)
	}
	return s, nil
}
