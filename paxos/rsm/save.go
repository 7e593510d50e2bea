package rsm

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// saved is the form in which Save encodes a replica.
type saved[R any] struct {
	State    []byte
	Sessions map[Client]Session[R]
	Ended    Intervals[Client]
}

// Save returns a replica as bytes: the machine, and which commands were executed with which answers, so that a
// repeated command is not executed again. Equal replicas have equal bytes. Results must survive a round trip through
// encoding/json.
func Save[S, O, R any](m Machine[S, O, R], r Replica[S, R]) ([]byte, error) {
	state, err := m.Snapshot(r.State)
	if err != nil {
		return nil, err
	}
	return json.Marshal(saved[R]{state, r.Sessions, r.Ended})
}

// Load returns the replica for bytes from Save, or an error for other bytes.
func Load[S, O, R any](m Machine[S, O, R], data []byte) (Replica[S, R], error) {
	var s saved[R]
	if err := json.Unmarshal(data, &s); err != nil {
		return Replica[S, R]{}, err
	}
	state, err := m.Restore(s.State)
	if err != nil {
		return Replica[S, R]{}, err
	}
	r := Replica[S, R]{state, s.Sessions, s.Ended}
	if again, err := Save(m, r); err != nil || !bytes.Equal(again, data) {
		return Replica[S, R]{}, errSnapshot
	}
	return r, nil
}

// Cut returns the length in bytes of the longest prefix of text that has at most the given number of bytes and ends
// between characters. It includes at least one character, unless text is empty.
func Cut(text string, most int) int {
	end := min(most, len(text))
	for end > 0 && end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	if end > 0 {
		return end
	}
	_, size := utf8.DecodeRuneInString(text)
	return size
}
