// Package wire is the form of the durable register of Attiya, Bar-Noy and Dolev on a network and on disk.
package wire

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"synod/actor"
	"synod/examples/durableabd"
	registers "synod/examples/registers/wire"
	"synod/internal/strictjson"
	"synod/register"
	"synod/storage"
)

// Messages is the form of the servers' messages.
var Messages = registers.Codec[durableabd.Message]{Internal: internal{}}

type internal struct{}

// Append appends a message. An operation is a pair of numbers: {"Query":[0,1]},
// {"AckQuery":[[0,1],[2,139637976796088],"X"]}, {"Record":[[0,1],[2,139637976796088],"X"]} or {"AckRecord":[0,1]}.
func (internal) Append(dst []byte, m durableabd.Message) []byte {
	switch m := m.(type) {
	case durableabd.Query:
		dst = appendOperation(append(dst, `{"Query":`...), m.Operation)
	case durableabd.AckQuery:
		dst = append(appendOperation(append(dst, `{"AckQuery":[`...), m.Operation), ',')
		dst = append(appendCopy(dst, m.Copy), ']')
	case durableabd.Record:
		dst = append(appendOperation(append(dst, `{"Record":[`...), m.Operation), ',')
		dst = append(appendCopy(dst, m.Copy), ']')
	case durableabd.AckRecord:
		dst = appendOperation(append(dst, `{"AckRecord":`...), m.Operation)
	}
	return append(dst, '}')
}

func appendOperation(dst []byte, o durableabd.Operation) []byte {
	return registers.AppendPair(dst, o.Run, o.Count)
}

func appendSequence(dst []byte, s durableabd.Sequence) []byte {
	return registers.AppendPair(dst, s.Number, s.Writer)
}

// appendCopy appends the two parts of a copy, with a comma between.
func appendCopy(dst []byte, c durableabd.Copy) []byte {
	return strictjson.AppendChar(append(appendSequence(dst, c.Sequence), ','), rune(c.Value))
}

// Read reads a message.
func (internal) Read(r *strictjson.Reader) (m durableabd.Message) {
	r.Tagged(func(tag []byte) {
		switch string(tag) {
		case "Query":
			m = durableabd.Query{Operation: readOperation(r)}
		case "AckQuery":
			o, c := readOperationAndCopy(r)
			m = durableabd.AckQuery{Operation: o, Copy: c}
		case "Record":
			o, c := readOperationAndCopy(r)
			m = durableabd.Record{Operation: o, Copy: c}
		case "AckRecord":
			m = durableabd.AckRecord{Operation: readOperation(r)}
		default:
			r.Fail("Query, AckQuery, Record or AckRecord")
		}
	})
	return m
}

func readOperation(r *strictjson.Reader) (o durableabd.Operation) {
	r.Open()
	o.Run = r.Uint32()
	r.Comma()
	o.Count = r.Uint64()
	r.Close()
	return o
}

func readSequence(r *strictjson.Reader) (s durableabd.Sequence) {
	r.Open()
	s.Number = r.Uint64()
	r.Comma()
	s.Writer = actor.ID(r.Uint64())
	r.Close()
	return s
}

func readCopy(r *strictjson.Reader) (c durableabd.Copy) {
	c.Sequence = readSequence(r)
	r.Comma()
	c.Value = register.Value(r.Char())
	return c
}

func readOperationAndCopy(r *strictjson.Reader) (o durableabd.Operation, c durableabd.Copy) {
	r.Open()
	o = readOperation(r)
	r.Comma()
	c = readCopy(r)
	r.Close()
	return o, c
}

// Version is that of the records.
const Version = 1

// Records is the form in which a server's copy, the number of its runs, and the last write of each client are stored.
var Records records

type records struct{}

// The names of the records, in ascending order; that of a client's last write has the client's id behind it, in 20
// digits, so that the order of names is that of ids.
const (
	recordCopy  = "copy"   // [[2,139637976796088],"X"]
	recordFloor = "floor"  // 6; not there for 0
	recordRun   = "run"    // 3
	recordWrite = "write " // [7,[2,139637976796088]], a request and a sequence
)

