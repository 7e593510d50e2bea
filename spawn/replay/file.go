package replay

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"synod/spawn/record"
)

// windowSize is the size of a read, in bytes.
const windowSize = 256 << 10

// file is a file of records. Only a part of a long file is in memory.
type file struct {
	name   string
	in     io.ReaderAt
	size   int64
	window []byte // data of the last read
	at     int64  // offset of window
	err    error  // first read error; the file ends there
}

// openFile opens a regular file, or reads all of a file that has no random access, such as a pipe.
func openFile(name string, info os.FileInfo) (*file, error) {
	if !info.Mode().IsRegular() {
		data, err := os.ReadFile(name)
		return memory(name, data), err
	}
	in, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return &file{name: name, in: in, size: info.Size()}, nil
}

// memory returns a file with the given contents.
func memory(name string, data []byte) *file {
	return &file{name: name, in: bytes.NewReader(data), size: int64(len(data))}
}

func (f *file) close() error {
	if c, ok := f.in.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// read returns at least n bytes from an offset, or all that remain. They are valid until the next call.
func (f *file) read(at int64, n int) []byte {
	n = int(min(int64(n), f.size-at))
	if f.err != nil || n <= 0 {
		return nil
	}
	if skip := at - f.at; skip >= 0 && skip+int64(n) <= int64(len(f.window)) {
		return f.window[skip:]
	}
	length := int(min(int64(max(n, windowSize)), f.size-at))
	if cap(f.window) < length {
		f.window = make([]byte, length)
	}
	f.window, f.at = f.window[:length], at
	if got, err := f.in.ReadAt(f.window, at); got < length {
		f.window, f.err = nil, fmt.Errorf("read %s: byte %d of %d: %w", f.name, at+int64(got), f.size, err)
	}
	return f.window
}

// until returns the offset of the first byte, starting at at, for which any returns true, or the end of the file.
func (f *file) until(at int64, any func(b byte) bool) int64 {
	for {
		piece := f.read(at, 1)
		if len(piece) == 0 {
			return f.size
		}
		for i, b := range piece {
			if any(b) {
				return at + int64(i)
			}
		}
		at += int64(len(piece))
	}
}

// text returns the bytes of a range, at most one more than a line may have.
func (f *file) text(from, to int64) []byte {
	length := int(min(to-from, record.MaxLine+1))
	piece := f.read(from, length)
	return bytes.Clone(piece[:min(length, len(piece))])
}

// separates reports whether a byte separates lines. The last line of a killed process may end in zeros.
func separates(b byte) bool { return b == '\n' || b == 0 }

// solid reports whether a byte is neither a space nor a separator.
func solid(b byte) bool { return b != ' ' && b != '\t' && b != '\r' && !separates(b) }
