package nemesis

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"synod/spawn/faults"
)

func generate(t *testing.T, c Config, seed uint64) Schedule {
	t.Helper()
	s, err := Generate(c, rand.NewPCG(seed, 0))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestGenerate makes sure that a seed is a schedule, that no kind is missed, and that the end is calm.
func TestGenerate(t *testing.T) {
	for seed := range uint64(50) {
		c := Config{Servers: 3, Duration: 30 * time.Second}
		s := generate(t, c, seed)
		if !reflect.DeepEqual(s, generate(t, c, seed)) {
			t.Fatalf("seed %d gives two schedules", seed)
		}
		if reflect.DeepEqual(s, generate(t, c, seed+1)) {
			t.Fatalf("seeds %d and %d give the same", seed, seed+1)
		}
		met := make(map[Kind]int)
		for _, f := range s.Faults {
			met[f.Kind]++
			if f.Ends() > 28*time.Second {
				t.Errorf("seed %d: %v is no calm end", seed, f)
			}
		}
		if n := len(s.Faults); n < 45 || n > 65 {
			t.Errorf("seed %d: %d faults", seed, n)
		}
		for _, k := range Kinds() {
			if met[k] < 4 {
				t.Errorf("seed %d: %d of kind %v", seed, met[k], k)
			}
		}
	}
}

// TestKills makes sure that a long schedule of kills alone has as many as are asked for, of one server and of all.
func TestKills(t *testing.T) {
	s := generate(t, Config{
		Servers: 5, Duration: time.Minute, Kinds: []Kind{Kill}, Every: 100 * time.Millisecond,
		Least: 10 * time.Millisecond, Most: 50 * time.Millisecond,
	}, 1)
	all := 0
	for _, f := range s.Faults {
		if f.Kind != Kill || f.For < 10*time.Millisecond || f.For > 50*time.Millisecond {
			t.Fatalf("%v", f)
		}
		if len(f.Servers) == 5 {
			all++
		}
	}
	if n := len(s.Faults); n < 500 || n > 700 || all < n/8 || all > n/2 {
		t.Errorf("%d kills, %d of all servers", n, all)
	}
}

// TestAfterAck makes sure that there are as many kills after acknowledgements as other kills where they are asked for, that they mostly kill
// all, some of them for longer, and that nothing else changes.
func TestAfterAck(t *testing.T) {
	c := Config{Servers: 3, Duration: 10 * time.Minute, AfterAck: true, Least: 10 * time.Millisecond, Most: 300 * time.Millisecond}
	s := generate(t, c, 1)
	kills, acks, all, staggered := 0, 0, 0, 0
	for i, f := range s.Faults {
		switch {
		case f.Kind == Kill && !f.AfterAck:
			kills++
		case f.AfterAck && i > 0 && s.Faults[i-1].At == f.At:
			staggered++
			if first := s.Faults[i-1]; !first.AfterAck || len(f.Servers) != 1 || f.For <= first.For ||
				!slices.Contains(first.Servers, f.Servers[0]) {
				t.Errorf("%v, and then %v", first, f)
			}
		case f.AfterAck:
			acks++
			if len(f.Servers) == 3 {
				all++
			}
		}
	}
	if kills < 100 || acks-kills > 1 || kills-acks > 1 || all < acks/2 || staggered < acks*2/5 || staggered > acks*4/5 {
		t.Errorf("%d kills, %d after acknowledgements, %d of all servers, %d with late ones", kills, acks, all, staggered)
	}
	c.AfterAck = false
	for _, f := range generate(t, c, 1).Faults {
		if f.AfterAck {
			t.Errorf("%v", f)
		}
	}
	c.AfterAck, c.Kinds = true, []Kind{Drop, Pause}
	with := generate(t, c, 1)
	c.AfterAck = false
	if !reflect.DeepEqual(with, generate(t, c, 1)) {
		t.Error("kills after acknowledgements matter without kills")
	}
	wrong := Schedule{Servers: 1, Duration: time.Second, Faults: []Fault{{Kind: Pause, For: 1, Servers: []int{0}, AfterAck: true}}}
	if wrong.Validate() == nil {
		t.Error("a pause after an acknowledgement is not refused")
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []Config{
		{},
		{Servers: 3},
		{Servers: -1, Duration: time.Second},
		{Servers: 65, Duration: time.Second},
		{Servers: 1, Duration: time.Second, Kinds: []Kind{Partition}},
		{Servers: 3, Duration: time.Second, Kinds: []Kind{0}},
		{Servers: 3, Duration: time.Second, Kinds: []Kind{77}},
		{Servers: 3, Duration: time.Second, Least: time.Second, Most: time.Millisecond},
		{Servers: 3, Duration: time.Second, Every: 1},
		{Servers: 3, Duration: time.Second, Calm: time.Second},
		{Servers: 3, Duration: 10_000 * time.Hour, Every: time.Millisecond},
	} {
		if s, err := Generate(c, rand.NewPCG(0, 0)); err == nil {
			t.Errorf("%+v gives %d faults", c, len(s.Faults))
		}
	}
	// A run that is too short for faults has none.
	if s := generate(t, Config{Servers: 3, Duration: 2 * time.Millisecond, Least: 2 * time.Millisecond}, 1); len(s.Faults) > 0 {
		t.Errorf("%v in two milliseconds", s.Faults)
	}
}

// schedules draws schedules of few faults that meet one another often.
func schedules() *rapid.Generator[Schedule] {
	return rapid.Custom(func(t *rapid.T) Schedule {
		servers := rapid.IntRange(1, 4).Draw(t, "servers")
		s, err := Generate(Config{
			Servers: servers, Duration: time.Duration(rapid.IntRange(1, 3000).Draw(t, "duration")) * time.Millisecond,
			Every: 20 * time.Millisecond, Least: time.Millisecond, Most: 200 * time.Millisecond, AfterAck: rapid.Bool().Draw(t, "after-ack"),
		}, rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

// reference is the condition of a server by asking each fault.
func reference(s Schedule, server int, at time.Duration) Condition {
	var c Condition
	for _, f := range s.Faults {
		if at < f.At || at >= f.At+f.For {
			continue
		}
		in := slices.Contains(f.Servers, server)
		if f.Kind == Partition && !f.Deaf {
			for other := range s.Servers {
				if slices.Contains(f.Servers, other) != in && !slices.Contains(c.Cut, other) {
					c.Cut = append(c.Cut, other)
				}
			}
		}
		if !in {
			continue
		}
		switch f.Kind {
		case Drop:
			c.Network.Drop = max(c.Network.Drop, f.Probability)
		case Duplicate:
			c.Network.Duplicate = max(c.Network.Duplicate, f.Probability)
		case Reorder:
			c.Network.Reorder = max(c.Network.Reorder, f.Probability)
		case Delay:
			if f.Most > c.Network.DelayMax {
				c.Network.DelayMin, c.Network.DelayMax = f.Least, f.Most
			}
		case Partition:
			for other := range s.Servers {
				if f.Deaf && !slices.Contains(f.Servers, other) && !slices.Contains(c.Deaf, other) {
					c.Deaf = append(c.Deaf, other)
				}
			}
		case Kill:
			c.Down = true
		case PowerOff:
			c.Down, c.Off = true, true
		case Corrupt:
			c.Down, c.Harm = true, f.Harm
		case Pause:
			c.Paused = true
		case DiskFull:
			c.Disk = max(c.Disk, faults.Full)
		case DiskFailing:
			c.Disk = faults.Failing
		}
	}
	slices.Sort(c.Cut)
	slices.Sort(c.Deaf)
	return c
}

// TestConditions makes sure that conditions are what the faults say, at any time, and change only at moments.
func TestConditions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := schedules().Draw(t, "schedule")
		moments := s.Moments()
		steps := 0
		for at, all := range s.Steps() {
			if at != moments[steps] || !slices.EqualFunc(all, s.At(at), Condition.Equal) {
				t.Fatalf("step %d at %v: %+v, want %+v at %v", steps, at, all, s.At(at), moments[steps])
			}
			steps++
		}
		if steps != len(moments) {
			t.Fatalf("%d steps, want %d", steps, len(moments))
		}
		last := make([]Condition, s.Servers)
		for at := time.Duration(0); at <= s.Duration; at += time.Millisecond {
			all := s.At(at)
			_, moment := slices.BinarySearch(moments, at)
			for i, c := range all {
				if want := reference(s, i, at); !c.Equal(want) {
					t.Fatalf("server %d at %v: %+v, want %+v", i, at, c, want)
				}
				if !moment && !c.Equal(last[i]) {
					t.Fatalf("server %d changes at %v, which is no moment", i, at)
				}
			}
			last = all
		}
		for i, c := range s.At(s.Duration) {
			if !c.Equal(Condition{}) {
				t.Fatalf("server %d at the end: %+v", i, c)
			}
		}
	})
}

// TestOneSide makes sure that a partition parts those, and only those, who are on different sides.
func TestOneSide(t *testing.T) {
	s := Schedule{Servers: 3, Duration: time.Second, Faults: []Fault{
		{Kind: Partition, At: 0, For: 10, Servers: []int{1}},
		{Kind: Partition, At: 20, For: 10, Servers: []int{0, 1}, Deaf: true},
	}}
	all := s.At(5)
	if want := []Condition{{Cut: []int{1}}, {Cut: []int{0, 2}}, {Cut: []int{1}}}; !slices.EqualFunc(all, want, Condition.Equal) {
		t.Errorf("%+v, want %+v", all, want)
	}
	all = s.At(25)
	if want := []Condition{{Deaf: []int{2}}, {Deaf: []int{2}}, {}}; !slices.EqualFunc(all, want, Condition.Equal) {
		t.Errorf("%+v, want %+v", all, want)
	}
}

func TestFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := schedules().Draw(t, "schedule")
		var b bytes.Buffer
		if err := s.Write(&b); err != nil {
			t.Fatal(err)
		}
		back, err := Read(&b)
		if err != nil || !reflect.DeepEqual(back, s) {
			t.Fatalf("%+v comes back as %+v, %v", s, back, err)
		}
	})
}

