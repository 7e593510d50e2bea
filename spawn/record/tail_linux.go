package record

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
)

// pieceSize is how many bytes the file grows by. More would cost more memory, less more system calls.
const pieceSize = 128 << 10

// populateWrite is MADV_POPULATE_WRITE, which package syscall lacks. It makes pages writable at once, which costs less than a
// fault for each.
const populateWrite = 23

var zeros [pieceSize]byte

// tail is the end of a file in memory. What is copied there is in the pages of the kernel at once. The room for it is made
// by appending zeros: a disk that is full is an error of that write, each process gets a part of its own although others
// append to the same file, and no page need be fetched. It is made ahead, while lines are still copied to the room before.
//
// Whoever has the file open holds a shared lock on it, so that one who gets it for himself alone knows that the zeros
// at its end are nobody's.
type tail struct {
	file  *os.File
	now   piece
	ahead chan grown // what grow came to that was called ahead; nil if it was not
}

// piece is a part of the file that is mapped.
type piece struct {
	memory []byte // from the beginning of a page on
	free   []byte // the end of memory, where the next line goes; File has what is left of that of the current piece
	end    int64  // in the file
}

// start gives where the free room begins, in the file.
func (p *piece) start() int64 { return p.end - int64(len(p.free)) }

func (p *piece) unmap() error {
	if p.memory == nil {
		return nil
	}
	err := syscall.Munmap(p.memory)
	p.memory, p.free = nil, nil
	return err
}

// grown is a new piece, or why there is none.
type grown struct {
	piece piece
	err   error
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

// append appends a line for which there is no room, which is what is left of a piece, and gives what is left then. The line
// goes on in the pieces behind, unless another process has appended between them: then it begins anew behind that, and
// zeros are left. After an error other than errNoTail it must not be called again.
func (t *tail) append(line, room []byte) ([]byte, error) {
	t.now.free = room
	pieces, size := []piece{t.now}, len(room)
	t.now = piece{}
	for size < len(line) {
		next, err := t.next(len(line) - size)
		if err != nil { // Nothing of the line is written.
			return nil, errors.Join(err, unmap(pieces))
		}
		end := pieces[len(pieces)-1].end
		if next.start() < end {
			return nil, errors.Join(fmt.Errorf("write %s: somebody has shortened it", t.file.Name()),
				unmap(append(pieces, next)))
		}
		if next.start() > end {
			if err := unmap(pieces); err != nil {
				return nil, err
			}
			pieces, size = nil, 0
		}
		pieces, size = append(pieces, next), size+len(next.free)
	}
	for i := range pieces {
		p := &pieces[i]
		n := min(len(line), len(p.free))
		if err := put(p.free, line[:n]); err != nil {
			return nil, errors.Join(err, unmap(pieces))
		}
		p.free, line = p.free[n:], line[n:]
	}
	last := len(pieces) - 1
	t.now = pieces[last]
	return t.now.free, t.growAhead(pieces[:last])
}

func unmap(room []piece) error {
	var err error
	for i := range room {
		err = errors.Join(err, room[i].unmap())
	}
	return err
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
	const block = 32
	for len(line) >= block && len(dst) >= block {
		*(*[block]byte)(dst) = *(*[block]byte)(line)
		dst, line = dst[block:], line[block:]
	}
	for ; len(line) > 0; dst, line = dst[1:], line[1:] {
		dst[0] = line[0]
	}
	return nil
}

// next gives the piece that was made ahead, or makes one, for so many bytes more at least.
func (t *tail) next(bytes int) (piece, error) {
	if t.ahead == nil {
		return t.grow(bytes)
	}
	g := <-t.ahead
	t.ahead = nil
	return g.piece, g.err
}

// growAhead begins to make the next piece, and to give back what is no longer needed. There is one at most that is made:
// next or close wait for it.
func (t *tail) growAhead(old []piece) error {
	if t.ahead != nil {
		return unmap(old)
	}
	ahead := make(chan grown, 1)
	t.ahead = ahead
	go func() {
		err := unmap(old)
		p, growErr := t.grow(0)
		ahead <- grown{p, errors.Join(err, growErr)}
	}()
	return nil
}

// grow makes the file longer, and maps what it got.
func (t *tail) grow(bytes int) (piece, error) {
	room := zeros[:]
	if bytes > len(room) {
		room = make([]byte, bytes)
	}
	if _, err := t.file.Write(room); err != nil {
		return piece{}, err
	}
	end, err := t.file.Seek(0, 1)
	if err != nil {
		return piece{}, err
	}
	start := end - int64(len(room))
	from := start &^ int64(os.Getpagesize()-1)
	memory, err := syscall.Mmap(int(t.file.Fd()), from, int(end-from), syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_SHARED)
	if err != nil {
		return piece{}, fmt.Errorf("%w: %w", errNoTail, err)
	}
	// An older kernel does not know this, and lets put fetch each page when it comes to it.
	_ = syscall.Madvise(memory, populateWrite)
	return piece{memory, memory[start-from:], end}, nil
}

// close takes away the zeros that are left, the rest of a piece and one that was made ahead, unless others use the file: they may be about to append behind them.
func (t *tail) close(room []byte) error {
	if t == nil {
		return nil
	}
	t.now.free = room
	start, end, used := t.now.start(), t.now.end, t.now.memory != nil
	err := t.now.unmap()
	if t.ahead != nil {
		g := <-t.ahead
		t.ahead = nil
		if g.piece.start() == end {
			end = g.piece.end
		}
		err = errors.Join(err, g.piece.unmap())
	}
	if !used || t.lock(syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return err
	}
	info, statErr := t.file.Stat()
	if statErr != nil || info.Size() != end {
		return errors.Join(err, statErr)
	}
	return errors.Join(err, t.file.Truncate(start))
}
