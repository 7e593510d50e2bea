package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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

// TestRefused makes sure that a file of another actor, or a damaged one, is refused with a sentence, and left as it was.
func TestRefused(t *testing.T) {
	sound := func(t *testing.T, path string) {
		f := open(t, filepath.Dir(path))
		if err := errors.Join(f.Save([]Record{{"a", []byte("1")}}), f.Save([]Record{{"a", []byte("2")}}), f.Close()); err != nil {
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
	edit := func(change func(data []byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			sound(t, path)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, change(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	flip := func(at int) func(*testing.T, string) {
		return edit(func(data []byte) []byte { data[at] ^= 4; return data })
	}
	cut := func(size int) func(*testing.T, string) {
		return edit(func(data []byte) []byte { return data[:size] })
	}
	clear := func(from, to int) func(*testing.T, string) {
		return edit(func(data []byte) []byte { clear(data[from:to]); return data })
	}
	later := func(data []byte) []byte {
		binary.LittleEndian.PutUint32(data[len(magic):], 9)
		binary.LittleEndian.PutUint32(data[headerSize-4:], crc32.Checksum(data[:headerSize-4], castagnoli))
		return data
	}
	bbolt := make([]byte, 32<<10)
	binary.LittleEndian.PutUint32(bbolt[16:], bboltMagic)
	const first, second, third = segmentsAt, segmentsAt + SectorSize, segmentsAt + 2*SectorSize
	tests := map[string]struct {
		prepare func(*testing.T, string)
		says    string
	}{
		"another actor":          {as(Identity{me.Model, 1, 8, me.Cluster}), "actor 8"},
		"another model":          {as(Identity{"abd", 1, 7, me.Cluster}), "of abd"},
		"another version":        {as(Identity{me.Model, 2, 7, me.Cluster}), "version 2"},
		"another cluster":        {as(Identity{me.Model, 1, 7, "7,8"}), "among 7,8"},
		"text":                   {write("hello\n"), "does not contain the records of an actor"},
		"long text":              {write(strings.Repeat("hello\n", 10_000)), "does not contain the records of an actor"},
		"empty":                  {write(""), "does not contain the records of an actor"},
		"zeros":                  {write(strings.Repeat("\x00", 64<<10)), "does not contain the records of an actor"},
		"an earlier format":      {write(string(bbolt)), "go on with the release that wrote it"},
		"a later format":         {edit(later), "format 9, this program expects 2"},
		"a bit of the magic":     {flip(1), "does not contain the records of an actor"},
		"a bit of the header":    {flip(20), "bytes 0 to 4095: the checksum of the header"},
		"a bit of the mark":      {flip(MarkAt + 9), "bytes 4096 to 4607: the checksum of the mark"},
		"an empty mark":          {clear(MarkAt, MarkAt+SectorSize), "the checksum of the mark"},
		"a bit of the first":     {flip(first + 40), "bytes 8192 to 8703: batch 1 was saved, but"},
		"a bit of the last":      {flip(third + 40), "bytes 9216 to 9727: batch 3 was saved, but"},
		"an empty last one":      {clear(third, third+SectorSize), "batch 3 was saved, but"},
		"an empty one":           {clear(second, second+SectorSize), "batch 2 was saved, but"},
		"a bit of what is empty": {flip(third + 5*SectorSize), "neither empty nor as written by a save"},
		"cut in the header":      {cut(100), "the header is cut off"},
		"cut before the mark":    {cut(MarkAt), "the mark of what was saved is cut off"},
		"cut in the mark":        {cut(MarkAt + 100), "the mark of what was saved is cut off"},
		"cut before the segment": {cut(first), "the file is truncated: it has 8192 of"},
		"cut before the last":    {cut(third), "the file is truncated: it has 9216 of"},
		"cut behind the last":    {cut(third + SectorSize), "the file is truncated: it has 9728 of"},
		"a folder":               {func(t *testing.T, path string) { _ = os.Mkdir(path, 0o700) }, "is not a regular file"},
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
			if damaged := errors.As(err, new(*Damage)); damaged != strings.Contains(err.Error(), advice) {
				t.Errorf("error %q: damage is %v", err, damaged)
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