// FuzzRead gives files that are no schedules.
func FuzzRead(f *testing.F) {
	fault := `{"kind":"drop","at":"1ms","for":"1s","servers":[0],"probability":0.5}`
	file := func(faults string) string {
		return `{"format":"synod.schedule/1","servers":2,"duration":"3s","faults":[` + faults + `]}`
	}
	for _, text := range []string{
		file(""), file(fault), file(fault + "," + fault), file(strings.Replace(fault, "0.5", "1e9", 1)),
		file(strings.Replace(fault, "[0]", "[1,0]", 1)), file(strings.Replace(fault, "1s", "9223372036854775807ns", 1)),
		file(strings.Replace(fault, "drop", "partition", 1)), "", "{}", file("") + "x", strings.Replace(file(""), "2", "-2", 1),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		if err := s.Validate(); err != nil {
			t.Fatalf("it was read, but %v", err)
		}
		for _, at := range s.Moments() {
			s.At(at)
		}
		var b bytes.Buffer
		if err := s.Write(&b); err != nil {
			t.Fatal(err)
		}
		if back, err := Read(&b); err != nil || back.Servers != s.Servers || len(back.Faults) != len(s.Faults) {
			t.Fatalf("what was read is not read again: %v", err)
		}
	})
}

// TestShrink looks for two faults that meet, among many.
func TestShrink(t *testing.T) {
	// It fails while server 1 is down and server 0 cannot hear server 2.
	fails := func(s Schedule) bool {
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		for _, at := range s.Moments() {
			all := s.At(at)
			if all[1].Down && slices.Contains(all[0].Cut, 2) {
				return true
			}
		}
		return false
	}
	found := 0
	for seed := range uint64(20) {
		s := generate(t, Config{Servers: 3, Duration: time.Minute}, seed)
		if !fails(s) {
			continue
		}
		found++
		tries := 0
		small := Shrink(s, func(s Schedule) (Schedule, bool) { tries++; return s, fails(s) }, 1000)
		if len(small.Faults) != 2 || !fails(small) || small.Duration >= s.Duration || tries > 1000 {
			t.Errorf("seed %d: %v for %v after %d tries", seed, small.Faults, small.Duration, tries)
		}
		for _, f := range small.Faults {
			if f.Kind == Kill && len(f.Servers) != 1 {
				t.Errorf("seed %d: %v kills more than it must", seed, f)
			}
		}
		tries = 0
		Shrink(s, func(s Schedule) (Schedule, bool) { tries++; return s, fails(s) }, 7)
		if tries > 7 {
			t.Errorf("seed %d: %d tries, want at most 7", seed, tries)
		}
	}
	if found < 5 {
		t.Errorf("%d schedules fail, want more to shrink", found)
	}
	s := generate(t, Config{Servers: 3, Duration: time.Minute}, 1)
	if same := Shrink(s, func(s Schedule) (Schedule, bool) { return s, false }, 100); !reflect.DeepEqual(same, s) {
		t.Error("a schedule that is needed as it is was shrunk")
	}
	if none := Shrink(s, func(s Schedule) (Schedule, bool) { return s, true }, 100); len(none.Faults) > 0 || none.Duration > rest {
		t.Errorf("what fails without a fault is left with %v", none)
	}
}

