package tcp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"synod/actor"
	"synod/internal/strictjson"
	"synod/spawn/machine"
)

// header is the size in bytes of the length before a message: an unsigned big-endian number.
const header = 4

// errTooLarge is the error of a frame whose length exceeds the limit.
var errTooLarge = errors.New("the message is too large")

// WriteFrame writes a message with its length in a single call of Write.
func WriteFrame(w io.Writer, data []byte) error {
	framed := make([]byte, 0, header+len(data))
	framed = binary.BigEndian.AppendUint32(framed, uint32(len(data)))
	_, err := w.Write(append(framed, data...))
	return err
}

// ReadFrame reads a message of at most machine.MaxMessage bytes.
func ReadFrame(r io.Reader) ([]byte, error) { return readFrame(r, machine.MaxMessage) }

// atOnce is the size of the initial buffer for a message. The buffer grows as data arrives, so that a sender cannot
// cause allocations by announcing a large message.
const atOnce = 64 << 10

// readFrame reads a message of at most the given number of bytes.
func readFrame(r io.Reader, most int) ([]byte, error) {
	var length [header]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(length[:])
	if uint64(n) > uint64(most) {
		return nil, errTooLarge
	}
	if n <= atOnce {
		data := make([]byte, n)
		_, err := io.ReadFull(r, data)
		return data, err
	}
	data := bytes.NewBuffer(make([]byte, 0, atOnce))
	if _, err := io.CopyN(data, r, int64(n)); err != nil {
		return nil, err
	}
	return data.Bytes(), nil
}

// hello returns the first message of a server on a connection, which contains its id.
func hello(self actor.ID) []byte { return fmt.Appendf(nil, `{"Server":%d}`, self) }

// readHello returns the id in a hello, and whether data is one.
func readHello(data []byte) (actor.ID, bool) {
	r := strictjson.NewReader(data)
	var id actor.ID
	r.Tagged(func(tag []byte) {
		if string(tag) != "Server" {
			r.Fail("Server")
			return
		}
		id = actor.ID(r.Uint64())
	})
	return id, r.End() == nil
}
