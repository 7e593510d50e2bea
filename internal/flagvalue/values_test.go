package flagvalue

import (
	"math"
	"slices"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestSize(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "1B": 1, "500MB": 500e6, "500mb": 500e6, "2GiB": 2 << 30, "1.5kB": 1500, "0.5KiB": 512, "3 GB": 3e9,
		"8TiB": 8 << 40, "": 0, "0": 0, "0.1B": 0, "-1MB": 0, "+1MB": 0, "MB": 0, "1 2MB": 0, "1e3": 0, "2XB": 0, "2iB": 0,
		"1.2.3MB": 0, "99999999999TiB": 0, "inf": 0, "NaN": 0, "0x10": 0, "1_000": 0,
	} {
		var n Size
		err := n.Set(text)
		if (err == nil) != (want > 0) || int64(n) != want {
			t.Errorf("%q is %d, %v; want %d", text, n, err, want)
		}
	}
}

// TestDistance compares with the recursion that defines the distance.
func TestDistance(t *testing.T) {
	var plain func(a, b string) int
	plain = func(a, b string) int {
		switch {
		case a == "" || b == "":
			return len(a) + len(b)
		case a[0] == b[0]:
			return plain(a[1:], b[1:])
		}
		return 1 + min(plain(a[1:], b), plain(a, b[1:]), plain(a[1:], b[1:]))
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringMatching(`[ab-]{0,6}`).Draw(t, "a"), rapid.StringMatching(`[ab-]{0,6}`).Draw(t, "b")
		if got, want := distance(a, b), plain(a, b); got != want {
			t.Errorf("distance(%q, %q) = %d, want %d", a, b, got, want)
		}
	})
}

func TestNearest(t *testing.T) {
	known := []string{"single-decree", "single-copy", "abd", "two-phase-commit"}
	for name, want := range map[string]string{
		"singledecree": "single-decree", "single": "single-decree", "Single-Copy": "single-copy", "adb": "abd",
		"two": "two-phase-commit",
		"":    "", "x": "", "paxos": "", "zzz": "",
	} {
		if got := Nearest(name, known); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		if got := Nearest(name, known); got != "" && !slices.Contains(known, got) {
			t.Errorf("nearest(%q) = %q", name, got)
		}
	})
}

func FuzzSize(f *testing.F) {
	for _, s := range []string{"500MB", "2GiB", "1.5kB", "-1", "9e99", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var n Size
		if err := n.Set(text); err == nil && (n < 1 || n == math.MaxInt64) || err != nil && n != 0 {
			t.Errorf("%q (valid UTF-8: %v) is %d, %v", text, utf8.ValidString(text), n, err)
		}
	})
}
