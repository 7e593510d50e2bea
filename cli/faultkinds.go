package cli

import (
	"errors"
	"fmt"
	"os"

	"synod/actor"
	"synod/catalog"
	"synod/spawn/nemesis"
)

// Code shared by torture and rehearse.

// defaultTortured returns the default model of torture: the first one with durable servers and unlimited writes by
// clients, or else the first one with servers.
func defaultTortured(entries catalog.Catalogue) string {
	for _, e := range entries {
		if e.Servers != nil && e.Servers.Service != nil && e.Servers.Writes == 0 && e.Servers.Program(nil).Keeps(actor.IDs(1)) {
			return e.Name
		}
	}
	return defaultServed(entries)
}

// defaultServed returns the default model of client commands.
func defaultServed(entries catalog.Catalogue) string {
	if names := entries.Served(); len(names) > 0 {
		return names[0]
	}
	return defaultSpawned(entries) // which is rejected with a reason
}

// readSchedule reads the file of --schedule.
func readSchedule(name string) (nemesis.Schedule, error) {
	file, err := os.Open(name)
	var inner *os.PathError
	if errors.As(err, &inner) {
		err = inner.Err // without the file name, which is printed anyway
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
