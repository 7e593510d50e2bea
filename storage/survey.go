package storage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Damage describes a range of a file whose bytes are not as they were written.
type Damage struct {
	From, To int64 // the range of bytes, excluding To
	What     string
}

// Error implements error.
func (d *Damage) Error() string {
	return fmt.Sprintf("the file is damaged at bytes %d to %d: %s", d.From, d.To-1, d.What)
}

// survey is the content of a file, read without changing it.
type survey struct {
	identity Identity
	seed     uint32
	mark     mark
	last     place // the last valid batch: the marked one, or one of the two after it
	batches  int   // the number of valid batches in the segment
	// torn is the range of sectors of a batch that was in flight in a crash. It was never acknowledged, so nothing
	// relies on it.
	torn    struct{ from, to int64 }
	records map[string][]byte
}

// look reads a device. After an error it returns what could be read.
func look(d Device) (*survey, error) {
	s := &survey{records: make(map[string][]byte)}
	size, err := d.Size()
	if err != nil {
		return s, err
	}
	front := make([]byte, min(size, segmentsAt))
	if err := read(d, front, 0); err != nil {
		return s, err
	}
	if s.identity, s.seed, err = decodeHeader(front); err != nil {
		return s, err
	}
	if s.mark, err = decodeMark(front[min(len(front), MarkAt):], s.seed, size); err != nil {
		return s, err
	}
	segment := make([]byte, s.mark.end-s.mark.start)
	if err := read(d, segment, s.mark.start); err != nil {
		return s, err
	}
	if err := s.marked(segment); err != nil {
		return s, err
	}
	return s, s.unmarked(segment)
}

func read(d Device, dst []byte, at int64) error {
	n, err := d.ReadAt(dst, at)
	if n == len(dst) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return &Damage{at + int64(n), at + int64(len(dst)), "the file is cut off"}
	}
	return err
}

// marked reads the batches that were saved according to the mark. Any error in them is damage.
func (s *survey) marked(segment []byte) error {
	s.last = place{number: s.mark.first - 1, end: s.mark.start}
	for s.last.number < s.mark.saved.number {
		at := s.last.end - s.mark.start
		var content []byte
		length := int64(SectorSize)
		for i := int64(0); i < length; i += SectorSize {
			if at+i+SectorSize > int64(len(segment)) {
				return s.damage(s.last.end, s.mark.end, "is longer than its segment")
			}
			sector := segment[at+i : at+i+SectorSize]
			h, ok := decodeHead(sector, s.seed)
			if !ok || h.number != s.last.number+1 || int64(h.index)*SectorSize != i || i > 0 && span(int(h.length)) != length {
				return s.damage(s.last.end+i, s.last.end+i+SectorSize, "was saved, but the checksum of a sector is wrong, or it is another sector")
			}
			length = span(int(h.length))
			content = append(content, sector[headSize:]...)
			content = content[:min(len(content), int(h.length))]
		}
		if err := s.accept(content, length); err != nil {
			return err
		}
	}
	if s.last != s.mark.saved {
		return &Damage{MarkAt, MarkAt + SectorSize, "the mark of what was saved contradicts the batches"}
	}
	return nil
}

// damage reports that the batch after the last one is damaged.
func (s *survey) damage(from, to int64, what string) error {
	return &Damage{from, to, fmt.Sprintf("batch %d %s", s.last.number+1, what)}
}

// accept appends the next batch, whose sectors are valid and take length bytes.
func (s *survey) accept(content []byte, length int64) error {
	from, to := s.last.end, s.last.end+length
	chain, kind, records, err := decodeContent(content)
	switch first := s.batches == 0; {
	case err != nil:
		return s.damage(from, to, err.Error())
	case first != (kind == kindWhole):
		return s.damage(from, to, "is of the wrong kind for its place")
	case !first && chain != s.last.chain:
		return s.damage(from, to, "does not follow the one before it")
	}
	for _, r := range records {
		if r.Data == nil {
			delete(s.records, r.Name)
		} else {
			s.records[r.Name] = r.Data
		}
	}
	s.batches++
	s.last = place{s.last.number + 1, to, chained(content)}
	return nil
}

// found is a non-empty sector after the marked batches.
type found struct {
	at int64
	head
	content []byte
}

// unmarked reads the sectors after the marked batches. The mark of a batch is written after its sync, and is durable
// with the next sync. So a crash leaves at most two batches there, of which the second was in flight: its sectors are
// as written or empty. The same is true of the first one, unless there is a sector of the second, which was started
// after the sync of the first.
func (s *survey) unmarked(segment []byte) error {
	all, err := s.find(segment)
	for err == nil && len(all) > 0 {
		number, n := s.last.number+1, 0
		for n < len(all) && all[n].number == number {
			n++
		}
		var content []byte
		for i, f := range all[:n] {
			if f.at != s.last.end+int64(f.index)*SectorSize || f.length != all[0].length {
				return s.damage(f.at, f.at+SectorSize, "has a sector in the wrong place")
			}
			if int(f.index) == i {
				content = append(content, f.content...)
			}
		}
		if n > 0 && int64(n)*SectorSize == span(int(all[0].length)) {
			if err := s.accept(content[:all[0].length], int64(n)*SectorSize); err != nil {
				return err
			}
			all = all[n:]
			continue
		}
		if n < len(all) {
			f := all[n]
			return s.damage(s.last.end, f.at, fmt.Sprintf(
				"is incomplete, but it was saved, as batch %d was begun after it", f.number))
		}
		s.torn.from, s.torn.to = all[0].at, all[n-1].at+SectorSize
		return nil
	}
	return err
}

// find returns the non-empty sectors after the marked batches, in order.
func (s *survey) find(segment []byte) ([]found, error) {
	var all []found
	for at := s.mark.saved.end; at < s.mark.end; at += SectorSize {
		sector := segment[at-s.mark.start:][:SectorSize]
		if bytes.Equal(sector, zeros[:]) {
			continue
		}
		h, ok := decodeHead(sector, s.seed)
		before := s.mark.saved.number
		if len(all) > 0 {
			before = all[len(all)-1].number
		}
		switch {
		case !ok:
			return all, &Damage{at, at + SectorSize, fmt.Sprintf("a sector after batch %d is neither empty nor as written "+
				"by a save; a crash during a save leaves whole sectors", before)}
		case h.number > s.mark.saved.number+2:
			return all, &Damage{MarkAt, MarkAt + SectorSize, fmt.Sprintf("the mark is too old for "+
				"batch %d: the disk has lost a write", h.number)}
		case h.number <= s.mark.saved.number, h.number < before:
			return all, &Damage{at, at + SectorSize, fmt.Sprintf("a sector of batch %d is in the wrong place", h.number)}
		}
		all = append(all, found{at, h, sector[headSize:]})
	}
	return all, nil
}
