package replay

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/record"
)

// Records are the lines of a cluster, grouped by server. They are read on demand. It is not safe for concurrent use.
type Records struct {
	files     []*file
	sequences []*sequence // one per server, in ascending order
	headers   []*record.Header
	stray     *Deviation // a line without a server; nil for none
	torn      int        // unfinished lines without a server
	refused   error      // why the files are not the records of one run; nil if they may be
	begun     map[process]spot
}

// process identifies a process: a server is not started twice within a nanosecond.
type process struct {
	server actor.ID
	wall   int64 // when its header was written, in nanoseconds
}

// spot is the position of a line.
type spot struct {
	file   int32 // index, from 0
	length int32 // in bytes
	start  int64 // in bytes
	number int   // line number, from 1
}

// sequence holds the lines of a server in order: file by file, in the order in which the files were named.
type sequence struct {
	server actor.ID
	spots  []spot
	items  []item // decoded lines, from the first remaining one of spots
}

// item is a decoded line.
type item struct {
	spot
	line record.Line
	err  error // why it cannot be decoded
	torn bool  // it cannot be decoded because its writer was killed
}

// Open opens files, each with the records of one or more servers. The caller must call Close. The lines of a server
// are in file order, file after file. It returns an error for a file that cannot be read or that is named twice.
func Open(files ...string) (*Records, error) {
	r := new(Records)
	if err := r.open(files); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Records) open(files []string) error {
	var infos []os.FileInfo
	for at, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		for i, other := range infos {
			if os.SameFile(info, other) {
				return fmt.Errorf("%s, the %s file, is %s, the %s: expected each file once",
					name, ordinal(at+1), files[i], ordinal(i+1))
			}
		}
		infos = append(infos, info)
		f, err := openFile(name, info)
		if err != nil {
			return err
		}
		if r.add(f); f.err != nil {
			return f.err
		}
	}
	return nil
}

// Close closes the files.
func (r *Records) Close() error {
	var errs []error
	for _, f := range r.files {
		errs = append(errs, f.close())
	}
	return errors.Join(errs...)
}

// broken returns the first read error of a file.
func (r *Records) broken() error {
	for _, f := range r.files {
		if f.err != nil {
			return f.err
		}
	}
	return nil
}

// Add adds the contents of a file, which must not be modified afterwards.
func (r *Records) Add(name string, data []byte) { r.add(memory(name, data)) }

// add scans a file once and assigns its lines to servers.
func (r *Records) add(f *file) {
	at := spot{file: int32(len(r.files)), number: 1}
	r.files = append(r.files, f)
	found := false
	for at.start < f.size {
		end := f.until(at.start, separates)
		at.length = int32(min(end-at.start, math.MaxInt32))
		if text := r.text(at); len(bytes.TrimSpace(text)) > 0 {
			r.place(at, text)
			found = found || begins(text, r.next(at) == nil)
		}
		if piece := f.read(end, 1); len(piece) > 0 && piece[0] == '\n' {
			at.number++
		}
		at.start = end + 1
	}
	if !found && f.until(0, solid) < f.size {
		r.refuse(fmt.Errorf("%s is not a record; pass a file written by spawn --record", f.name))
	}
}

// refuse records the first error of the files.
func (r *Records) refuse(err error) {
	if r.refused == nil {
		r.refused = err
	}
}

// begins reports whether a line belongs to a record, or may be the beginning of such a line.
func begins(text []byte, last bool) bool {
	if bytes.HasPrefix(text, []byte(prefix)) || last && agrees(text, prefix) {
		return true
	}
	_, err := record.Decode(text)
	return err == nil
}

// prefix is the beginning of every line.
const prefix = `{"server":"`

// agrees reports whether two texts agree up to the length of the shorter one.
func agrees(text []byte, other string) bool {
	n := min(len(text), len(other))
	return string(text[:n]) == other[:n]
}

// opens reports whether a line is a header, or may be the beginning of one. Only a header may follow a torn line.
func opens(text []byte) bool {
	if line, err := record.Decode(text); err == nil {
		return line.Header != nil
	}
	if len(text) == 0 || !agrees(text, prefix) {
		return false
	}
	_, rest, told := bytes.Cut(text[min(len(prefix), len(text)):], []byte(`",`))
	return !told || agrees(rest, `"record":`)
}

// next returns the next line of the same file, or nil.
func (r *Records) next(at spot) []byte {
	f := r.files[at.file]
	start := f.until(at.end(), solid)
	if start == f.size {
		return nil
	}
	return f.text(start, f.until(start, separates))
}

func (at spot) end() int64 { return at.start + int64(at.length) }

