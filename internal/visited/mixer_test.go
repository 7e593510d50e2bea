package visited

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestMixerBijection(t *testing.T) {
	for width := 1; width <= 64; width++ {
		m := NewMixer(width)
		check := func(t interface{ Fatalf(string, ...any) }, x uint64) uint64 {
			y := m.Mix(x)
			if y > m.mask || m.Unmix(y) != x || m.Mix(m.Unmix(x)) != x {
				t.Fatalf("%d bits: %#x mixes to %#x, which unmixes to %#x", width, x, y, m.Unmix(y))
			}
			return y
		}
		for x := range uint64(64) {
			check(t, x&m.mask)
			check(t, ^x&m.mask)
			check(t, uint64(1)<<x&m.mask)
		}
		rapid.Check(t, func(t *rapid.T) { check(t, rapid.Uint64().Draw(t, "x")&m.mask) })
		if width > 16 {
			continue
		}
		seen := make([]bool, 1<<width)
		for x := range uint64(1) << width {
			y := check(t, x)
			if seen[y] {
				t.Fatalf("%d bits: %#x is the image of two", width, y)
			}
			seen[y] = true
		}
	}
}

// TestRegions holds a regional mixer to being a bijection, and the region to what it may depend on.
func TestRegions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(2, 64).Draw(t, "width")
		top := rapid.IntRange(1, width).Draw(t, "top")
		region := rapid.IntRange(0, min(top, width-1)).Draw(t, "region")
		m := NewRegionalMixer(width, top, region)
		keys := rapid.Uint64Range(0, ^uint64(0)>>(64-width))
		x, y := keys.Draw(t, "x"), keys.Draw(t, "y")
		if mixed := m.Mix(x); mixed > ^uint64(0)>>(64-width) || m.Unmix(mixed) != x || m.Mix(m.Unmix(x)) != x {
			t.Fatalf("%#x mixes to %#x, which unmixes to %#x", x, mixed, m.Unmix(mixed))
		}
		below := uint64(1)<<(width-top) - 1
		neighbour := x&^below | y&below
		if a, b := m.Mix(x)>>(width-region), m.Mix(neighbour)>>(width-region); region > 0 && a != b {
			t.Fatalf("%#x and %#x are in the regions %d and %d", x, neighbour, a, b)
		}
	})
	m := NewRegionalMixer(40, 14, 7)
	count := make([]int, 1<<7)
	for id := range uint64(1 << 13) {
		count[m.Mix(id<<26)>>33]++
	}
	for region, n := range count {
		if n < 48 || n > 80 {
			t.Errorf("region %d has %d of the first %d ids", region, n, 1<<13)
		}
	}
}

// TestMixerSpread counts how structured keys fall into cells by their high bits, as shards and homes do, and compares
// with what chance would do: the statistic is near 1 for random keys, and far below for keys spread more evenly.
func TestMixerSpread(t *testing.T) {
	families := map[string]func(i uint64, width int) uint64{
		"counting":    func(i uint64, _ int) uint64 { return i },
		"high bits":   func(i uint64, width int) uint64 { return i << (width - 18) },
		"middle bits": func(i uint64, width int) uint64 { return i << (width/2 - 9) },
		"two fields":  func(i uint64, width int) uint64 { return i&511 | i>>9<<(width-9) },
		"three fields": func(i uint64, width int) uint64 {
			return i&63 | i>>6&63<<(width/2) | i>>12<<(width-6)
		},
		"powers": func(i uint64, width int) uint64 {
			// Two fields of one bit set each and a counter.
			return 1<<(i%8+10) | 1<<(i/8%8+uint64(width)/2) | i/64<<(width-12)
		},
	}
	for _, width := range []int{24, 31, 40, 48, 59, 63, 64} {
		m := NewMixer(width)
		for name, key := range families {
			if name == "powers" && width < 40 {
				continue // its fields would overlap
			}
			for _, cells := range []int{8, 13} {
				t.Run(fmt.Sprintf("%s/%d bits/%d", name, width, cells), func(t *testing.T) {
					count := make([]float64, 1<<cells)
					const keys = 1 << 16
					for i := range uint64(keys) {
						count[m.Mix(key(i, width)&m.mask)>>(width-cells)]++
					}
					mean := float64(keys) / float64(len(count))
					var chi float64
					for _, c := range count {
						chi += (c - mean) * (c - mean) / mean
					}
					chi /= float64(len(count) - 1)
					// Six standard deviations of the statistic for random keys, and some slack.
					if bound := 1.5 + 6*math.Sqrt(2/float64(len(count))); chi > bound {
						t.Errorf("cells vary %.2f times as much as by chance", chi)
					}
				})
			}
		}
	}
}
