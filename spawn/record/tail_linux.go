package record

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
)

// pieceSize is the number of bytes by which the file grows. A larger value costs more memory, a smaller one more
// system calls.
const pieceSize = 128 << 10

// windowSize is the size of a mapping, most of which is at first beyond the end of the file. It is large because
// unmapping interrupts all processors.
const windowSize = 8 << 20

// populateWrite is MADV_POPULATE_WRITE, which package syscall lacks. It makes pages writable at once, which is
// cheaper than a fault for each.
const populateWrite = 23

var zeros [pieceSize]byte

// tail is the end of a file in memory. What is copied there is in the kernel's pages at once. Room is made by
// appending zeros: a full disk is an error of that write, each process gets its own part even if others append to the
// same file, and no page has to be read. Room is made ahead of time, while lines are still copied to the previous
// piece.
//
// Every process that has the file open holds a shared lock on it. So a process that gets an exclusive lock knows that
// the zeros at the end are not in use.
type tail struct {
	file   *os.File
	now    piece
	ahead  chan grown // receives the result of grow running ahead; nil if it is not
	window *window    // the window of the last piece; owned by grow while it runs ahead
}

// piece is a mapped part of the file, added by one growth.
type piece struct {
	window *window // may be nil
	free   []byte  // room for the next lines; that of the current piece is in File
	end    int64   // the offset in the file
}

// window is a mapping of a part of the file. Memory beyond the end of the file must not be touched.
type window struct {
	memory []byte
	from   int64 // the offset in the file, page-aligned
	pieces int   // the number of pieces still needed
}

// start returns the offset in the file at which the free room begins.
func (p *piece) start() int64 { return p.end - int64(len(p.free)) }

// release releases pieces, and a window with its last piece.
func (t *tail) release(pieces ...piece) error {
	var err error
	for _, p := range pieces {
		if p.window == nil {
			continue
		}
		if p.window.pieces--; p.window.pieces == 0 && p.window != t.window {
			err = errors.Join(err, syscall.Munmap(p.window.memory))
		}
	}
	return err
}

// grown is the result of grow.
type grown struct {
	piece piece
	err   error
}

// newTail locks a file, and reports whether no other process has it open.
func newTail(file *os.File) (_ *tail, alone bool, err error) {
	t := &tail{file: file}
	if t.lock(syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		return t, true, nil
	}
	if t.lock(syscall.LOCK_SH) != nil {
		return nil, false, nil // The file system does not support locks.
	}
	return t, false, nil
}

// share lets other processes open the file too.
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

// append appends a line for which room, the rest of the current piece, is too small, and returns the room left after
// it. The line continues in the next pieces, unless another process has appended in between: then it starts again
// after that, and zeros are left. After an error other than errNoTail it must not be called again.
func (t *tail) append(line, room []byte) ([]byte, error) {
	t.now.free = room
	pieces, size := []piece{t.now}, len(room)
	t.now = piece{}
	for size < len(line) {
		next, err := t.next(len(line) - size)
		if err != nil { // Nothing of the line is written.
			return nil, errors.Join(err, t.release(pieces...))
		}
		end := pieces[len(pieces)-1].end
		if next.start() < end {
			return nil, errors.Join(fmt.Errorf("write %s: another program has truncated the file", t.file.Name()),
				t.release(append(pieces, next)...))
		}
		if next.start() > end {
			if err := t.release(pieces...); err != nil {
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
			return nil, errors.Join(err, t.release(pieces...))
		}
		p.free, line = p.free[n:], line[n:]
	}
	last := len(pieces) - 1
	t.now = pieces[last]
	t.growAhead(pieces[:last])
	return t.now.free, nil
}

// put copies a line from its first byte to its last, so that a torn line is a prefix. It returns a fault as an error:
// a page may be unavailable, for example because the file was truncated.
func put(dst, line []byte) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the end of the file is not accessible: %v", r)
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

// next returns the piece made ahead, or makes one, for at least the given number of additional bytes.
func (t *tail) next(bytes int) (piece, error) {
	if t.ahead == nil {
		return t.grow(bytes)
	}
	g := <-t.ahead
	t.ahead = nil
	return g.piece, g.err
}

// growAhead starts to make the next piece, and to release old ones. It must not be running already: next and close
// wait for it.
func (t *tail) growAhead(old []piece) {
	ahead := make(chan grown, 1)
	t.ahead = ahead
	go func() {
		err := t.release(old...)
		p, growErr := t.grow(0)
		ahead <- grown{p, errors.Join(err, growErr)}
	}()
}

// grow extends the file, and maps the new part.
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
	if err := t.look(start, end); err != nil {
		return piece{}, fmt.Errorf("%w: %w", errNoTail, err)
	}
	w := t.window
	w.pieces++
	page := start &^ int64(os.Getpagesize()-1)
	// An older kernel does not support this; put then faults in each page.
	_ = syscall.Madvise(w.memory[page-w.from:end-w.from], populateWrite)
	return piece{w, w.memory[start-w.from : end-w.from], end}, nil
}

// look makes sure that a part of the file is in the window.
func (t *tail) look(start, end int64) error {
	old := t.window
	if old != nil && start >= old.from && end <= old.from+int64(len(old.memory)) {
		return nil
	}
	from := start &^ int64(os.Getpagesize()-1)
	memory, err := syscall.Mmap(int(t.file.Fd()), from, int(max(end-from, windowSize)),
		syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	t.window = &window{memory: memory, from: from}
	if old != nil && old.pieces == 0 {
		return syscall.Munmap(old.memory)
	}
	return nil
}

// close truncates the remaining zeros, in the current piece and one made ahead, unless other processes use the file,
// which may be about to append after them.
func (t *tail) close(room []byte) error {
	if t == nil {
		return nil
	}
	t.now.free = room
	start, end, used := t.now.start(), t.now.end, t.now.window != nil
	ahead := grown{}
	if t.ahead != nil {
		ahead = <-t.ahead
		t.ahead = nil
		if ahead.piece.window != nil && ahead.piece.start() == end {
			end = ahead.piece.end
		}
	}
	last := t.window
	t.window = nil
	err := t.release(t.now, ahead.piece)
	if last != nil && last.pieces == 0 && last != t.now.window && last != ahead.piece.window {
		err = errors.Join(err, syscall.Munmap(last.memory))
	}
	t.now = piece{}
	if !used || t.lock(syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return err
	}
	info, statErr := t.file.Stat()
	if statErr != nil || info.Size() != end {
		return errors.Join(err, statErr)
	}
	return errors.Join(err, t.file.Truncate(start))
}