// place assigns a line to its server.
func (r *Records) place(at spot, text []byte) {
	id, known := record.Server(text)
	header := bytes.Contains(text[:min(len(text), 64)], []byte(`"record"`))
	var begun *record.Header
	if !known || header {
		line, err := record.Decode(text)
		if err != nil && !known {
			r.strayed(at, err)
			return
		}
		id = line.Server
		if line.Header != nil {
			begun = line.Header
			r.headers = append(r.headers, begun)
		} else if err != nil {
			id, _ = record.Server(text)
		}
	}
	i, found := r.find(id)
	if !found {
		r.sequences = slices.Insert(r.sequences, i, &sequence{server: id})
	}
	if begun != nil {
		r.begin(r.sequences[i], begun, at)
	}
	r.sequences[i].spots = append(r.sequences[i].spots, at)
}

func (r *Records) find(id actor.ID) (int, bool) {
	return slices.BinarySearchFunc(r.sequences, id, func(s *sequence, id actor.ID) int {
		return int(min(max(int64(s.server)-int64(id), -1), 1))
	})
}

// begin verifies that a process begins after the earlier ones of its server. Within a file the lines are in the order
// of writing, whatever the clock says. The order of files is chosen by the user, so there the clock is checked.
func (r *Records) begin(s *sequence, h *record.Header, at spot) {
	p := process{s.server, h.Wall.UnixNano()}
	if other, known := r.begun[p]; known {
		r.refuse(fmt.Errorf("%s and %s are the same header of server %s: expected the record of each process once",
			r.where(other), r.where(at), spawn.Describe(s.server)))
		return
	}
	if r.begun == nil {
		r.begun = make(map[process]spot)
	}
	r.begun[p] = at
	for _, other := range slices.Backward(s.spots) {
		if other.file == at.file {
			return
		}
		line, err := record.Decode(r.text(other))
		if err != nil {
			continue // torn
		}
		last := item{line: line}
		if h.Wall.Before(last.time()) {
			r.refuse(fmt.Errorf("%s: server %s begins a process before the time of %s, its last line in the file before: "+
				"expected the files of a server in the order in which they were written, and nothing twice",
				r.where(at), spawn.Describe(s.server), r.where(other)))
		}
		return
	}
}

func (r *Records) where(at spot) string {
	return fmt.Sprintf("%s:%d", r.files[at.file].name, at.number)
}

// strayed records a line without a readable server. At the end of a file, or before a header, it is torn because its
// writer was killed.
func (r *Records) strayed(at spot, err error) {
	if next := r.next(at); next == nil || opens(next) {
		r.torn++
		return
	}
	if r.stray == nil {
		r.stray = &Deviation{
			File: r.files[at.file].name, Line: at.number, Expected: "a line of a record", Found: unreadable(err),
		}
	}
}

func unreadable(err error) string { return fmt.Sprintf("one that cannot be read: %v", err) }

func (r *Records) text(at spot) []byte { return r.files[at.file].text(at.start, at.end()) }

// peek returns the nth remaining line of a sequence, from 0, or nil.
func (r *Records) peek(s *sequence, n int) *item {
	for len(s.items) <= n {
		k := len(s.items)
		if k >= len(s.spots) {
			return nil
		}
		s.items = append(s.items, r.decode(s, k))
	}
	return &s.items[n]
}

// decode decodes the nth remaining line.
func (r *Records) decode(s *sequence, n int) item {
	i := item{spot: s.spots[n]}
	i.line, i.err = record.Decode(r.text(i.spot))
	if i.err == nil {
		return i
	}
	i.torn = n+1 == len(s.spots) || s.spots[n+1].file != i.file || opens(r.text(s.spots[n+1]))
	return i
}

// ordinal returns the ordinal of a number from 1.
func ordinal(n int) string {
	if words := []string{"first", "second", "third"}; n <= len(words) {
		return words[n-1]
	}
	return fmt.Sprintf("%dth", n)
}

// advance removes the first line of a sequence.
func (s *sequence) advance() {
	s.spots = s.spots[1:]
	s.items = slices.Delete(s.items, 0, 1)
}

// Deviation is the first event of a run that the model does not admit, or a line that cannot be read.
type Deviation struct {
	File     string
	Line     int      // counts from 1
	Server   actor.ID // 0 if unknown
	Step     uint64   // step of the server's process, from 1; 0 for a line that is not an event
	Expected string   // a phrase
	Found    string   // a phrase
}

// Error returns the position, and what was expected and found.
func (d *Deviation) Error() string {
	text := fmt.Sprintf("%s:%d: ", d.File, d.Line)
	if d.Server != 0 {
		text += "server " + spawn.Describe(d.Server)
		if d.Step > 0 {
			text += fmt.Sprintf(", step %d", d.Step)
		}
		text += ": "
	}
	return text + fmt.Sprintf("expected %s, found %s", d.Expected, d.Found)
}
