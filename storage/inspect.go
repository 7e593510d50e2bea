package storage

import (
	"errors"
	"fmt"
	"os"
)

// Report describes the content of a file, for a damaged one up to the damage.
type Report struct {
	Identity   Identity
	Size       int64 // of the file, in bytes
	From, To   int64 // the range of valid batches; To is 0 if not even the mark can be read
	Room       int64 // the end of the segment
	First      uint64
	Last       uint64 // the number of the last batch
	Marked     int64  // the end of the batches saved according to the mark
	Unmarked   int    // how many of the last batches the mark does not include: at most two, after a power loss
	Torn       bool   // a save was in progress in a crash; it was not acknowledged, and is dropped on opening
	TornFrom   int64  // the range of its sectors that reached the disk
	TornTo     int64
	Records    []Record // in ascending order of name
	Unfinished bool     // damage prevented reading all batches, so that these are earlier records
}

// Inspect reads a file without changing it or opening it for writing. The error for a damaged file wraps a *Damage,
// and the report has what was read before the damage; after any other error it is nil.
func Inspect(path string) (*Report, error) {
	file, err := take(path, os.O_RDONLY, false)
	if err != nil {
		return nil, err
	}
	d := device{file}
	s, err := look(d)
	size, sizeErr := d.Size()
	if err := errors.Join(sizeErr, file.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err != nil && !errors.As(err, new(*Damage)) {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r := &Report{
		Identity: s.identity, Size: size, From: s.mark.start, To: s.last.end, Room: s.mark.end, Marked: s.mark.saved.end,
		First: s.mark.first, Last: s.last.number, Records: ascending(s.records),
		Torn: s.torn.from < s.torn.to, TornFrom: s.torn.from, TornTo: s.torn.to,
		Unfinished: err != nil,
	}
	if s.last.number > s.mark.saved.number {
		r.Unmarked = int(s.last.number - s.mark.saved.number)
	}
	if err != nil {
		return r, explained(path, err)
	}
	return r, nil
}
