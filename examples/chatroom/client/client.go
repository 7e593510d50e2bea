// Package client is an interactive and scriptable client of a chatroom: it reads lines, sends the commands in them to
// a server, and prints the answers. Commands and output are those of the published client.
package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"synod/examples/chatroom"
	"synod/examples/chatroom/wire"
)

// prompt is printed before each line.
const prompt = "> "

// DefaultTimeout is the default time limit of a get.
const DefaultTimeout = 10 * time.Second

// Options configure a client.
type Options struct {
	ID      uint64
	In      io.Reader // lines; a terminal gets line editing with history
	Out     io.Writer
	Timeout time.Duration // of a get; 0 for DefaultTimeout
	// First is the number of the first command. Servers treat a repeated number as the same command, so it must have
	// grown since the last run. 0 means nanoseconds since 1970, which have.
	First uint64
}

// Run processes lines until the end of the input or of the context.
func Run(ctx context.Context, c Options) error {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.First == 0 {
		c.First = uint64(time.Now().UnixNano())
	}
	s := &session{Options: c, next: c.First}
	defer s.disconnect()
	lines, done, err := s.lines()
	if err != nil {
		return err
	}
	defer done()
	for {
		line, err := lines()
		switch {
		case errors.Is(err, errLong):
			s.fail("could not parse command")
			continue
		case errors.Is(err, io.EOF) || ctx.Err() != nil:
			return s.err
		case err != nil:
			return err
		}
		if s.do(ctx, line); s.err != nil || ctx.Err() != nil {
			return s.err
		}
	}
}

// session is a running client.
type session struct {
	Options
	next uint64
	conn *Connection // nil if not connected
	port uint16
	err  error // first error of the output
}

// lines returns a function that returns the next line, and one to call at the end.
func (s *session) lines() (next func() (string, error), done func(), err error) {
	if file, ok := s.In.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return s.edited(file)
	}
	r := bufio.NewReader(s.In)
	next = func() (string, error) {
		s.print("%s", prompt)
		return readLine(r)
	}
	return next, func() { s.print("\n") }, nil
}

// edited returns lines edited on a terminal.
func (s *session) edited(file *os.File) (next func() (string, error), done func(), err error) {
	fd := int(file.Fd())
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{file, s.Out}, prompt)
	next = func() (string, error) {
		before, err := term.MakeRaw(fd)
		if err != nil {
			return "", err
		}
		if width, height, err := term.GetSize(fd); err == nil && width > 0 {
			_ = t.SetSize(width, height) // A wrong window size is harmless.
		}
		line, err := t.ReadLine()
		if errors.Is(err, term.ErrPasteIndicator) {
			err = nil
		}
		return line, errors.Join(err, term.Restore(fd, before))
	}
	return next, func() { s.print("\n") }, nil
}

// maxLine is the maximum length of a line in bytes.
const maxLine = wire.MaxFrame

var errLong = fmt.Errorf("a line has at most %d bytes", maxLine)

// readLine reads a line without its end; the last one may have none. A line that is too long is skipped.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0 && !long):
			return "", err
		case long:
			return "", errLong
		}
		return strings.TrimSuffix(string(line), "\n"), nil
	}
}

func (s *session) print(format string, args ...any) {
	if _, err := fmt.Fprintf(s.Out, format, args...); err != nil && s.err == nil {
		s.err = err
	}
}

func (s *session) respond(format string, args ...any) { s.print("[RESPONSE]: "+format+"\n", args...) }

func (s *session) fail(format string, args ...any) { s.print("[ERROR]: "+format+"\n", args...) }

const usage = `--------------------------------------------------------------
Possible commands:
connect <PORT> | c <PORT>  -- Connect to server at <PORT>
disconnect     | d         -- Disconnect from current server
get            | g         -- Get chat log from current server
put <MSG>      | p <MSG>   -- Write <MSG> to current server
members <IDS>  | m <IDS>   -- Have the servers <IDS> vote, such as 0,1,2
help           | h         -- Print this
--------------------------------------------------------------
`

// do executes a line. A message is the rest of the line, unchanged.
func (s *session) do(ctx context.Context, line string) {
	word, rest, more := strings.Cut(strings.TrimSpace(line), " ")
	switch {
	case word == "help" || word == "h":
		s.print("%s", usage)
	case word == "get" || word == "g":
		s.get(ctx)
	case word == "disconnect" || word == "d":
		if s.connected() {
			s.disconnect()
			s.respond("disconnected from server at port %d", s.port)
		}
	case (word == "connect" || word == "c") && more:
		port, err := strconv.ParseUint(strings.TrimSpace(rest), 10, 16)
		if err != nil || port == 0 {
			s.fail("could not parse command")
			return
		}
		s.connect(ctx, uint16(port))
	case (word == "put" || word == "p") && more:
		s.put(rest)
	case (word == "members" || word == "m") && more:
		s.members(ctx, strings.TrimSpace(rest))
	default:
		s.fail("could not parse command")
	}
}

// connected reports whether there is a connection, and prints a message if there is none.
func (s *session) connected() bool {
	if s.conn != nil && s.conn.Gone() {
		s.disconnect()
	}
	if s.conn == nil {
		s.fail("not connected to a server")
	}
	return s.conn != nil
}

func (s *session) connect(ctx context.Context, port uint16) {
	s.disconnect()
	conn, err := Dial(ctx, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port))
	if err != nil {
		s.fail("could not connect to server at port %d: %v", port, err)
		return
	}
	s.conn, s.port = conn, port
	s.respond("connected to server at port %d", port)
}

func (s *session) disconnect() {
	if s.conn != nil {
		_ = s.conn.Close() // The connection is not used again.
		s.conn = nil
	}
}

// command returns the next command.
func (s *session) command(mode wire.Mode, message string) wire.Command {
	c := wire.Command{Client: s.ID, Number: s.next, Mode: mode, Message: message}
	s.next++
	return c
}

func (s *session) put(message string) {
	if !s.connected() {
		return
	}
	if len(message) > chatroom.MaxMessage {
		s.fail("a message has at most %d bytes", chatroom.MaxMessage)
		return
	}
	if err := s.conn.Send(s.command(wire.Put, strings.ToValidUTF8(message, "\ufffd"))); err != nil {
		s.fail("could not send message: %v", err)
		s.disconnect()
		return
	}
	s.respond("successfully sent message")
}

func (s *session) get(ctx context.Context) {
	s.ask(ctx, s.command(wire.Get, ""), wire.Messages, "get messages", func(a wire.Answer) {
		s.respond("%s", chatroom.List(a.Messages))
	})
}

// members changes which servers vote.
func (s *session) members(ctx context.Context, ids string) {
	s.ask(ctx, s.command(wire.SetMembers, ids), wire.Done, "change the members", func(wire.Answer) {
		s.respond("the servers %s are to vote", ids)
	})
}

// ask sends a command and shows the answer, which must be of some kind.
func (s *session) ask(ctx context.Context, c wire.Command, want wire.Kind, what string, show func(a wire.Answer)) {
	if !s.connected() {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.Timeout, fmt.Errorf("no answer within %v", s.Timeout))
	defer cancel()
	err := s.conn.Send(c)
	if err == nil {
		var a wire.Answer
		a, err = s.conn.Answer(ctx)
		switch {
		case err != nil:
		case a.Kind == wire.Refused:
			err = errors.New(a.Reason)
		case a.Kind != want:
			err = fmt.Errorf("the server answered something else: %+v", a)
		default:
			show(a)
			return
		}
	}
	// A late answer would be taken for the answer to another command.
	s.fail("could not %s: %v", what, err)
	s.disconnect()
}