// TestShrinkBeginning makes sure that of a schedule that failed early only the beginning is tried further, whatever stands
// at its places by then.
func TestShrinkBeginning(t *testing.T) {
	for seed := range uint64(20) {
		s := generate(t, Config{Servers: 3, Duration: time.Minute}, seed)
		most := len(s.Faults)
		random := rand.NewPCG(seed, 1)
		fails := func(s Schedule) (Schedule, bool) {
			if err := s.Validate(); err != nil {
				t.Fatal(err)
			}
			if len(s.Faults) > most {
				t.Fatalf("seed %d: %d faults are tried after no more than %d failed", seed, len(s.Faults), most)
			}
			if len(s.Faults) == 0 || random.Uint64()%3 > 0 {
				return s, false // It fails by chance.
			}
			cut := s.Until(s.Faults[random.Uint64()%uint64(len(s.Faults))].Ends())
			most = len(cut.Faults)
			return cut, true
		}
		if small := Shrink(s, fails, 1000); len(small.Faults) != most {
			t.Errorf("seed %d: %d faults, though %d failed", seed, len(small.Faults), most)
		}
	}
}

// TestShort makes sure that only the calm end of a run is cut.
func TestShort(t *testing.T) {
	s := Schedule{Servers: 1, Duration: time.Minute, Faults: []Fault{
		{Kind: Kill, At: time.Second, For: 5 * time.Second, Servers: []int{0}},
		{Kind: Kill, At: 2 * time.Second, For: time.Second, Servers: []int{0}},
	}}
	for calm, want := range map[time.Duration]time.Duration{
		time.Second: 7 * time.Second, 0: 6 * time.Second, time.Hour: time.Minute,
	} {
		if got := s.Short(calm); got.Duration != want || len(got.Faults) != 2 {
			t.Errorf("%v after the last fault: %v", calm, got)
		}
	}
}

