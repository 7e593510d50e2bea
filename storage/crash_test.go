package storage

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

var errPower = errors.New("the power is gone")

// saves is what the crash tests save: batches of one sector and of several, records that go, and enough for a few segments.
func saves() [][]Record {
	all := [][]Record{
		{{"a", []byte("1")}},
		{{"a", []byte("2")}, {"b", []byte(strings.Repeat("long", 400))}},
		{{"b", nil}},
	}
	for i := range 5 {
		all = append(all, []Record{{"c", []byte(strings.Repeat(fmt.Sprint(i), 25_000))}})
	}
	return append(all, []Record{{"a", []byte("3")}}, []Record{{"c", nil}, {"a", []byte("4")}})
}

// outcome is what may be on a disk.
type outcome struct{ least, most map[string][]byte } // as of the last save that was acknowledged, and the one in flight

// run saves until the disk dies, and returns what may be there afterwards.
func (o *outcome) run(log *Log, all [][]Record) error {
	for _, changes := range all {
		o.most = maps.Clone(o.least)
		for _, c := range changes {
			if c.Data == nil {
				delete(o.most, c.Name)
			} else {
				o.most[c.Name] = c.Data
			}
		}
		if err := log.Save(changes); err != nil {
			return err
		}
		o.least = o.most
	}
	return nil
}

// judge looks at what there is after a crash, and goes on from there.
func (o *outcome) judge(log *Log) error {
	if got := ascending(log.records); !same(got, ascending(o.least)) && !same(got, ascending(o.most)) {
		return fmt.Errorf("%v, want %v or %v", names(got), names(ascending(o.least)), names(ascending(o.most)))
	}
	o.least, o.most = maps.Clone(log.records), nil
	return nil
}

func names(all []Record) (short []string) {
	for _, r := range all {
		short = append(short, fmt.Sprintf("%s %.8s…%d", r.Name, r.Data, len(r.Data)))
	}
	return short
}

// luck is which of the sectors that were not synced get to the disk all the same.
type luck struct {
	name string
	of   func(n int, seed uint64) func(i int) bool
}

var lucks = []luck{
	{"none", func(int, uint64) func(int) bool { return func(int) bool { return false } }},
	{"all", func(int, uint64) func(int) bool { return func(int) bool { return true } }},
	{"the first", func(n int, _ uint64) func(int) bool { return func(i int) bool { return i <= n/2 } }},
	{"the last", func(n int, _ uint64) func(int) bool { return func(i int) bool { return i > n/2 } }},
	{"all but the first", func(int, uint64) func(int) bool { return func(i int) bool { return i > 0 } }},
	{"some", func(_ int, seed uint64) func(int) bool {
		r := rand.New(rand.NewPCG(seed, 2))
		return func(int) bool { return r.IntN(2) == 0 }
	}},
	{"most", func(_ int, seed uint64) func(int) bool {
		r := rand.New(rand.NewPCG(seed, 3))
		return func(int) bool { return r.IntN(8) > 0 }
	}},
}

// TestPowerLoss takes the power away before each write and each sync of a log, and again while it is mounted after that.
// What was acknowledged is there, with all or nothing of the save that was in progress, and no log is refused.
func TestPowerLoss(t *testing.T) {
	crashes := 0
	for point, alive := 1, false; !alive; point++ {
		alive = true
		for _, l := range lucks {
			for second := range 5 { // the point while it is mounted; 0 for none
				d := new(Disk)
				log := formatted(t, d)
				points := 0
				d.At = func(bool) error {
					if points++; points == point {
						return errPower
					}
					return nil
				}
				o := outcome{least: make(map[string][]byte)}
				err := o.run(log, saves())
				if err == nil {
					continue
				}
				if alive = false; !errors.Is(err, errPower) {
					t.Fatal(err)
				}
				crashes++
				d.At = nil
				d.Crash(l.of(d.Waiting(), uint64(point)))
				points, d.At = 0, func(bool) error {
					if points++; points == second {
						return errPower
					}
					return nil
				}
				log, err = Mount(d, me)
				if errors.Is(err, errPower) {
					d.At = nil
					d.Crash(l.of(d.Waiting(), uint64(point+second)))
					log, err = Mount(d, me)
				}
				if err == nil {
					err = o.judge(log)
				}
				if err == nil { // What was found is durable, and it goes on.
					d.At = nil
					d.Crash(lucks[0].of(0, 0))
					log = mounted(t, d)
					o.most = o.least
					err = errors.Join(o.judge(log), o.run(log, saves()), o.judge(mounted(t, d)))
				}
				if err != nil {
					t.Fatalf("point %d, %s written, then %d: %v", point, l.name, second, err)
				}
			}
		}
	}
	t.Logf("%d crashes", crashes)
	if crashes < 1000 {
		t.Errorf("only %d crashes", crashes)
	}
}

