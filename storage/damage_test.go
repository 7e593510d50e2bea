package storage

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// corruption makes a change of a file that a disk may make.
type corruption struct {
	name string
	make func(r *rand.Rand, data []byte) []byte
}

// corruptions are bits, bytes, blocks and tails.
var corruptions = []corruption{
	{"bit", func(r *rand.Rand, data []byte) []byte {
		data[r.IntN(len(data))] ^= 1 << r.IntN(8)
		return data
	}},
	{"byte", func(r *rand.Rand, data []byte) []byte {
		data[r.IntN(len(data))] = byte(r.Uint32())
		return data
	}},
	{"zeros", func(r *rand.Rand, data []byte) []byte {
		size := []int{1, SectorSize, 4096}[r.IntN(3)]
		at := r.IntN(len(data)) / size * size
		clear(data[at:min(at+size, len(data))])
		return data
	}},
	{"noise", func(r *rand.Rand, data []byte) []byte {
		at := r.IntN(len(data)) / SectorSize * SectorSize
		for i := range data[at:min(at+SectorSize, len(data))] {
			data[at+i] = byte(r.Uint32())
		}
		return data
	}},
	{"tail", func(r *rand.Rand, data []byte) []byte { return data[:r.IntN(len(data))] }},
	{"stale", func(r *rand.Rand, data []byte) []byte { // a sector lies where another one belongs
		from, to := r.IntN(len(data)/SectorSize)*SectorSize, r.IntN(len(data)/SectorSize)*SectorSize
		copy(data[to:to+SectorSize], bytes.Clone(data[from:from+SectorSize]))
		return data
	}},
}

// hit makes a corruption more probable to meet what matters: it affects the part of a file that was written.
func hit(r *rand.Rand, c corruption, data []byte, used int) []byte {
	if r.IntN(3) == 0 {
		return c.make(r, data)
	}
	part := c.make(r, slices.Clone(data[:used]))
	if len(part) < used {
		return part
	}
	return append(part, data[used:]...)
}

// aged is a log with a few saves, and what it held after each of them.
func aged(t *testing.T, r *rand.Rand, log interface{ Save([]Record) error }) (versions []map[string][]byte) {
	now := make(map[string][]byte)
	for range 1 + r.IntN(12) {
		var change []Record
		for range 1 + r.IntN(3) {
			c := Record{fmt.Sprint(r.IntN(5)), make([]byte, r.IntN(900))}
			if r.IntN(20) == 0 {
				c.Data = make([]byte, 40_000) // so that there are several segments
			}
			for i := range c.Data {
				c.Data[i] = byte(r.Uint32())
			}
			change = append(change, c)
			now[c.Name] = c.Data
		}
		if err := log.Save(change); err != nil {
			t.Fatal(err)
		}
		versions = append(versions, maps.Clone(now))
	}
	return versions
}

// formatted is a log on a disk in memory.
func formatted(t testing.TB, d *Disk) *Log {
	t.Helper()
	if err := Format(d, me); err != nil {
		t.Fatal(err)
	}
	return mounted(t, d)
}

func mounted(t testing.TB, d *Disk) *Log {
	t.Helper()
	log, err := Mount(d, me)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// TestCorruptions damages logs after a save that was acknowledged. Either a log is refused, and left as it was, or it
// holds what was saved last: none begins with an older state.
func TestCorruptions(t *testing.T) {
	const runs = 3000
	refused := 0
	for n := range runs {
		r := rand.New(rand.NewPCG(14, uint64(n)))
		d := new(Disk)
		log := formatted(t, d)
		versions := aged(t, r, log)
		c := corruptions[n%len(corruptions)]
		data := hit(r, c, slices.Clone(d.shown), int(log.mark.saved.end))
		writes := 0
		log, err := Mount(&Disk{shown: data, At: func(bool) error { writes++; return nil }}, me)
		if err != nil {
			refused++
			if writes > 0 {
				t.Errorf("%s %d: refused with %v, and changed", c.name, n, err)
			}
			continue
		}
		if got := ascending(log.records); !same(got, ascending(versions[len(versions)-1])) {
			older := slices.ContainsFunc(versions, func(v map[string][]byte) bool { return same(ascending(v), got) })
			t.Errorf("%s %d: it began with something else, older: %v", c.name, n, older)
		}
	}
	t.Logf("%d of %d were refused", refused, runs)
	if refused < runs/3 {
		t.Errorf("only %d were refused", refused)
	}
}

// TestCorruptFiles does the same to a file, after one save.
func TestCorruptFiles(t *testing.T) {
	folder := t.TempDir()
	f := open(t, folder)
	versions := aged(t, rand.New(rand.NewPCG(1, 1)), f)
	used := int(f.mark.saved.end)
	sound, err := os.ReadFile(f.Path())
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	for n := range 100 {
		r := rand.New(rand.NewPCG(15, uint64(n)))
		c := corruptions[n%len(corruptions)]
		data := hit(r, c, slices.Clone(sound), used)
		if err := os.WriteFile(f.Path(), data, 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := Open(folder, me)
		if err != nil {
			if after, _ := os.ReadFile(f.Path()); !bytes.Equal(data, after) {
				t.Errorf("%s %d: refused with %v, and changed", c.name, n, err)
			}
			continue
		}
		got, err := again.Load()
		if err := errors.Join(err, again.Close()); err != nil || !same(got, ascending(versions[len(versions)-1])) {
			t.Errorf("%s %d: it began with %v, %v", c.name, n, got, err)
		}
	}
}

// TestLastBits flips each bit of the last batch while the mark does not know of it, as after a loss of power right behind
// an answer. It is not taken for a save that was in progress.
func TestLastBits(t *testing.T) {
	folder := t.TempDir()
	f := open(t, folder)
	if err := f.Save([]Record{{"vote", []byte("A")}}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	from := f.mark.saved.end
	if err := f.Save([]Record{{"vote", bytes.Repeat([]byte("B"), 700)}}); err != nil {
		t.Fatal(err)
	}
	to := f.mark.saved.end
	data, err := os.ReadFile(f.Path())
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	copy(data[MarkAt:], before[MarkAt:MarkAt+SectorSize])
	log, err := Mount(&Disk{shown: slices.Clone(data)}, me)
	if err != nil || len(log.records["vote"]) != 700 {
		t.Fatal(log, err)
	}
	if to-from != 2*SectorSize {
		t.Fatal(from, to)
	}
	for bit := range int(to-from) * 8 {
		at := int(from) + bit/8
		data[at] ^= 1 << (bit % 8)
		if _, err := Mount(&Disk{shown: slices.Clone(data)}, me); !errors.As(err, new(*Damage)) {
			t.Fatalf("bit %d: %v", bit, err)
		}
		data[at] ^= 1 << (bit % 8)
	}
}

func TestPath(t *testing.T) {
	folder := t.TempDir()
	f := open(t, folder)
	defer f.Close()
	if f.Path() != filepath.Join(folder, "7.paxos") {
		t.Error(f.Path())
	}
}
