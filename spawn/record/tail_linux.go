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

// windowSize is how much of the file is mapped at once, most of it before the file is so long. To take a mapping away
// interrupts all processors.
const windowSize = 8 << 20

// populateWrite is MADV_POPULATE_WRITE, which package syscall lacks. It makes pages writable at once, which costs less than a
// fault for each.
const populateWrite = 23

var zeros [pieceSize]byte

// tail is the end of a file in memory. What is copied there is in the pages of the kernel at once. The room for it is made
// by appending zeros: a disk that is full is an error of that write, each process gets a part of its own although others
// append to the same file, and no page need be fetched. It is made ahead, while lines are still copied to the room before.
//
// Every process that has the file open holds a shared lock on it, so that a process that gets an exclusive lock knows that the zeros
// at its end are nobody's.
type tail struct {
	file   *os.File
	now    piece
	ahead  chan grown // what grow came to that was called ahead; nil if it was not
	window *window    // of the last piece; grow has it to itself while it is called ahead
}

// piece is a part of the file that is mapped, and as long as it was grown.
type piece struct {
	window *window // nil for none
	free   []byte  // where the next line goes; File has what is left of that of the current piece
	end    int64   // in the file
}

// window is a part of the file that is mapped. What lies behind the end of the file must not be touched.
type window struct {
	memory []byte
	from   int64 // in the file, at the beginning of a page
	pieces int   // that are still needed
}

// start returns where the free room begins, in the file.
func (p *piece) start() int64 { return p.end - int64(len(p.free)) }

// release releases pieces, and with the last one of a window the window.
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
			return nil, errors.Join(err, t.release(pieces...))
		}
		end := pieces[len(pieces)-1].end
		if next.start() < end {
			return nil, errors.Join(fmt.Errorf("write %s: somebody has shortened it", t.file.Name()),
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

// next returns the piece that was made ahead, or makes one, for so many bytes more at least.
func (t *tail) next(bytes int) (piece, error) {
	if t.ahead == nil {
		return t.grow(bytes)
	}
	g := <-t.ahead
	t.ahead = nil
	return g.piece, g.err
}

// growAhead begins to make the next piece, and to give back what is no longer needed. None is being made
// already: next waits for it, as close does.
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
	// An older kernel does not know this, and lets put fetch each page when it comes to it.
	_ = syscall.Madvise(w.memory[page-w.from:end-w.from], populateWrite)
	return piece{w, w.memory[start-w.from : end-w.from], end}, nil
}

// look sees to it that a part of the file is in the window.
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

// close takes away the zeros that are left, the rest of a piece and one that was made ahead, unless others use the file:
// they may be about to append behind them.
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
