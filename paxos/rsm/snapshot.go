package rsm

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
)

// errSnapshot is returned by Restore for bytes that are not from Snapshot.
var errSnapshot = errors.New("not a snapshot of this machine")

// Snapshot returns the entries, each preceded by its length as a varint. Unlike JSON it preserves every byte.
func (Log) Snapshot(held []string) ([]byte, error) { return appendTexts(nil, held), nil }

// Restore decodes bytes from Snapshot.
func (Log) Restore(data []byte) ([]string, error) { return readTexts(data) }

// Snapshot returns alternating keys and values, by ascending key, each preceded by its length as a varint.
func (Store) Snapshot(held map[string]string) ([]byte, error) {
	texts := make([]string, 0, 2*len(held))
	for _, key := range slices.Sorted(maps.Keys(held)) {
		texts = append(texts, key, held[key])
	}
	return appendTexts(nil, texts), nil
}

// Restore decodes bytes from Snapshot.
func (Store) Restore(data []byte) (map[string]string, error) {
	texts, err := readTexts(data)
	if err != nil || len(texts)%2 != 0 {
		return nil, errSnapshot
	}
	var held map[string]string
	for i := 0; i < len(texts); i += 2 {
		if i > 0 && texts[i] <= texts[i-2] {
			return nil, errSnapshot
		}
		held = set(held, texts[i], texts[i+1])
	}
	return held, nil
}

func appendTexts(data []byte, texts []string) []byte {
	for _, text := range texts {
		data = binary.AppendUvarint(data, uint64(len(text)))
		data = append(data, text...)
	}
	return data
}

func readTexts(data []byte) ([]string, error) {
	var texts []string
	for len(data) > 0 {
		length, n := binary.Uvarint(data)
		if n <= 0 || length > uint64(len(data)-n) || n != len(binary.AppendUvarint(nil, length)) {
			return nil, errSnapshot
		}
		data = data[n:]
		texts = append(texts, string(data[:length]))
		data = data[length:]
	}
	return texts, nil
}
