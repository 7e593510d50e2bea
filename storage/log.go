package storage

import (
	"bytes"
	"fmt"
	"io"
)

// Device stores a log: a file, or a Disk.
type Device interface {
	io.ReaderAt
	io.WriterAt // writing beyond the end extends the device
	// Sync returns once all writes are durable. After an error it is unknown which are.
	Sync() error
	// Size returns the size in bytes.
	Size() (int64, error)
}

// Log stores the records of one actor on a device as a log of batches; each save appends a batch and syncs once. When
// its segment is full, all records are written to a new segment. It is not safe for concurrent use.
type Log struct {
	device  Device
	seed    uint32
	mark    mark // as last written
	records map[string][]byte
	broken  error // the error of a failed save

	content, sectors []byte // buffers for the batch being written
}

// Format creates a log without records on an empty device.
func Format(d Device, id Identity) error {
	front, err := appendHeader(nil, id)
	if err != nil {
		return err
	}
	_, seed, err := decodeHeader(front)
	if err != nil {
		return err
	}
	l := &Log{device: d, seed: seed}
	if _, err := d.WriteAt(front, 0); err != nil {
		return err
	}
	// Space for the next segment is allocated now, so that a disk that becomes full later does no harm.
	if err := l.rewrite(segmentsAt, l.whole()); err != nil {
		return err
	}
	return l.clear(l.mark.end, 2*l.mark.end-l.mark.start)
}

// Mount returns the log on a device, after making its visible content durable. A log that belongs to another actor,
// or is damaged, is refused and not changed.
func Mount(d Device, id Identity) (*Log, error) {
	s, err := look(d)
	if err == nil && s.identity != id {
		err = fmt.Errorf("the file belongs to %v, expected %v", s.identity, id)
	}
	if err != nil {
		return nil, err
	}
	l := &Log{device: d, seed: s.seed, mark: s.mark, records: s.records}
	return l, l.settle(s)
}

// settle makes the visible content of a file durable. A process that was killed during a save, or whose sync failed,
// leaves data in the system's cache that is not on disk: readers of the file see it, but must not rely on it. Another
// sync is not enough, as it may skip what failed before (Rebello et al., "Can Applications Recover from fsync
// Failures?", 2020), so everything since the last successful sync is written again in place, which needs no space.
func (l *Log) settle(s *survey) error {
	if from, to := s.mark.saved.end, s.last.end; from < to {
		batches := make([]byte, to-from)
		if err := read(l.device, batches, from); err != nil {
			return err
		}
		if _, err := l.device.WriteAt(batches, from); err != nil {
			return err
		}
	}
	if s.torn.from < s.torn.to {
		if _, err := l.device.WriteAt(make([]byte, s.torn.to-s.torn.from), s.torn.from); err != nil {
			return err
		}
	}
	if s.last != s.mark.saved || s.torn.from < s.torn.to {
		if err := l.device.Sync(); err != nil {
			return err
		}
	}
	l.mark.saved = s.last
	if err := l.writeMark(); err != nil {
		return err
	}
	return l.device.Sync()
}

// Load returns all records, in ascending order of name. The caller owns them.
func (l *Log) Load() ([]Record, error) {
	all := ascending(l.records)
	for i := range all {
		all[i].Data = append([]byte{}, all[i].Data...)
	}
	return all, nil
}

// Save applies changes, all or none of them. When it returns nil they are durable. After an error the content of the
// log must not be relied on: it must be mounted again.
func (l *Log) Save(changes []Record) error {
	if l.broken != nil {
		return fmt.Errorf("an earlier save failed: %w", l.broken)
	}
	if len(changes) == 0 {
		return nil
	}
	for _, c := range changes {
		if c.Data == nil {
			delete(l.records, c.Name)
		} else {
			l.records[c.Name] = bytes.Clone(c.Data)
		}
	}
	l.content = appendContent(l.content[:0], l.mark.saved.chain, kindChanges, changes)
	if l.mark.saved.end+span(len(l.content)) <= l.mark.end {
		l.broken = l.append()
	} else {
		l.broken = l.compact()
	}
	return l.broken
}

// append appends the batch with the prepared content, syncs it, and then writes the mark.
func (l *Log) append() error {
	if len(l.content) > maxContent {
		return fmt.Errorf("save of %d bytes exceeds the limit of %d", len(l.content), maxContent)
	}
	number := l.mark.saved.number + 1
	l.sectors = appendSectors(l.sectors[:0], l.seed, number, l.content)
	if _, err := l.device.WriteAt(l.sectors, l.mark.saved.end); err != nil {
		return err
	}
	if err := l.device.Sync(); err != nil {
		return err
	}
	l.mark.saved = place{number, l.mark.saved.end + int64(len(l.sectors)), chained(l.content)}
	return l.writeMark()
}

func (l *Log) writeMark() error {
	_, err := l.device.WriteAt(l.mark.encode(l.seed), MarkAt)
	return err
}

// compact writes all records to a new segment: before the current one if there is room, or else after it.
func (l *Log) compact() error {
	content := l.whole()
	if segmentsAt+segment(len(content)) <= l.mark.start {
		return l.rewrite(segmentsAt, content)
	}
	return l.rewrite(l.mark.end, content)
}

// whole returns the content of a batch with all records.
func (l *Log) whole() []byte {
	l.content = appendContent(l.content[:0], l.mark.saved.chain, kindWhole, ascending(l.records))
	return l.content
}

// segment returns the length of a segment whose first batch has length bytes: the batches after it may take as much
// again, so that a record is written twice on average.
func segment(length int) int64 { return span(length) + max(span(length), leastRoom) }

// rewrite writes a segment that begins with all records. It becomes current with the mark, which is made durable
// after it.
func (l *Log) rewrite(at int64, content []byte) error {
	if len(content) > maxContent {
		return fmt.Errorf("records of %d bytes exceed the limit of %d", len(content), maxContent)
	}
	m := mark{start: at, end: at + segment(len(content)), first: l.mark.saved.number + 1}
	sectors := appendSectors(nil, l.seed, m.first, content)
	m.saved = place{m.first, at + int64(len(sectors)), chained(content)}
	if _, err := l.device.WriteAt(sectors, at); err != nil {
		return err
	}
	if err := l.clear(m.saved.end, m.end); err != nil {
		return err
	}
	l.mark = m
	if err := l.writeMark(); err != nil {
		return err
	}
	return l.device.Sync()
}

// clear overwrites a range with zeros, and syncs.
func (l *Log) clear(from, to int64) error {
	block := make([]byte, min(to-from, 1<<20))
	for at := from; at < to; at += int64(len(block)) {
		if _, err := l.device.WriteAt(block[:min(int64(len(block)), to-at)], at); err != nil {
			return err
		}
	}
	return l.device.Sync()
}
