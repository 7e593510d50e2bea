package stage

import (
	"encoding/binary"
	"fmt"

	"synod/consistency/oplog"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/storage"
)

// digest is a hash of a sequence of numbers and texts. It distinguishes runs, and is not cryptographic.
type digest struct{ state uint64 }

func newDigest() digest { return digest{golden} }

func (d *digest) number(n uint64) {
	h := (d.state ^ n) * 0xbf58476d1ce4e5b9
	d.state = h ^ h>>29
}

func (d *digest) bytes(b []byte) {
	d.number(uint64(len(b)))
	for ; len(b) >= 8; b = b[8:] {
		d.number(binary.LittleEndian.Uint64(b))
	}
	var rest [8]byte
	copy(rest[:], b)
	d.number(binary.LittleEndian.Uint64(rest[:]))
}

func (d *digest) text(s string) { d.bytes([]byte(s)) }

func (d *digest) sum() uint64 {
	h := d.state * 0x94d049bb133111eb
	return h ^ h>>31
}

// The marks that distinguish entries of the digest.
const (
	markProcess = 1 + iota
	markEvent
	markSave
	markNote
)

// noteProcess records a change of a process.
func (w *world) noteProcess(n *node, text string) {
	w.digest.number(markProcess)
	w.digest.number(uint64(w.now))
	w.digest.number(uint64(n.place))
	w.digest.text(text)
	if w.Log != nil {
		w.Log(w.now, fmt.Sprintf("server %d: %s", n.place, text))
	}
}

// noteEvent records an event handled by a server.
func (w *world) noteEvent(n *node, e machine.Event) {
	d := &w.digest
	d.number(markEvent)
	d.number(uint64(w.now))
	d.number(uint64(n.place)<<8 | uint64(e.Kind))
	switch e.Kind {
	case machine.Receive:
		d.number(uint64(e.From))
		d.bytes(e.Data)
	case machine.Recover:
		for _, r := range e.Records {
			d.number(sumOf(r))
		}
	case machine.Timeout:
		d.text(fmt.Sprint(e.Timer))
	case machine.Choice:
		d.text(fmt.Sprint(e.Option))
	case machine.Start:
	}
	if w.Log != nil {
		w.Log(w.now, fmt.Sprintf("server %d: %s", n.place, eventLine(e)))
	}
}

// eventLine returns an event as a line of text.
func eventLine(e machine.Event) string {
	switch e.Kind {
	case machine.Receive:
		return fmt.Sprintf("receive %s %s", spawn.Describe(e.From), e.Data)
	case machine.Recover:
		return "recover " + describe(e.Records)
	case machine.Timeout:
		return fmt.Sprintf("timeout %v", e.Timer)
	case machine.Choice:
		return fmt.Sprintf("choice %v", e.Option)
	case machine.Start:
	}
	return e.Kind.String()
}

// noteSave records what a server is about to save.
func (w *world) noteSave(n *node, changes []storage.Record) {
	w.digest.number(markSave)
	for _, r := range changes {
		w.digest.number(sumOf(r))
	}
	if w.Log != nil {
		w.Log(w.now, fmt.Sprintf("server %d: save %s", n.place, describe(changes)))
	}
}

// noteClient records an action of a client.
func (w *world) noteClient(n Note) {
	n.At = w.now
	w.outcome.Notes = append(w.outcome.Notes, n)
	d := &w.digest
	d.number(markNote)
	d.number(uint64(n.At))
	d.number(uint64(n.Client)<<40 | uint64(n.What)<<32 | uint64(n.Event.Op))
	d.text(string(n.Event.Key))
	d.text(string(n.Event.Value))
	if w.Log != nil {
		w.Log(w.now, n.String())
	}
}

// String returns the note as a log line.
func (n Note) String() string {
	word := n.Event.Op.String()
	what := [...]string{"asks to " + word, word + " is done", word + " failed", word + " is unknown"}[n.What]
	value := n.Event.Value
	if n.What == Invoked && value != oplog.None || n.What == Returned && n.Event.Told {
		what += " " + value.String()
	}
	if n.Event.Refused {
		what = word + " is refused"
	}
	if n.Event.Key != oplog.None {
		what += " at " + n.Event.Key.String()
	}
	return fmt.Sprintf("client %d: %s", n.Client, what)
}
