package record

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
)

// File is a file to which the servers of a process append lines. It is safe for concurrent use.
//
// A line that Write accepted survives the end of the process, however it ends. Where the system supports it, the end
// of the file is mapped into memory, so that a line costs no system call. The file is then longer than its lines: it
// ends in zeros until Close, or after a kill until it is opened again.
type File struct {
	mu     sync.Mutex // This and the next two are all that most lines need: they are adjacent.
	room   []byte     // the memory for the next lines; owned by the tail during its calls
	broken error      // the error of the first failed write
	file   *os.File
	tail   *tail // nil if each line is written by a system call
	used   bool
}

// Open opens a file for appending, or creates it. It first ends a line that the previous user did not finish. A file
// that does not begin with a line of a record, or a part of one, is refused and not changed.
func Open(path string) (*File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	f := &File{file: file}
	if err := f.prepare(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return f, nil
}

// Used reports whether the file was not empty when it was opened.
func (f *File) Used() bool { return f.used }

// prepare ends the last line, if it has no end. Files that are not regular count as empty.
func (f *File) prepare() error {
	info, err := f.file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	if err := recognise(f.file); err != nil {
		return err
	}
	var alone bool
	if f.tail, alone, err = newTail(f.file); err != nil {
		return err
	}
	// From here on other processes see that this file has a writer.
	if info, err = f.file.Stat(); err != nil {
		return err
	}
	size := info.Size()
	if alone {
		if size, err = trim(f.file, size); err != nil {
			return err
		}
	}
	f.used = size > 0
	if err := endLine(f.file, size); err != nil {
		return err
	}
	return f.tail.share()
}

// errForeign reports that a file is not a record.
var errForeign = errors.New("the file is not a record")

// recognise returns an error unless a file begins like a line, or like what a killed process left of one, with zeros
// for what was not written.
func recognise(file *os.File) error {
	begin := make([]byte, len(linePrefix))
	n, err := file.ReadAt(begin, 0)
	if err != nil && err != io.EOF {
		return err
	}
	for i, b := range begin[:n] {
		switch {
		case b == '\n' && i > 0: // a torn line that was ended
			return nil
		case b != 0 && b != linePrefix[i]:
			return errForeign
		}
	}
	return nil
}

// trim removes the zeros that a killed process left at the end of a file, and returns its new size.
func trim(file *os.File, size int64) (int64, error) {
	end := size
	for buf := make([]byte, 64<<10); end > 0; {
		part := buf[:min(int64(len(buf)), end)]
		if _, err := file.ReadAt(part, end-int64(len(part))); err != nil && err != io.EOF {
			return 0, err
		}
		text := len(bytes.TrimRight(part, "\x00"))
		end -= int64(len(part) - text)
		if text > 0 {
			break
		}
	}
	if end == size {
		return size, nil
	}
	return end, file.Truncate(end)
}

// endLine appends the end of the last line, if it has none. None is needed after zeros, which end a line too.
func endLine(file *os.File, size int64) error {
	if size == 0 {
		return nil
	}
	var last [1]byte
	if _, err := file.ReadAt(last[:], size-1); err != nil && err != io.EOF {
		return err
	}
	if last[0] == '\n' || last[0] == 0 {
		return nil
	}
	_, err := file.Write([]byte{'\n'})
	return err
}

// Write appends a line. After a partial write all further writes fail, since they would continue the partial line.
func (f *File) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return 0, f.broken
	}
	if len(line) <= len(f.room) {
		if f.broken = put(f.room, line); f.broken != nil {
			return 0, f.broken
		}
		f.room = f.room[len(line):]
		return len(line), nil
	}
	if f.tail != nil {
		room, err := f.tail.append(line, f.room)
		f.room = room
		if err == nil {
			return len(line), nil
		}
		if !errors.Is(err, errNoTail) {
			f.broken = err
			return 0, err
		}
		f.tail = nil
	}
	n, err := f.file.Write(line)
	f.broken = err
	return n, err
}

// Close closes the file.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken == nil {
		f.broken = os.ErrClosed
	}
	err := f.tail.close(f.room)
	f.tail, f.room = nil, nil
	return errors.Join(err, f.file.Close())
}

// errNoTail reports that a file cannot be mapped; nothing of the line was written.
var errNoTail = errors.New("the file cannot be mapped")
