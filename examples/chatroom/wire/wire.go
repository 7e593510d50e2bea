// Package wire encodes the protocol between clients and servers of a chatroom.
//
// A frame is the length of a body, as four bytes in big-endian order, followed by the body. Numbers in a body are
// little-endian. A text is its length in bytes as a u64, followed by that much UTF-8. A command is
//
//	client u64, number u64, mode u32
//
// followed by the fields of its mode: none for a get (0), and the message for a put (1). A get is answered by
//
//	u32 0, count u64, then count texts
//
// and a put is not answered. This is the protocol of the published programs. This package adds the modes
//
//	2  acknowledged put: floor u64, message; answered by u32 1, number u64, count u64
//	3  compare and swap: floor u64, count u64, message; answered by u32 1 as above, or by u32 2, number u64, count u64
//	4  set members: floor u64, and a text such as 0,1,2 with the ids of the servers that vote; answered by u32 1 as above
//
// where the count in an answer is the number of messages in the log after the command. A compare and swap appends its
// message if the log has exactly as many messages as its count; otherwise it is answered by 2. The floor promises
// that the client no longer needs answers to its commands with lower numbers, and sends none of them for the first
// time. Any answer may be replaced by u32 3, number u64, and a text with the reason why the command was refused.
//
// A server closes the connection if it receives an unknown mode.
package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// MaxFrame is the maximum size of a body: 8 MiB.
const MaxFrame = 8 << 20

// MaxMessage is the maximum size in bytes of a message that fits into every command.
const MaxMessage = MaxFrame - 44

// Mode is the kind of a command.
type Mode uint32

// The modes.
const (
	Get Mode = iota
	Put
	AcknowledgedPut
	Swap
	SetMembers
)

// Command is a request of a client.
type Command struct {
	Client  uint64
	Number  uint64 // chosen by the client; never used twice
	Mode    Mode
	Floor   uint64 // for an acknowledged put, a swap and a set of members; otherwise 0
	Count   uint64 // for a swap: the number of messages that the log must have; otherwise 0
	Message string // for all but a get; otherwise empty
}

// Kind is the kind of an answer.
type Kind uint32

// The kinds of answers.
const (
	Messages Kind = iota
	Done
	Differs
	Refused
)

// Answer is the answer to a command.
type Answer struct {
	Kind     Kind
	Number   uint64   // of the command; 0 for Messages, which do not contain it
	Count    uint64   // number of messages in the log, for Done and Differs; otherwise 0
	Messages []string // for Messages; nil if there are none
	Reason   string   // for Refused; otherwise empty
}

// errFrame is the error of a frame whose length exceeds the limit.
var errFrame = fmt.Errorf("a frame has at most %d bytes", MaxFrame)

// ErrTooLarge is returned if an answer does not fit into a frame.
var ErrTooLarge = fmt.Errorf("the answer has more than the %d bytes of a frame", MaxFrame)

// ReadFrame reads the body of a frame. It allocates memory as the body arrives. It returns io.EOF at the end of the
// stream.
func ReadFrame(r io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > MaxFrame {
		return nil, errFrame
	}
	var body bytes.Buffer
	if _, err := io.CopyN(&body, r, int64(n)); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return body.Bytes(), nil
}

// AppendCommand appends the frame of a command. The mode must be valid.
func AppendCommand(dst []byte, c Command) []byte {
	return frame(dst, func(dst []byte) []byte {
		dst = binary.LittleEndian.AppendUint64(dst, c.Client)
		dst = binary.LittleEndian.AppendUint64(dst, c.Number)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(c.Mode))
		if c.Mode != Get && c.Mode != Put {
			dst = binary.LittleEndian.AppendUint64(dst, c.Floor)
		}
		if c.Mode == Swap {
			dst = binary.LittleEndian.AppendUint64(dst, c.Count)
		}
		if c.Mode != Get {
			dst = appendText(dst, c.Message)
		}
		return dst
	})
}