// TestFailedSync lets each sync fail in turn, which leaves what was written in the cache, and some of it on the disk. The
// log takes no save after that. Who mounts it makes durable what it then shows.
func TestFailedSync(t *testing.T) {
	for point, alive := 1, false; !alive; point++ {
		alive = true
		for _, l := range lucks {
			for _, lost := range []bool{false, true} { // the power goes before it is mounted, too
				d := new(Disk)
				log := formatted(t, d)
				syncs := 0
				d.At = func(write bool) error {
					if write {
						return nil
					}
					if syncs++; syncs == point {
						return d.FailSync(l.of(d.Waiting(), uint64(point)))
					}
					return nil
				}
				o := outcome{least: make(map[string][]byte)}
				err := o.run(log, saves())
				if err == nil {
					continue
				}
				alive = false
				if again := log.Save([]Record{{"a", []byte("x")}}); !errors.Is(again, errSync) {
					t.Fatalf("sync %d: it goes on after a sync that failed: %v", point, again)
				}
				d.At = nil
				if lost {
					d.Crash(l.of(d.Waiting(), uint64(point)))
				}
				if err := o.judge(mounted(t, d)); err != nil {
					t.Fatalf("sync %d, %s written: %v", point, l.name, err)
				}
				d.Crash(lucks[0].of(0, 0))
				o.most = o.least
				if err := o.judge(mounted(t, d)); err != nil {
					t.Fatalf("sync %d, %s written, and then the power went: %v", point, l.name, err)
				}
			}
		}
	}
}

// TestFull lets the disk be full at each write in turn. The server stops; it comes back on the full disk, as a log is
// mounted without more room, and goes on once there is some.
func TestFull(t *testing.T) {
	full := errors.New("no space left on device")
	for size := int64(segmentsAt); ; size += 4096 {
		d := new(Disk)
		log := formatted(t, d)
		size = max(size, int64(len(d.shown)))
		// A file that does not grow needs no room.
		limit := &limited{d, size, full}
		log.device = limit
		o := outcome{least: make(map[string][]byte)}
		err := o.run(log, saves())
		if err == nil {
			break
		}
		if !errors.Is(err, full) {
			t.Fatal(err)
		}
		log, err = Mount(limit, me)
		if err == nil {
			err = o.judge(log)
		}
		if err == nil {
			limit.size = 1 << 30
			err = errors.Join(o.run(log, saves()), o.judge(log))
		}
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
	}
}

// limited is a disk that cannot grow beyond a size.
type limited struct {
	*Disk
	size int64
	full error
}

func (l *limited) WriteAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > l.size {
		n := max(l.size-at, 0)
		_, err := l.Disk.WriteAt(p[:n], at)
		return int(n), errors.Join(l.full, err)
	}
	return l.Disk.WriteAt(p, at)
}

// TestSmallNeedsNoRoom makes sure that a log whose records stay small never grows.
func TestSmallNeedsNoRoom(t *testing.T) {
	d := new(Disk)
	log := formatted(t, d)
	size := len(d.shown)
	for i := range 1000 {
		if err := log.Save([]Record{{"a", []byte(fmt.Sprint(i))}, {"b", []byte(fmt.Sprint(-i))}}); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.shown) != size || log.mark.saved.number != 1001 || log.mark.first < 900 {
		t.Errorf("%d bytes, %d at first, and %+v", len(d.shown), size, log.mark)
	}
	if got := string(mounted(t, d).records["a"]); got != "999" {
		t.Error(got)
	}
}

// TestLostWrite takes writes away that were synced: of the mark, and of the log.
func TestLostWrite(t *testing.T) {
	d := new(Disk)
	log := formatted(t, d)
	var images [][]byte
	for i := range 6 {
		if err := log.Save([]Record{{"a", []byte(fmt.Sprint(i))}}); err != nil {
			t.Fatal(err)
		}
		images = append(images, slices.Clone(d.shown))
	}
	for lost := 1; lost < 6; lost++ {
		// The mark was not written for so many saves. Of one that is what a crash leaves.
		data := slices.Clone(images[5])
		copy(data[MarkAt:], images[5-lost][MarkAt:segmentsAt])
		found, err := Mount(&Disk{shown: data}, me)
		switch {
		case lost <= 2 && (err != nil || string(found.records["a"]) != "5"):
			t.Errorf("the mark of %d saves ago: %v", lost, err)
		case lost > 2 && (err == nil || !strings.Contains(err.Error(), "the disk has lost a write")):
			t.Errorf("the mark of %d saves ago: %v", lost, err)
		}
		// The log was not.
		data = slices.Clone(images[5-lost])
		copy(data[MarkAt:], images[5][MarkAt:segmentsAt])
		if _, err := Mount(&Disk{shown: data}, me); !errors.As(err, new(*Damage)) {
			t.Errorf("the log of %d saves ago: %v", lost, err)
		}
	}
}

// TestLies makes sure that TestPowerLoss would find a log that does not sync.
func TestLies(t *testing.T) {
	d := new(Disk)
	log := formatted(t, d)
	d.Lies = true
	if err := log.Save([]Record{{"a", []byte("1")}}); err != nil {
		t.Fatal(err)
	}
	d.Crash(lucks[0].of(0, 0))
	if got := mounted(t, d); len(got.records) != 0 {
		t.Error(got.records)
	}
}
