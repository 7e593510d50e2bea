package replay

import (
	"bytes"
	"fmt"
	"os"
	"slices"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/record"
)

// Records are the lines of a cluster, put in order by server.
type Records struct {
	files     []source
	sequences []*sequence // by server, in ascending order
	headers   []*record.Header
	stray     *Deviation // a line of nobody, nil for none
	torn      int        // lines of nobody that were never finished
}

// source is a file.
type source struct {
	name string
	data []byte
}

// spot is where a line is.
type spot struct {
	file, number int // of the file, from 0; of the line, from 1
	start, end   int // in bytes
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

// Open reads files, each with the record of a server or of several. The lines of a server count in the order in which they
// stand, those of one file before those of the next. An error is a file that cannot be read.
func Open(files ...string) (*Records, error) {
	r := new(Records)
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		r.Add(name, data)
	}
	return r, nil
}

// Add adds the content of a file, which must not be changed any more.
func (r *Records) Add(name string, data []byte) {
	file := len(r.files)
	r.files = append(r.files, source{name, data})
	number := 0
	for start := 0; start < len(data); {
		end, next := len(data), len(data)
		if n := bytes.IndexByte(data[start:], '\n'); n >= 0 {
			end, next = start+n, start+n+1
		}
		number++
		if len(bytes.TrimSpace(data[start:end])) > 0 {
			r.place(spot{file, number, start, end})
		}
		start = next
	}
}

// place puts a line to those of its server.
func (r *Records) place(at spot) {
	text := r.text(at)
	id, known := record.Server(text)
	header := bytes.Contains(text[:min(len(text), 64)], []byte(`"record"`))
	if !known || header {
		line, err := record.Decode(text)
		if err != nil && !known {
			r.strayed(at, err)
			return
		}
		id = line.Server
		if line.Header != nil {
			r.headers = append(r.headers, line.Header)
		} else if err != nil {
			id, _ = record.Server(text)
		}
	}
	i, found := slices.BinarySearchFunc(r.sequences, id, func(s *sequence, id actor.ID) int {
		return int(min(max(int64(s.server)-int64(id), -1), 1))
	})
	if !found {
		r.sequences = slices.Insert(r.sequences, i, &sequence{server: id})
	}
	r.sequences[i].spots = append(r.sequences[i].spots, at)
}

// strayed notes a line that does not even tell whose it is. At the end of a file, or before a header, its writer was
// killed.
func (r *Records) strayed(at spot, err error) {
	rest := bytes.TrimSpace(r.files[at.file].data[at.end:])
	next, _, _ := bytes.Cut(rest, []byte("\n"))
	if line, wrong := record.Decode(next); len(rest) == 0 || wrong == nil && line.Header != nil {
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

func (r *Records) text(at spot) []byte { return r.files[at.file].data[at.start:at.end] }

// peek gives the nth line of a sequence that is still to come, from 0, or nil if there are not so many.
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
	if n+1 == len(s.spots) || s.spots[n+1].file != i.file {
		i.torn = true
	} else if next, err := record.Decode(r.text(s.spots[n+1])); err == nil {
		i.torn = next.Header != nil
	}
	return i
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

// Error says where it is, and what was expected and found.
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
