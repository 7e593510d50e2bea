package replay

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestFileWindows reads pieces of a file that is longer than what is in memory of it, in any order.
func TestFileWindows(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 3*windowSize+17)
	for i := range data {
		if data[i] = 'a' + byte(random.IntN(26)); random.IntN(2000) == 0 {
			data[i] = "\n\x00 "[random.IntN(3)]
		}
	}
	f := memory("f", data)
	for range 2_000 {
		from := random.IntN(len(data))
		to := from + min(random.IntN(1+random.IntN(2*windowSize)), len(data)-from)
		if got := f.text(int64(from), int64(to)); !bytes.Equal(got, data[from:to]) {
			t.Fatalf("from %d to %d there are %d bytes, not these", from, to, len(got))
		}
		want := len(data)
		if n := bytes.IndexAny(data[from:], "\n\x00"); n >= 0 {
			want = from + n
		}
		if got := f.until(int64(from), separates); got != int64(want) {
			t.Fatalf("the line from %d on ends at %d, want %d", from, got, want)
		}
	}
	if f.err != nil {
		t.Error(f.err)
	}
}
