// Package storage persists the durable state of an actor: a set of named records, of which a step changes a few. A
// Log is such a set on a Device; each save appends a batch, and on recovery an unfinished save is told apart from
// damage to an acknowledged one. File is a Log on disk. Disk (a Device) and Memory (a set) are for tests: like a disk
// whose machine crashes, they lose what was not synced.
package storage

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"synod/actor"
)

// Record is a named part of an actor's durable state. In a change, nil Data deletes the record.
type Record struct {
	Name string
	Data []byte
}

// Identity identifies the owner of the records in a file. No other actor, protocol or cluster may use them.
type Identity struct {
	Model   string // the name in the catalogue
	Version uint32 // the version of the records' format, from 1
	Actor   actor.ID
	Cluster string // names all servers: promises made in a cluster with other majorities are worthless
}

// String returns a human-readable phrase.
func (id Identity) String() string {
	return fmt.Sprintf("actor %v of %s, version %d, among %s", id.Actor, id.Model, id.Version, id.Cluster)
}

// Changes returns the changes that turn the records before into the records after, both in ascending order of name.
// The result shares the data of after.
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

// Apply returns the records after changes, in ascending order of name. It does not modify its arguments.
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
