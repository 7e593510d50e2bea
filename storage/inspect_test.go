package storage

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestInspect looks at a file that is sound, one with a save that was in progress, one that is damaged, and one in use. None
// is changed.
func TestInspect(t *testing.T) {
	folder := t.TempDir()
	f := open(t, folder)
	path := f.Path()
	if err := errors.Join(f.Save([]Record{{"a", []byte("1")}}), f.Save([]Record{{"b", []byte("2")}})); err != nil {
		t.Fatal(err)
	}
	if _, err := Inspect(path); err == nil || !strings.Contains(err.Error(), "another process has the file open") {
		t.Errorf("in use: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	look := func(change func(data []byte)) (*Report, error) {
		data := slices.Clone(sound)
		change(data)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Inspect(path)
		if after, _ := os.ReadFile(path); !bytes.Equal(after, data) {
			t.Error("the file was changed")
		}
		return r, err
	}
	want := []Record{{"a", []byte("1")}, {"b", []byte("2")}}
	r, err := look(func([]byte) {})
	if err != nil || r.Identity != me || !same(r.Records, want) || r.First != 1 || r.Last != 3 || r.Unmarked != 0 ||
		r.Torn || r.Unfinished || r.From != segmentsAt || r.To != segmentsAt+3*SectorSize || r.Size != int64(len(sound)) {
		t.Errorf("sound: %+v, %v", r, err)
	}
	r, err = look(func(data []byte) {
		s := appendSectors(nil, f.seed, 4, appendContent(nil, f.mark.saved.chain, kindChanges, []Record{{"a", make([]byte, 700)}}))
		copy(data[r.To:], s[:SectorSize])
	})
	if err != nil || !same(r.Records, want) || !r.Torn || r.TornFrom != r.To || r.TornTo != r.To+SectorSize {
		t.Errorf("torn: %+v, %v", r, err)
	}
	r, err = look(func(data []byte) { data[r.To-20] ^= 1 })
	if !errors.As(err, new(*Damage)) || !same(r.Records, want[:1]) || !r.Unfinished || r.Last != 2 {
		t.Errorf("damaged: %+v, %v", r, err)
	}
	if r, err := look(func(data []byte) { data[0] = 0 }); r != nil || !errors.Is(err, errForeign) {
		t.Errorf("foreign: %+v, %v", r, err)
	}
}
