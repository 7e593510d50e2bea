package storage

import (
	"errors"
	"fmt"
	"os"
)

// Report is what a file holds. Of a damaged one it is what stands before the damage.
type Report struct {
	Identity   Identity
	Size       int64 // of the file, in bytes
	From, To   int64 // the bytes of the batches that count; To is 0 if not even the mark can be read
	Room       int64 // where the segment ends
	First      uint64
	Last       uint64 // the number of the last batch
	Marked     int64  // where the batches end that the mark says were saved
	Unmarked   int    // how many of the last batches the mark does not know of: at most two, after a loss of power
	Torn       bool   // a save was in progress in a crash; it was not acknowledged, and is dropped when the file is opened
	TornFrom   int64  // the bytes of its sectors that got to the disk
	TornTo     int64
	Records    []Record // in ascending order of their names
	Unfinished bool     // the damage was met before all batches were read, so that these are records of an earlier time
}

// Inspect reads a file, which it neither changes nor opens for writing. The error of a damaged one wraps a *Damage; what
// was read before is in the report, which is nil after any other error.
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
