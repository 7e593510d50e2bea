package consistency

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// plainPool is a pool without any short cut: the operations with their numbers.
type plainPool struct {
	earlier, window []numbered
	next            int32
}

type numbered struct {
	id int32
	unknown[int]
}

func (p *plainPool) inputs() []int {
	var all []int
	for _, op := range slices.Concat(p.earlier, p.window) {
		if !slices.Contains(all, op.in) {
			all = append(all, op.in)
		}
	}
	return all
}

func (p *plainPool) take(in int, applied []int32, lead int) (int32, bool) {
	for _, op := range slices.Concat(p.earlier, p.window) {
		if op.in == in && op.after <= lead && !slices.Contains(applied, op.id) {
			return op.id, true
		}
	}
	return 0, false
}

// TestPool compares pools with plain ones, whatever comes and goes. Inputs below 3 do not overwrite.
func TestPool(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, plain := newPool(func(in int) bool { return in >= 3 }, func(in int) bool { return in == 4 }), &plainPool{}
		for range rapid.IntRange(1, 40).Draw(t, "windows") {
			var more []unknown[int]
			after := 0
			for range rapid.IntRange(0, 4).Draw(t, "operations") {
				after += rapid.IntRange(0, 2).Draw(t, "returns")
				more = append(more, unknown[int]{in: rapid.IntRange(0, 9).Draw(t, "input"), after: after})
			}
			_ = p.with([]unknown[int]{{in: 11}}) // one that is only looked at
			w := p.with(more)
			plain.window = nil
			for i, op := range more {
				plain.window = append(plain.window, numbered{plain.next + int32(i), op})
			}
			compare(t, w, plain)
			p = w.settled()
			for _, op := range plain.window {
				op.after = 0
				plain.earlier = append(plain.earlier, op)
				plain.next++
			}
			plain.window = nil
			var gone []int32
			plain.earlier = slices.DeleteFunc(plain.earlier, func(op numbered) bool {
				goes := rapid.IntRange(0, 2).Draw(t, "gone") == 0
				if goes {
					gone = append(gone, op.id)
				}
				return goes
			})
			p.remove(gone)
			compare(t, p.with(nil), plain)
		}
	})
}

func compare(t *rapid.T, p pool[int], plain *plainPool) {
	t.Helper()
	want := plain.inputs()
	if p.isEmpty() != (len(want) == 0) {
		t.Fatalf("empty: %v, want %v", p.isEmpty(), want)
	}
	if blind := !slices.ContainsFunc(want, func(in int) bool { return in < 3 }); p.blind() != blind {
		t.Fatalf("blind: %v, want %v", p.blind(), blind)
	}
	every := p.every()
	var ids []int32
	for _, op := range slices.Concat(plain.earlier, plain.window) {
		ids = append(ids, op.id)
	}
	var applied []int32
	if len(ids) > 0 {
		applied = rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 0, 3, rapid.ID).Draw(t, "applied")
		slices.Sort(applied)
	}
	lead := rapid.IntRange(0, 5).Draw(t, "lead")
	for in := range 12 {
		if p.has(in) != slices.Contains(want, in) {
			t.Fatalf("it has %d: %v", in, p.has(in))
		}
		if n := len(slices.DeleteFunc(slices.Clone(every), func(other int) bool { return other != in })); n > 1 || n == 0 && p.has(in) {
			t.Fatalf("every gives %d %d times", in, n)
		}
		id, ok := p.next(in, applied, lead)
		if wantID, wantOK := plain.take(in, applied, lead); id != wantID || ok != wantOK {
			t.Fatalf("the next with %d is %d, %v, want %d, %v", in, id, ok, wantID, wantOK)
		}
	}
	if len(every) > 2*len(want)+1+len(plain.window) {
		t.Fatalf("every gives %d inputs, there are %d", len(every), len(want))
	}
}
