package oplog

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"synod/consistency"
)

// million writes a history: clients work on a few keys, now and then one of them gives up, and all of them pause
// together every hundred operations.
func million(out io.Writer, operations int) error {
	const clients, keys = 5, 4
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
	var slots [clients]slot
	held := map[Value]Value{}
	write := func(e Event) {
		if err == nil {
			err = w.Write(e)
		}
	}
	for n := 0; n < operations || slots != [clients]slot{}; {
		i := r.IntN(clients)
		s := &slots[i]
		e := Event{Process: int64(i)}
		switch {
		case !s.busy && (n%100 == 0 && slots != [clients]slot{} || n >= operations):
		case !s.busy:
			n++
			*s = slot{busy: true, op: []Op{Read, Write}[r.IntN(2)], key: Number(r.Int64N(keys)), value: Number(int64(n))}
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

// BenchmarkMillion checks a million operations, read from a file of ours.
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	var file bytes.Buffer
	if err := million(&file, n); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	for b.Loop() {
		h, err := Load(bytes.NewReader(file.Bytes()), ReadConfig{})
		if err != nil {
			b.Fatal(err)
		}
		r, err := Check(b.Context(), h, Config{Spec: Register})
		if err != nil || r.Outcome != consistency.Holds {
			b.Fatal(r.Outcome, err)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "operations/s")
}
