package storage

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestDamage flips bytes of a file, one at a time: it is refused and left alone, or, where the byte does not matter or an
// earlier state is still whole, opened with records that were once saved.
func TestDamage(t *testing.T) {
	step := 7
	if testing.Short() {
		step = 97
	}
	folder := t.TempDir()
	f := open(t, folder)
	versions := [][]Record{nil}
	for i := range 5 {
		change := []Record{{"a", []byte{byte(i)}}, {"b", []byte("always the same")}}
		if err := f.Save(change); err != nil {
			t.Fatal(err)
		}
		versions = append(versions, change)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, Name(me.Actor))
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for at := 0; at < len(sound); at += step {
		data := slices.Clone(sound)
		data[at] ^= 0xff
		// A new file each time: a reader that panics may leave its lock on the old one.
		if err := errors.Join(os.Remove(path), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
		f, err := Open(folder, me)
		if err != nil {
			refused++
			continue
		}
		got, err := f.Load()
		if err := errors.Join(err, f.Close()); err != nil {
			t.Errorf("byte %d: %v", at, err)
		}
		if !slices.ContainsFunc(versions, func(v []Record) bool { return same(v, got) }) {
			t.Errorf("byte %d: opened with %v", at, got)
		}
	}
	if refused == 0 {
		t.Error("no damage was noticed")
	}
	t.Logf("%d of %d refused", refused, (len(sound)+step-1)/step)
}
