// Package storage keeps what an actor must not forget: a set of named records, of which a step changes a few. A Log is such
// a set on a Device, to which each save appends a batch, and which tells a save that was in progress in a crash from damage
// to one that was acknowledged. File is a Log on disk. Disk is a Device, and Memory a set, for tests: they forget, as a disk
// does when its machine dies, what was not synced.
package storage

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"synod/actor"
)

// Record is a named part of what an actor keeps. In a change, Data of nil takes the record away.
type Record struct {
	Name string
	Data []byte
}

// Identity identifies the owner of the records in a file. Another actor, protocol or cluster must not go on with them.
type Identity struct {
	Model   string // as the catalogue calls it
	Version uint32 // of the form of its records, from 1
	Actor   actor.ID
	Cluster string // names all servers: with other majorities, what one of them promised is worth nothing
}

// String is a phrase for people.
func (id Identity) String() string {
	return fmt.Sprintf("actor %v of %s, version %d, among %s", id.Actor, id.Model, id.Version, id.Cluster)
}

// Changes returns what to save so that a store with the records before has the records after, both in ascending
// order of their names. The result shares the data of after.
func Changes(before, after []Record) []Record {
	var changes []Record
	for len(before) > 0 || len(after) > 0 {
		order := 0
		switch {
		case len(before) == 0:
			order = 1
		case len(after) == 0:
			order = -1
		default:
			order = strings.Compare(before[0].Name, after[0].Name)
		}
		switch {
		case order < 0:
			changes = append(changes, Record{Name: before[0].Name})
			before = before[1:]
		case order > 0:
			changes = append(changes, after[0])
			after = after[1:]
		default:
			if !bytes.Equal(before[0].Data, after[0].Data) {
				changes = append(changes, after[0])
			}
			before, after = before[1:], after[1:]
		}
	}
	return changes
}

// Apply returns the records after changes, in ascending order of their names; it leaves what it was given as it was.
func Apply(records, changes []Record) []Record {
	result := slices.Clone(records)
	for _, c := range changes {
		at, found := slices.BinarySearchFunc(result, c.Name, func(r Record, name string) int {
			return strings.Compare(r.Name, name)
		})
		switch {
		case found && c.Data == nil:
			result = slices.Delete(result, at, at+1)
		case found:
			result[at].Data = bytes.Clone(c.Data)
		case c.Data != nil:
			result = slices.Insert(result, at, Record{c.Name, bytes.Clone(c.Data)})
		}
	}
	return result
}
