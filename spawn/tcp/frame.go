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

// header is how many bytes the length before a message has: an unsigned number, the highest byte first.
const header = 4

// errTooLarge reports that somebody announced more than a message may have.
var errTooLarge = errors.New("the message is too large")

// WriteFrame writes a message with its length, in one call of Write.
func WriteFrame(w io.Writer, data []byte) error {
	framed := make([]byte, 0, header+len(data))
	framed = binary.BigEndian.AppendUint32(framed, uint32(len(data)))
	_, err := w.Write(append(framed, data...))
	return err
}

// ReadFrame reads a message of at most machine.MaxMessage bytes.
func ReadFrame(r io.Reader) ([]byte, error) { return readFrame(r, machine.MaxMessage) }

// atOnce is how much room is made for a message before any of it is there. It grows as more comes, so that nobody takes
// memory by announcing what does not come.
const atOnce = 64 << 10

// readFrame reads a message of at most so many bytes.
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

// hello is the first message of a server on a connection: it says which one it is.
func hello(self actor.ID) []byte { return fmt.Appendf(nil, `{"Server":%d}`, self) }

// readHello returns which server says hello, if one does.
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
