package storage

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var me = Identity{Model: "single-decree", Version: 1, Actor: 7, Cluster: "7,8,9"}

func open(t *testing.T, folder string) *File {
	t.Helper()
	f, err := Open(folder, me)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func same(a, b []Record) bool {
	return slices.EqualFunc(a, b, func(x, y Record) bool { return x.Name == y.Name && bytes.Equal(x.Data, y.Data) })
}

// TestRefused makes sure that a file of somebody else, or a damaged one, is refused with a sentence, and left as it was.
func TestRefused(t *testing.T) {
	sound := func(t *testing.T, path string) {
		f := open(t, filepath.Dir(path))
		if err := f.Save([]Record{{"a", []byte("1")}}); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	as := func(id Identity) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := create(path, id); err != nil {
				t.Fatal(err)
			}
		}
	}
	write := func(data string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	edit := func(change func(tx *bolt.Tx) error) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			sound(t, path)
			db, err := bolt.Open(path, 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Update(change), db.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	truncated := func(pages int64) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			sound(t, path)
			if err := os.Truncate(path, pages*int64(os.Getpagesize())); err != nil {
				t.Fatal(err)
			}
		}
	}
	put := func(bucket, key, value []byte) func(*testing.T, string) {
		return edit(func(tx *bolt.Tx) error { return tx.Bucket(bucket).Put(key, value) })
	}
	framed := frame([]byte("x"))
	tests := map[string]struct {
		prepare func(*testing.T, string)
		says    string
	}{
		"another actor":     {as(Identity{me.Model, 1, 8, me.Cluster}), "actor 8"},
		"another model":     {as(Identity{"abd", 1, 7, me.Cluster}), "of abd"},
		"another version":   {as(Identity{me.Model, 2, 7, me.Cluster}), "version 2"},
		"another cluster":   {as(Identity{me.Model, 1, 7, "7,8"}), "among 7,8"},
		"text":              {write("hello\n"), "something else"},
		"long text":         {write(strings.Repeat("hello\n", 10_000)), "something else"},
		"empty":             {write(""), "something else"},
		"zeros":             {write(strings.Repeat("\x00", 64<<10)), "something else"},
		"another database":  {edit(func(tx *bolt.Tx) error { return tx.DeleteBucket(about) }), "something else"},
		"no records":        {edit(func(tx *bolt.Tx) error { return tx.DeleteBucket(records) }), "something else"},
		"another format":    {put(about, keyFormat, []byte{0, 0, 0, 9}), "format 9"},
		"odd format":        {put(about, keyFormat, []byte{9}), "something else"},
		"version of record": {put(records, []byte("a"), append([]byte{9}, framed[1:]...)), `"a": the record has version 9`},
		"flipped bit":       {put(records, []byte("a"), append(slices.Clone(framed[:5]), 'y')), `"a": the record is damaged`},
		"short record":      {put(records, []byte("a"), []byte{1, 2}), `"a": the record is damaged`},
		"one page":          {truncated(1), ""},
		"two pages":         {truncated(2), "damaged: a part of it is missing"},
		"three pages":       {truncated(3), "damaged"},
		"a folder":          {func(t *testing.T, path string) { _ = os.Mkdir(path, 0o700) }, "expected a file"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, Name(me.Actor))
			tt.prepare(t, path)
			before, _ := os.ReadFile(path)
			f, err := Open(folder, me)
			if err == nil {
				t.Fatal("was opened", f.Close())
			}
			if !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), Name(me.Actor)) {
				t.Errorf("error %q, want one with %q", err, tt.says)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
			if entries, _ := os.ReadDir(folder); len(entries) != 1 {
				t.Errorf("left behind: %v", entries)
			}
		})
	}
}

// TestInUse makes sure that a file is open once.
func TestInUse(t *testing.T) {
	folder := t.TempDir()
	f := open(t, folder)
	if g, err := Open(folder, me); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("opened twice: %v, %v", g, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, folder).Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFolder(t *testing.T) {
	if f, err := Open(filepath.Join(t.TempDir(), "none"), me); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opened in no folder: %v, %v", f, err)
	}
}

// TestOpenWrites makes sure that what an opened file shows was written and synced by who opened it, and that this changes
// nothing: it may have been in nothing but the system's cache.
func TestOpenWrites(t *testing.T) {
	folder := t.TempDir()
	var want []Record
	for i := range 500 { // more than a page holds
		want = append(want, Record{fmt.Sprintf("%04d", i), bytes.Repeat([]byte{byte(i)}, 50)})
	}
	f := open(t, folder)
	if err := errors.Join(f.Save(want), f.Close()); err != nil {
		t.Fatal(err)
	}
	f = open(t, folder)
	defer f.Close()
	stats := f.db.Stats()
	if pages := stats.TxStats.GetWrite(); pages < 500*50/4096 {
		t.Errorf("it wrote %d pages", pages)
	}
	if got, err := f.Load(); err != nil || !same(got, want) {
		t.Errorf("%d records, %v; want %d", len(got), err, len(want))
	}
}