// TestUntil makes sure that a run which is cut short is the beginning of the whole one.
func TestUntil(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := schedules().Draw(t, "schedule")
		end := time.Duration(rapid.Int64Range(1, int64(2*s.Duration)).Draw(t, "end"))
		cut := s.Until(end)
		if err := cut.Validate(); err != nil {
			t.Fatal(err)
		}
		for at := time.Duration(0); at < min(end, s.Duration); at += time.Millisecond {
			if a, b := s.At(at), cut.At(at); !slices.EqualFunc(a, b, Condition.Equal) {
				t.Fatalf("at %v: %+v, want %+v", at, b, a)
			}
		}
	})
}

func TestTally(t *testing.T) {
	var a, b Tally
	if a.String() != "none" || len(a.Missing(Kinds())) != len(Kinds()) {
		t.Errorf("%v", &a)
	}
	a.Add(Kill, 2)
	b.Add(Kill, 1)
	b.Add(Drop, 17)
	a.Merge(b)
	if got := a.String(); got != "drop 17, kill 3" {
		t.Error(got)
	}
	if got := a.Missing([]Kind{Drop, Pause, Kill}); !slices.Equal(got, []Kind{Pause}) {
		t.Error(got)
	}
}

// TestValues makes sure that all values differ, and are characters that survive any encoding.
func TestValues(t *testing.T) {
	seen := make([]bool, utf8.MaxRune+1)
	for n := range Values {
		v := Value(n)
		noncharacter := v >= 0xFDD0 && v <= 0xFDEF || v&0xFFFE == 0xFFFE
		if v <= ' ' || !utf8.ValidRune(v) || v == utf8.RuneError || noncharacter || seen[v] {
			t.Fatalf("value %d is %U", n, v)
		}
		seen[v] = true
	}
	if Value(0) != 'A' || Value(Values) != 'A' || Value(51) != 'z' {
		t.Errorf("%c %c %c", Value(0), Value(Values), Value(51))
	}
}

// TestWorkload makes sure that clients write different values, as often as they are to.
func TestWorkload(t *testing.T) {
	w := Workload{Clients: 5, Servers: 3, Reads: 0.25, Writes: 100, ThinkLeast: 1, ThinkMost: 9}
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	seen := make(map[rune]bool)
	for i := range w.Clients {
		a, b := w.Client(i, rand.NewPCG(7, uint64(i))), w.Client(i, rand.NewPCG(7, uint64(i)))
		reads, writes := 0, 0
		for writes < w.Writes {
			o := a.Next()
			if o != b.Next() {
				t.Fatal("one seed gives two operations")
			}
			if o.Think < 1 || o.Think > 9 || o.Server < 0 || o.Server > 2 || o.Read != (o.Value == 0) {
				t.Fatalf("%+v", o)
			}
			if o.Read {
				reads++
				continue
			}
			writes++
			if seen[o.Value] {
				t.Fatalf("%q is written twice", o.Value)
			}
			seen[o.Value] = true
		}
		if reads < 10 || reads > 70 {
			t.Errorf("%d reads beside %d writes", reads, writes)
		}
		for range 100 {
			if o := a.Next(); !o.Read {
				t.Fatalf("%+v after the last write", o)
			}
		}
	}
	for _, bad := range []Workload{
		{},
		{Clients: 1},
		{Clients: 1, Servers: 1, Reads: 2},
		{Clients: 1, Servers: 1, Writes: -1},
		{Clients: 1, Servers: 1, ThinkLeast: 2, ThinkMost: 1},
		{Clients: MaxClients + 1, Servers: 1},
	} {
		if bad.Validate() == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

func TestKindWords(t *testing.T) {
	for _, k := range AllKinds() {
		if got, err := ParseKind(k.String()); err != nil || got != k {
			t.Errorf("%v is read as %v, %v", k, got, err)
		}
	}
	for _, s := range []string{"none", "", "kil"} {
		if k, err := ParseKind(s); err == nil {
			t.Errorf("%q is read as %v", s, k)
		}
	}
}

// TestHarm makes sure that a schedule says what is done to files, and nothing that cannot be done.
func TestHarm(t *testing.T) {
	of := func(k Kind, h Harm) Schedule {
		return Schedule{Servers: 1, Duration: time.Second, Faults: []Fault{{Kind: k, For: time.Millisecond, Servers: []int{0}, Harm: h}}}
	}
	for _, d := range []Damage{Bit, Tail, Sector} {
		s := of(Corrupt, Harm{d, 0.75})
		var b bytes.Buffer
		if err := s.Write(&b); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(&b); err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("%v is read as %v, %v", s, got, err)
		}
		if want := fmt.Sprintf("0s for 1ms: corrupt 0, %v at 0.75", d); s.Faults[0].String() != want {
			t.Errorf("%v, want %s", s.Faults[0], want)
		}
	}
	for _, bad := range []Schedule{
		of(Corrupt, Harm{}), of(Corrupt, Harm{Sector + 1, 0}), of(Corrupt, Harm{Bit, 1}), of(Corrupt, Harm{Bit, -0.1}),
		of(Corrupt, Harm{Bit, math.NaN()}), of(Kill, Harm{Bit, 0}),
	} {
		if err := bad.Validate(); err == nil {
			t.Errorf("%v is accepted", bad)
		}
	}
	if _, err := Read(strings.NewReader(`{"format":"synod.schedule/1","servers":1,"duration":"1s","faults":[
		{"kind":"corrupt","at":"0s","for":"1ms","servers":[0],"damage":"flood"}]}`)); err == nil || !strings.Contains(err.Error(), `damage "flood"`) {
		t.Error(err)
	}
}

// TestFormerName makes sure that a schedule with the former name of after_ack is read, and written with the new one.
func TestFormerName(t *testing.T) {
	for _, name := range []string{"ambush", "after_ack"} {
		s, err := Read(strings.NewReader(`{"format":"synod.schedule/1","servers":1,"duration":"1s","faults":[` +
			`{"kind":"kill","at":"1ms","for":"2ms","servers":[0],"` + name + `":true}]}`))
		if err != nil || !s.Faults[0].AfterAck {
			t.Fatalf("%s: %+v, %v", name, s, err)
		}
		var b bytes.Buffer
		if err := s.Write(&b); err != nil || !strings.Contains(b.String(), `"after_ack":true`) || strings.Contains(b.String(), "ambush") {
			t.Errorf("%s is written as %s, %v", name, &b, err)
		}
	}
}
