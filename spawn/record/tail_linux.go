package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
)

// tailSize is how many bytes the file grows by. More would cost more memory and make a longer pause, less more pauses.
const tailSize = 256 << 10

// populateWrite is MADV_POPULATE_WRITE, which package syscall lacks. It makes pages writable at once, which costs less than a
// fault for each.
const populateWrite = 23

var zeros [tailSize]byte

// tail is the end of a file in memory. What is copied there is in the pages of the kernel at once. The room for it is made
// by appending zeros: a disk that is full is an error of that write, each process gets a part of its own although others
// append to the same file, and no page need be fetched.
//
// Whoever has the file open holds a shared lock on it, so that one who gets it for himself alone knows that the zeros
// at its end are nobody's.
type tail struct {
	file *os.File
	data []byte // mapped
	at   int    // of data: where the next line goes
	end  int64  // of data, in the file
}

// newTail locks a file, and tells whether nobody else has.
func newTail(file *os.File) (_ *tail, alone bool, err error) {
	t := &tail{file: file}
	if t.lock(syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		return t, true, nil
	}
	if t.lock(syscall.LOCK_SH) != nil {
		return nil, false, nil // The file system has no locks.
	}
	return t, false, nil
}

// share lets others have the file too.
func (t *tail) share() error {
	if t == nil {
		return nil
	}
	return t.lock(syscall.LOCK_SH)
}

func (t *tail) lock(how int) error {
	for {
		if err := syscall.Flock(int(t.file.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// append appends a line. After an error other than errNoTail it must not be called again.
func (t *tail) append(line []byte) error {
	if len(line) > len(t.data)-t.at {
		if err := t.grow(len(line)); err != nil {
			return err
		}
	}
	if err := put(t.data[t.at:], line); err != nil {
		return fmt.Errorf("write %s: %w", t.file.Name(), err)
	}
	t.at += len(line)
	return nil
}

// put copies a line from its first byte to its last one, so that one that is torn is the beginning of a line. A fault is
// what becomes of memory whose page cannot be had, such as that of a file that somebody has shortened.
func put(dst, line []byte) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("its end cannot be reached: %v", r)
		}
	}()
	_ = dst[:len(line)]
	for len(line) >= 8 && len(dst) >= 8 {
		binary.NativeEndian.PutUint64(dst, binary.NativeEndian.Uint64(line))
		dst, line = dst[8:], line[8:]
	}
	for ; len(line) > 0; dst, line = dst[1:], line[1:] {
		dst[0] = line[0]
	}
	return nil
}

// grow makes room for a line, behind the one before if nobody else appended to the file.
func (t *tail) grow(line int) error {
	room := zeros[:]
	if line > len(room) {
		room = make([]byte, line)
	}
	size := len(room)
	if _, err := t.file.Write(room); err != nil {
		return err
	}
	end, err := t.file.Seek(0, 1)
	if err != nil {
		return err
	}
	start := end - int64(size)
	if start == t.end {
		start -= int64(len(t.data) - t.at)
	}
	first := t.data == nil
	if err := t.unmap(); err != nil {
		return err
	}
	from := start &^ int64(os.Getpagesize()-1)
	data, err := syscall.Mmap(int(t.file.Fd()), from, int(end-from), syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_SHARED)
	if err != nil {
		if first {
			return errNoTail
		}
		return fmt.Errorf("map %s: %w", t.file.Name(), err)
	}
	t.data, t.at, t.end = data, int(start-from), end
	// An older kernel does not know this, and lets put fetch each page when it comes to it.
	_ = syscall.Madvise(data, populateWrite)
	return nil
}

func (t *tail) unmap() error {
	if t.data == nil {
		return nil
	}
	err := syscall.Munmap(t.data)
	t.data, t.at = nil, 0
	return err
}

// close takes away the zeros that are left, unless others use the file: they may be about to append behind them.
func (t *tail) close() error {
	if t == nil || t.data == nil {
		return nil
	}
	lines := t.end - int64(len(t.data)-t.at)
	err := t.unmap()
	if t.lock(syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return err
	}
	info, statErr := t.file.Stat()
	if statErr != nil || info.Size() != t.end {
		return errors.Join(err, statErr)
	}
	return errors.Join(err, t.file.Truncate(lines))
}
