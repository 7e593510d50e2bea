package stage

import (
	"math/bits"
	"time"
)

// Source is a stream of random numbers: SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
// Generators", 2014). It is implemented here because the meaning of a seed must not change with a library.
type Source struct{ state uint64 }

// golden is the odd number next to 2^64 divided by the golden ratio.
const golden = 0x9e3779b97f4a7c15

// NewSource returns the stream with the given name of a seed. Streams with different names are independent, so the
// draws of one part of a run do not affect another part.
func NewSource(seed, name uint64) *Source {
	s := &Source{seed}
	s.state = s.Uint64() ^ name*golden
	s.Uint64()
	return s
}

// Uint64 returns the next number.
func (s *Source) Uint64() uint64 {
	s.state += golden
	z := s.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number from 0 to n − 1.
func (s *Source) below(n int) int {
	high, _ := bits.Mul64(s.Uint64(), uint64(n))
	return int(high)
}

// between returns a duration from least to most, inclusive.
func (s *Source) between(least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(s.below(int(most-least)+1))
}
