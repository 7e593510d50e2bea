package torture

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"synod/spawn/nemesis"
	"synod/storage"
)

// TestDamage makes sure that whatever a schedule may do to a file is seen by a server, and is something.
func TestDamage(t *testing.T) {
	folder := t.TempDir()
	id := storage.Identity{Model: "single-copy", Version: 1, Actor: 1, Cluster: "1"}
	f, err := storage.Open(folder, id)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := f.Save([]storage.Record{{Name: "a", Data: bytes.Repeat([]byte{byte(i)}, 700)}}); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(f.Path())
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	report, err := storage.Inspect(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []nemesis.Damage{nemesis.Bit, nemesis.Tail, nemesis.Sector} {
		for where := 0.0; where < 1; where += 0.001 {
			h := nemesis.Harm{Damage: d, Where: where}
			disk := new(storage.Disk)
			if _, err := disk.WriteAt(damage(data, report, h), 0); err != nil {
				t.Fatal(err)
			}
			if _, err := storage.Mount(disk, id); !errors.As(err, new(*storage.Damage)) {
				t.Fatalf("%v: %v", h, err)
			}
		}
	}
}
