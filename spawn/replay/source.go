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

// Records are the lines of a cluster, put in order by server. They are read when they are needed, and belong to one
// goroutine.
type Records struct {
	files     []*file
	sequences []*sequence // by server, in ascending order
	headers   []*record.Header
	stray     *Deviation // a line of nobody, nil for none
	torn      int        // lines of nobody that were never finished
	refused   error      // why the files are not the records of one run; nil if they may be
	begun     map[process]spot
}

// process is one of a server's: nobody starts the same server twice in a nanosecond.
type process struct {
	server actor.ID
	wall   int64 // when its header was written
}

// spot is where a line is.
type spot struct {
	file   int32 // from 0
	length int32 // in bytes
	start  int64 // in bytes
	number int   // from 1
}

// sequence is the lines of a server, in order: those of one file after those of another, as the files were named.
type sequence struct {
	server actor.ID
	spots  []spot
	items  []item // decoded ones, from the first of spots that is still to come
}

// item is a line that was decoded.
type item struct {
	spot
	line record.Line
	err  error // why it cannot be read
	torn bool  // it cannot, as its writer was killed
}

// Open opens files, each with the record of a server or of several, until Close. The lines of a server count in the order
// in which they stand, those of one file before those of the next. An error is a file that cannot be read, or that is
// named twice.
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

// broken returns the error of a file that could not be read.
func (r *Records) broken() error {
	for _, f := range r.files {
		if f.err != nil {
			return f.err
		}
	}
	return nil
}

// Add adds the content of a file, which must not be changed any more.
func (r *Records) Add(name string, data []byte) { r.add(memory(name, data)) }

// add goes through a file once, and notes whose its lines are.
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

// refuse notes what is wrong with the files, if it is the first such.
func (r *Records) refuse(err error) {
	if r.refused == nil {
		r.refused = err
	}
}

// begins reports whether a line of a file is one of a record, or the beginning of one.
func begins(text []byte, last bool) bool {
	if bytes.HasPrefix(text, []byte(prefix)) || last && agrees(text, prefix) {
		return true
	}
	_, err := record.Decode(text)
	return err == nil
}

// prefix is how each line begins that is not torn in it.
const prefix = `{"server":"`

// agrees reports whether a text begins with another one, as far as both go.
func agrees(text []byte, other string) bool {
	n := min(len(text), len(other))
	return string(text[:n]) == other[:n]
}

// opens reports whether a line is a header, or may be the beginning of one. Nothing else comes after a line that is
// torn.
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

// next returns the line after one in its file, or nil.
func (r *Records) next(at spot) []byte {
	f := r.files[at.file]
	start := f.until(at.end(), solid)
	if start == f.size {
		return nil
	}
	return f.text(start, f.until(start, separates))
}

func (at spot) end() int64 { return at.start + int64(at.length) }

// place puts a line to those of its server.
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

// begin verifies that a process begins after what is known of its server. The order of the lines of a file is that in
// which they were written, no matter who set the clock; that of files is what the user says, so that there the clock counts.
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

// strayed notes a line that does not even tell whose it is. At the end of a file, or before a header, its writer was
// killed.
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

// peek returns the nth line of a sequence that is still to come, from 0, or nil if there are not so many.
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

// decode reads the nth line that is still to come.
func (r *Records) decode(s *sequence, n int) item {
	i := item{spot: s.spots[n]}
	i.line, i.err = record.Decode(r.text(i.spot))
	if i.err == nil {
		return i
	}
	i.torn = n+1 == len(s.spots) || s.spots[n+1].file != i.file || opens(r.text(s.spots[n+1]))
	return i
}

// ordinal is the word for a number from 1.
func ordinal(n int) string {
	if words := []string{"first", "second", "third"}; n <= len(words) {
		return words[n-1]
	}
	return fmt.Sprintf("%dth", n)
}

// advance takes the first line of a sequence away.
func (s *sequence) advance() {
	s.spots = s.spots[1:]
	s.items = slices.Delete(s.items, 0, 1)
}

// Deviation is the first event of a run that is not one of the model, or a line that cannot be read.
type Deviation struct {
	File     string
	Line     int      // from 1
	Server   actor.ID // 0 if it cannot be told
	Step     uint64   // of the server's process, from 1; 0 for a line that is no event
	Expected string   // a phrase
	Found    string   // a phrase
}

// Error returns where it is, and what was expected and found.
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