// DecodeCommand decodes the body of a command. Trailing data is an error.
func DecodeCommand(body []byte) (Command, error) {
	r := reader{rest: body}
	c := Command{Client: r.uint64(), Number: r.uint64(), Mode: Mode(r.uint32())}
	switch {
	case r.err != nil:
	case c.Mode > SetMembers:
		r.fail("the mode %d is not known", c.Mode)
	case c.Mode == Get:
	default:
		if c.Mode != Put {
			c.Floor = r.uint64()
		}
		if c.Mode == Swap {
			c.Count = r.uint64()
		}
		c.Message = r.text()
	}
	if err := r.end(); err != nil {
		return Command{}, fmt.Errorf("command: %w", err)
	}
	return c, nil
}

// AppendAnswer appends the frame of an answer. It returns ErrTooLarge if the answer does not fit.
func AppendAnswer(dst []byte, a Answer) ([]byte, error) {
	size := 64 + len(a.Reason)
	for _, m := range a.Messages {
		size += 8 + len(m)
		if size > MaxFrame+64 {
			return dst, ErrTooLarge
		}
	}
	start := len(dst)
	dst = frame(dst, func(dst []byte) []byte {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(a.Kind))
		switch a.Kind {
		case Messages:
			dst = binary.LittleEndian.AppendUint64(dst, uint64(len(a.Messages)))
			for _, m := range a.Messages {
				dst = appendText(dst, m)
			}
			return dst
		case Done, Differs:
			dst = binary.LittleEndian.AppendUint64(dst, a.Number)
			return binary.LittleEndian.AppendUint64(dst, a.Count)
		case Refused:
			dst = binary.LittleEndian.AppendUint64(dst, a.Number)
			return appendText(dst, a.Reason)
		}
		return dst
	})
	if len(dst)-start-4 > MaxFrame {
		return dst[:start], ErrTooLarge
	}
	return dst, nil
}

// DecodeAnswer decodes the body of an answer. Trailing data is an error.
func DecodeAnswer(body []byte) (Answer, error) {
	r := reader{rest: body}
	a := Answer{Kind: Kind(r.uint32())}
	switch {
	case r.err != nil:
	case a.Kind > Refused:
		r.fail("the kind %d is not known", a.Kind)
	case a.Kind == Messages:
		n := r.uint64()
		if n > uint64(len(r.rest))/8 { // Each text has a length, so this bounds the allocation.
			r.fail("%d messages do not fit into %d bytes", n, len(r.rest))
		}
		for i := uint64(0); i < n && r.err == nil; i++ {
			a.Messages = append(a.Messages, r.text())
		}
	case a.Kind == Refused:
		a.Number, a.Reason = r.uint64(), r.text()
	default:
		a.Number, a.Count = r.uint64(), r.uint64()
	}
	if err := r.end(); err != nil {
		return Answer{}, fmt.Errorf("answer: %w", err)
	}
	return a, nil
}

// frame appends a body after its length.
func frame(dst []byte, body func([]byte) []byte) []byte {
	at := len(dst)
	dst = body(append(dst, 0, 0, 0, 0))
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

func appendText(dst []byte, text string) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(len(text)))
	return append(dst, text...)
}

// reader reads the parts of a body. After an error it returns zero values.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	r.rest = nil
}

func (r *reader) take(n int, what string) []byte {
	if r.err != nil {
		return nil
	}
	if len(r.rest) < n {
		r.fail("%s: %d bytes are left, and %d belong to it", what, len(r.rest), n)
		return nil
	}
	part := r.rest[:n]
	r.rest = r.rest[n:]
	return part
}

func (r *reader) uint32() uint32 {
	if part := r.take(4, "a number"); part != nil {
		return binary.LittleEndian.Uint32(part)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if part := r.take(8, "a number"); part != nil {
		return binary.LittleEndian.Uint64(part)
	}
	return 0
}

func (r *reader) text() string {
	n := r.uint64()
	if r.err == nil && n > uint64(len(r.rest)) {
		r.fail("a text of %d bytes: %d are left", n, len(r.rest))
		return ""
	}
	text := r.take(int(n), "a text")
	if !utf8.Valid(text) {
		r.fail("a text must be UTF-8")
		return ""
	}
	return string(text)
}

func (r *reader) end() error {
	if r.err == nil && len(r.rest) > 0 {
		r.fail("%d bytes follow it", len(r.rest))
	}
	return r.err
}
