package record

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// File is a file to which the servers of a process append lines. It is safe for concurrent use.
type File struct {
	mu     sync.Mutex
	file   *os.File
	broken error // what the first write that did not work came to
	used   bool
}

// Open opens a file to append to, or creates it. A line that its last user could not finish is ended first.
func Open(path string) (*File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	f := &File{file: file}
	if err := f.repair(); err != nil {
		return nil, fmt.Errorf("%w; %w", err, file.Close())
	}
	return f, nil
}

// Used tells whether the file held something when it was opened.
func (f *File) Used() bool { return f.used }

// repair ends the last line, should it have no end. What is no regular file holds nothing yet.
func (f *File) repair() error {
	info, err := f.file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return err
	}
	f.used = true
	var last [1]byte
	if _, err := f.file.ReadAt(last[:], info.Size()-1); err != nil && err != io.EOF {
		return err
	}
	if last[0] == '\n' {
		return nil
	}
	_, err = f.file.Write([]byte{'\n'})
	return err
}

// Write appends a line. After one that could not be written whole, none can: it would stand in the middle of that one.
func (f *File) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return 0, f.broken
	}
	n, err := f.file.Write(line)
	f.broken = err
	return n, err
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }
