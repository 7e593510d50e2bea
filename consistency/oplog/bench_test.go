package oplog

import (
	"bytes"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"synod/consistency"
)

// million writes a history: five clients work on a few keys, now and then one of them gives up, and all of them pause
// together every hundred operations.
func million(out io.Writer, operations int) error { return crowd(out, operations, 5, 4, true) }

func crowd(out io.Writer, operations, clients, keys int, pauses bool) error {
	r := rand.New(rand.NewPCG(1, 2))
	w, err := NewWriter(out, Header{Spec: Register}, nil)
	if err != nil {
		return err
	}
	type slot struct {
		busy, acted bool
		op          Op
		key, value  Value
	}
	slots := make([]slot, clients)
	idle := func() bool { return !slices.ContainsFunc(slots, func(s slot) bool { return s.busy }) }
	held := map[Value]Value{}
	write := func(e Event) {
		if err == nil {
			err = w.Write(e)
		}
	}
	for n := 0; n < operations || !idle(); {
		i := r.IntN(clients)
		s := &slots[i]
		e := Event{Process: int64(i)}
		switch {
		case !s.busy && (pauses && n%100 == 0 && !idle() || n >= operations):
		case !s.busy:
			n++
			*s = slot{busy: true, op: []Op{Read, Write}[r.IntN(2)], key: Number(r.Int64N(int64(keys))), value: Number(int64(n))}
			e.Type, e.Op, e.Key = Invoke, s.op, s.key
			if s.op == Write {
				e.Value = s.value
			}
			write(e)
		case !s.acted && r.IntN(1000) == 0:
			e.Type = Unknown
			write(e)
			*s = slot{}
		case !s.acted:
			s.acted = true
			if s.op == Write {
				held[s.key] = s.value
			} else {
				s.value = held[s.key]
			}
		default:
			e.Type, e.Told = Ok, s.op == Read
			if e.Told {
				e.Value = s.value
			}
			write(e)
			*s = slot{}
		}
	}
	return err
}

func TestManyWindows(t *testing.T) {
	n := 20_000
	if testing.Short() {
		n = 2_000
	}
	var b bytes.Buffer
	if err := million(&b, n); err != nil {
		t.Fatal(err)
	}
	h, err := Load(&b, ReadConfig{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Check(t.Context(), h, Config{Spec: Register})
	if err != nil || r.Outcome != consistency.Holds || r.Counts.Operations != n || r.Counts.Windows < n/100 || r.Counts.Unknown == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	// One read of a value that was overwritten long ago.
	for i := len(h.Events) / 2; i < len(h.Events); i++ {
		if e := &h.Events[i]; e.Told {
			e.Value = Number(1)
			break
		}
	}
	r, err = Check(t.Context(), h, Config{Spec: Register})
	if err != nil || r.Outcome != consistency.Violated || len(r.Findings) != 1 {
		t.Fatalf("%v, %v", r.Outcome, err)
	}
	if r.Explain(t.Context()); !r.Findings[0].Found || len(r.Findings[0].Before) > 500 {
		t.Errorf("%v, %v", r.Outcome, err)
	}
}

// BenchmarkMillion checks a million operations of a few clients, read from a file in our format.
func BenchmarkMillion(b *testing.B) { benchmarkCrowd(b, 1_000_000, 5, 4, true) }

// BenchmarkDense checks operations of many clients of one register that never pause.
func BenchmarkDense(b *testing.B) { benchmarkCrowd(b, 100_000, 64, 1, false) }

func benchmarkCrowd(b *testing.B, n, clients, keys int, pauses bool) {
	var file bytes.Buffer
	if err := crowd(&file, n, clients, keys, pauses); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	for b.Loop() {
		r, err := CheckScans(b.Context(), func() (*Scanner, error) {
			return NewScanner(bytes.NewReader(file.Bytes()), ReadConfig{})
		}, Config{Spec: Register})
		if err != nil || r.Outcome != consistency.Holds {
			b.Fatal(r.Outcome, err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "operations/s")
}

// Many clients that never pause are judged, right and wrong, and little of what they did is kept.
func TestDense(t *testing.T) {
	var file bytes.Buffer
	if err := crowd(&file, 20_000, 64, 1, false); err != nil {
		t.Fatal(err)
	}
	h, err := Load(&file, ReadConfig{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Check(t.Context(), h, Config{Spec: Register, MaxWindow: 5000})
	if err != nil || r.Outcome != consistency.Holds || r.Counts.Longest > 3000 {
		t.Fatalf("%+v, %v", r, err)
	}
	for i := len(h.Events) / 2; i < len(h.Events); i++ { // a value that was overwritten long ago
		if e := &h.Events[i]; e.Told {
			e.Value = Number(1)
			break
		}
	}
	r, err = Check(t.Context(), h, Config{Spec: Register, MaxWindow: 5000})
	if err != nil || r.Outcome != consistency.Violated {
		t.Fatalf("%+v, %v", r, err)
	}
	if r.Explain(t.Context()); !r.Findings[0].Found || r.Findings[0].Last.Text != "read -> 1" {
		t.Errorf("%v", r.Findings[0])
	}
}

// What took minutes by search: unknown operations of which a read tells whether they took effect, or does not tell.
func TestUnknownAtOnce(t *testing.T) {
	var log, set []Event
	var entries, elements []Value
	for i := range int64(200) {
		log = append(log, lost(1000+i, Append, Number(i))...)
		set = append(set, lost(1000+i, Add, Number(i))...)
	}
	for i := range int64(10) {
		log = append(log, Event{Type: Invoke, Process: i, Op: Append, Value: Number(1000 + i)})
	}
	for i := range int64(10) {
		log = append(log, Event{Type: Ok, Process: i})
		entries = append(entries, Number(1000+i), Number(20*i))
		elements = append(elements, Number(3*i))
	}
	log = append(log, done(1, Append, Number(2000), Event{})...)
	for spec, h := range map[Spec]History{
		Log: {Events: append(log, done(1, Read, None, listed(append(entries, "2000")...))...)},
		Set: {Events: append(set, done(1, Read, None, listed(elements...))...)},
	} {
		if r, err := Check(t.Context(), h, Config{Spec: spec}); err != nil || r.Outcome != consistency.Holds {
			t.Errorf("%s: %+v, %v", spec, r, err)
		}
		h.Events = append(h.Events, done(1, Read, None, listed(Number(5)))...)
		if r, err := Check(t.Context(), h, Config{Spec: spec}); err != nil || r.Outcome != consistency.Violated {
			t.Errorf("%s, and then wrong: %+v, %v", spec, r, err)
		}
	}
}