// Split returns the records of a durableabd.Durable.
func (records) Split(kept any) ([]storage.Record, error) {
	d, ok := kept.(durableabd.Durable)
	if !ok {
		return nil, fmt.Errorf("%T: expected what a server of durable ABD keeps", kept)
	}
	all := append(make([]storage.Record, 0, 3+d.Writes.Len()), splitCopy(d))
	if d.Floor != 0 {
		all = append(all, splitFloor(d))
	}
	all = append(all, splitRun(d))
	for client, w := range d.Writes.All() {
		all = append(all, splitWrite(client, w))
	}
	return all, nil
}

// Changes returns what to save so that a store with the records of one durableabd.Durable has those of another. Records of
// clients that are the same in both are not looked at.
func (records) Changes(before, after any) ([]storage.Record, error) {
	b, known := before.(durableabd.Durable)
	a, ok := after.(durableabd.Durable)
	if !known || !ok {
		return nil, fmt.Errorf("%T and %T: expected what a server of durable ABD keeps", before, after)
	}
	var changes []storage.Record
	if a.Copy != b.Copy {
		changes = append(changes, splitCopy(a))
	}
	switch a.Floor {
	case b.Floor:
	case 0:
		changes = append(changes, storage.Record{Name: recordFloor})
	default:
		changes = append(changes, splitFloor(a))
	}
	if a.Run != b.Run {
		changes = append(changes, splitRun(a))
	}
	for client := range b.Writes.Changes(a.Writes) {
		if w, ok := a.Writes.Get(client); ok {
			changes = append(changes, splitWrite(client, w))
		} else {
			changes = append(changes, storage.Record{Name: writeName(client)})
		}
	}
	return changes, nil
}

func splitCopy(d durableabd.Durable) storage.Record {
	return storage.Record{Name: recordCopy, Data: append(appendCopy([]byte{'['}, d.Copy), ']')}
}

func splitFloor(d durableabd.Durable) storage.Record {
	return storage.Record{Name: recordFloor, Data: registers.AppendUint(nil, d.Floor)}
}

func splitRun(d durableabd.Durable) storage.Record {
	return storage.Record{Name: recordRun, Data: registers.AppendUint(nil, d.Run)}
}

func splitWrite(client actor.ID, w durableabd.Write) storage.Record {
	data := append(registers.AppendUint([]byte{'['}, w.Request), ',')
	return storage.Record{Name: writeName(client), Data: append(appendSequence(data, w.Sequence), ']')}
}

// writeName returns the name of the record of a client's last write.
func writeName(client actor.ID) string {
	name := []byte(recordWrite + "00000000000000000000")
	for i := len(name) - 1; client > 0; i-- {
		name[i] = byte('0' + client%10)
		client /= 10
	}
	return string(name)
}

// Join returns the durableabd.Durable of records.
func (records) Join(all []storage.Record) (any, error) {
	var d durableabd.Durable
	var seen uint8
	for _, record := range all {
		r := strictjson.NewReader(record.Data)
		switch client, isWrite := strings.CutPrefix(record.Name, recordWrite); {
		case record.Name == recordCopy:
			r.Once(&seen, 1)
			r.Open()
			d.Copy = readCopy(r)
			r.Close()
		case record.Name == recordFloor:
			r.Once(&seen, 4)
			d.Floor = register.Request(r.Uint64())
		case record.Name == recordRun:
			r.Once(&seen, 2)
			d.Run = r.Uint32()
		case isWrite:
			id, err := readClient(client)
			if err != nil {
				return nil, fmt.Errorf("record %q: %w", record.Name, err)
			}
			var w durableabd.Write
			r.Open()
			w.Request = register.Request(r.Uint64())
			r.Comma()
			w.Sequence = readSequence(r)
			r.Close()
			d.Writes = d.Writes.With(id, w)
		default:
			return nil, fmt.Errorf("record %q: expected none of that name", record.Name)
		}
		if err := r.End(); err != nil {
			return nil, fmt.Errorf("record %q: %w", record.Name, err)
		}
	}
	if seen&3 != 3 {
		return nil, fmt.Errorf("%d records: expected those of a copy and of the number of runs", len(all))
	}
	return d, nil
}

// readClient reads the id in the name of a record.
func readClient(digits string) (actor.ID, error) {
	id, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || len(digits) != 20 {
		return 0, errors.New("expected the id of a client in 20 digits")
	}
	return actor.ID(id), nil
}
