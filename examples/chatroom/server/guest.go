package server

import (
	"bufio"
	"container/list"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"synod/actor"
	"synod/examples/chatroom/wire"
)

// Limits of the answers queued for a client that does not read.
const (
	maxAnswers = 1024
	maxBytes   = 64 << 20 // except for a single larger answer
)

// guest is a client connection.
type guest struct {
	front *front
	id    actor.ID
	conn  net.Conn
	place *list.Element // in front.silent; guarded by front.mu

	counting chan struct{} // has an element for each outstanding count

	mu      sync.Mutex
	frames  [][]byte // answers to write
	bytes   int      // total size of frames
	more    *sync.Cond
	closing error // why writing ends; nil while it continues
}

func newGuest(f *front, id actor.ID, conn net.Conn) *guest {
	g := &guest{front: f, id: id, conn: conn, counting: make(chan struct{}, counts)}
	g.more = sync.NewCond(&g.mu)
	return g
}

// number returns the number of the connection, from 0, for the log.
func (g *guest) number() uint64 { return uint64(g.id - firstID) }

// serve reads commands until the connection ends, and returns the reason.
func (g *guest) serve() error {
	var written sync.WaitGroup
	written.Go(g.write)
	err := g.read()
	g.end(err)
	written.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closing
}

var errBye = errors.New("the client closed the connection")

func (g *guest) read() error {
	r := bufio.NewReader(g.conn)
	commands, size := 0, 0
	for {
		c, err := g.next(r)
		if err != nil {
			return err
		}
		request, err := g.front.command(g, c)
		if err != nil {
			return g.refuse(c, err)
		}
		g.front.log.Debug("a command", "client", g.number(), "id", c.Client, "number", c.Number, "mode", c.Mode, "bytes", len(c.Message))
		if !g.front.inbox.Put(g.id, request) {
			return net.ErrClosed
		}
		if commands, size = commands+1, size+len(request); commands >= countEach || size >= countSize {
			commands, size = 0, 0
			if err := g.count(); err != nil {
				return err
			}
		}
	}
}

// next reads a command. The client may be silent before a frame, but must complete it within patience.
func (g *guest) next(r *bufio.Reader) (wire.Command, error) {
	if err := g.conn.SetReadDeadline(time.Time{}); err != nil {
		return wire.Command{}, err
	}
	if _, err := r.Peek(1); err != nil {
		if errors.Is(err, io.EOF) {
			err = errBye
		}
		return wire.Command{}, err
	}
	if err := g.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return wire.Command{}, err
	}
	body, err := wire.ReadFrame(r)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return wire.Command{}, fmt.Errorf("a command took more than %v", patience)
	case err != nil:
		return wire.Command{}, err
	}
	return wire.DecodeCommand(body)
}

// refuse sends the reason to a client whose mode supports it. Other clients do not wait for an answer.
func (g *guest) refuse(c wire.Command, why error) error {
	if c.Mode != wire.Get && c.Mode != wire.Put {
		g.tell(wire.Answer{Kind: wire.Refused, Number: c.Number, Reason: why.Error()})
	}
	return why
}

// count sends a count, and waits if too many are outstanding. Commands of a client that does not wait for answers are
// therefore read no faster than they are executed.
func (g *guest) count() error {
	request, err := g.front.count()
	if err != nil {
		return err
	}
	select {
	case g.counting <- struct{}{}:
	case <-g.front.ctx.Done():
		return net.ErrClosed
	}
	if !g.front.inbox.Put(g.id, request) {
		return net.ErrClosed
	}
	return nil
}

// counted records that a count was answered.
func (g *guest) counted() {
	select {
	case <-g.counting:
	default:
	}
}

// tell queues an answer. If it is too large, or the queue is too long, the connection ends.
func (g *guest) tell(a wire.Answer) {
	frame, err := wire.AppendAnswer(nil, a)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil && len(g.frames) > 0 && (len(g.frames) >= maxAnswers || g.bytes+len(frame) > maxBytes) {
		err = errors.New("the client does not read its answers")
	}
	if err != nil {
		g.stop(err)
		return
	}
	g.frames, g.bytes = append(g.frames, frame), g.bytes+len(frame)
	g.more.Signal()
}

// end makes the writer end after writing the queued answers.
func (g *guest) end(why error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing == nil {
		g.closing = why
	}
	g.more.Signal()
}

// stop closes the connection immediately. The caller holds the lock.
func (g *guest) stop(why error) {
	if g.closing == nil {
		g.closing = why
	}
	g.frames, g.bytes = nil, 0
	g.conn.Close()
	g.more.Signal()
}

// write writes answers until the connection ends.
func (g *guest) write() {
	for {
		g.mu.Lock()
		for len(g.frames) == 0 && g.closing == nil {
			g.more.Wait()
		}
		if len(g.frames) == 0 {
			g.mu.Unlock()
			return
		}
		frame := g.frames[0]
		g.frames, g.bytes = g.frames[1:], g.bytes-len(frame)
		g.mu.Unlock()
		err := g.conn.SetWriteDeadline(time.Now().Add(patience))
		if err == nil {
			_, err = g.conn.Write(frame)
		}
		if err != nil {
			g.mu.Lock()
			g.stop(err)
			g.mu.Unlock()
		}
	}
}