// TestChanges compares both stores with a map, over random changes, reopening and crashes.
func TestChanges(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		folder, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		file := open(t, folder)
		defer func() { _ = file.Close() }()
		var memory Memory
		var want []Record
		for range rapid.IntRange(1, 8).Draw(r, "saves") {
			after := drawRecords(r)
			changes := Changes(want, after)
			if got := Apply(want, changes); !same(got, after) {
				r.Fatalf("%v and %v give %v, want %v", want, changes, got, after)
			}
			if len(changes) > len(want)+len(after) || same(want, after) && len(changes) > 0 {
				r.Fatalf("from %v to %v: %v", want, after, changes)
			}
			if err := errors.Join(file.Save(changes), memory.Save(changes)); err != nil {
				r.Fatal(err)
			}
			want = after
			if rapid.Bool().Draw(r, "reopen") {
				if err := file.Close(); err != nil {
					r.Fatal(err)
				}
				file = open(t, folder)
				memory.Crash(false)
			}
			for name, store := range map[string]interface{ Load() ([]Record, error) }{"file": file, "memory": &memory} {
				if got, err := store.Load(); err != nil || !same(got, want) {
					r.Fatalf("%s: %v, %v; want %v", name, got, err, want)
				}
			}
		}
	})
}

func drawRecords(r *rapid.T) []Record {
	var all []Record
	for _, name := range []string{"a", "b", "c", "d"} {
		if rapid.Bool().Draw(r, name) {
			all = append(all, Record{name, rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(r, "data")})
			if all[len(all)-1].Data == nil {
				all[len(all)-1].Data = []byte{}
			}
		}
	}
	return all
}

// TestCrash dies at each point of a save, and finds the records of before or after it, as the point says.
func TestCrash(t *testing.T) {
	dead := errors.New("dead")
	first, second := []Record{{"a", []byte("1")}, {"b", []byte("1")}}, []Record{{"a", []byte("2")}, {"b", nil}}
	after := []Record{{"a", []byte("2")}}
	for _, tt := range []struct {
		at          Point
		lucky, lies bool
		want        []Record
	}{
		{BeforeWrite, false, false, first},
		{BeforeWrite, true, false, first},
		{BeforeSync, false, false, first},
		{BeforeSync, true, false, after},
		{AfterSync, false, false, after},
		{AfterSync, false, true, nil},
		{AfterSync, true, true, after},
	} {
		m := Memory{Lies: tt.lies}
		if err := m.Save(first); err != nil {
			t.Fatal(err)
		}
		m.At = func(p Point) error {
			if p == tt.at {
				return dead
			}
			return nil
		}
		if err := m.Save(second); !errors.Is(err, dead) {
			t.Fatalf("%+v: %v", tt, err)
		}
		m.Crash(tt.lucky)
		if got, err := m.Load(); err != nil || !same(got, tt.want) {
			t.Errorf("%+v: %v, %v", tt, got, err)
		}
	}
}

// FuzzOpen opens files that a disk made up: it must not panic, and not change what it refuses.
func FuzzOpen(f *testing.F) {
	folder := f.TempDir()
	if err := create(filepath.Join(folder, Name(me.Actor)), me); err != nil {
		f.Fatal(err)
	}
	sound, err := os.ReadFile(filepath.Join(folder, Name(me.Actor)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(0), byte(0), uint16(len(sound)))
	f.Add(uint16(4096), byte(0xff), uint16(len(sound)))
	f.Fuzz(func(t *testing.T, at uint16, flip byte, size uint16) {
		data := slices.Clone(sound)
		data[int(at)%len(data)] ^= flip
		data = data[:min(int(size), len(data))]
		folder := t.TempDir()
		path := filepath.Join(folder, Name(me.Actor))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := Open(folder, me)
		if err == nil {
			_, err := file.Load()
			if err := errors.Join(err, file.Close()); err != nil {
				t.Error(err)
			}
			return
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(data, after) {
			t.Error("the file was changed")
		}
	})
}

// BenchmarkSave saves one small record; BenchmarkFsync is what the disk takes for a write and an fsync of the same size.
func BenchmarkSave(b *testing.B) {
	f, err := Open(b.TempDir(), me)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	data := make([]byte, 40)
	for i := 0; b.Loop(); i++ {
		data[0] = byte(i)
		if err := f.Save([]Record{{"accepted", data}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, os.Getpagesize())
	for i := 0; b.Loop(); i++ {
		page[0] = byte(i)
		if _, err := f.WriteAt(page, 0); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}
