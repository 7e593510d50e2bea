package visited

import "math/bits"

// Mixer is a bijection on the integers of a fixed number of bits that scatters them: keys that differ in few bits, or
// that are consecutive, get unrelated results, especially in the high bits. Being a bijection, it loses nothing:
// equal results mean equal keys. It does not protect against adversarial keys. Its methods are safe for concurrent
// use.
type Mixer struct {
	mask  uint64 // of the bits below the region
	shift uint
	a, b  uint64 // odd multipliers
	c, d  uint64 // their inverses modulo 2^bits

	// The high bits of a key that choose its region, their multiplier, and its inverse.
	topShift         uint
	topMask          uint64
	spread, unspread uint64
}

// NewMixer returns the mixer for integers of 1 to 64 bits. It is the same in every process.
func NewMixer(width int) Mixer { return NewRegionalMixer(width, 0, 0) }

// NewRegionalMixer returns a mixer whose results depend, in their first region bits, only on the first top bits of
// the key, so that keys that agree in these stay together. Region is at most top, and less than width.
func NewRegionalMixer(width, top, region int) Mixer {
	if width < 1 || width > 64 || region > top || region >= width {
		panic("visited: a mixer needs 1 to 64 bits, of which some are for no region")
	}
	whole := width
	width -= region
	// The high bits of irrational numbers have no pattern that a protocol's states could share: the golden ratio,
	// as in Knuth's multiplicative hashing (The Art of Computer Programming, vol. 3, section 6.4), and pi - 3.
	const golden, pi = 0x9E3779B97F4A7C15, 0x243F6A8885A308D3
	m := Mixer{
		mask:  ^uint64(0) >> (64 - width),
		shift: uint(width+1) / 2,
		a:     golden>>(64-width) | 1,
		b:     bits.RotateLeft64(pi, 2)>>(64-width) | 1, // the leading zeros rotated away
	}
	m.c, m.d = inverse(m.a)&m.mask, inverse(m.b)&m.mask
	m.topMask, m.spread, m.unspread = ^uint64(0), 1, 1
	if region > 0 {
		m.topShift, m.topMask = uint(whole-top), 1<<top-1
		m.spread = golden>>(64-top) | 1
		m.unspread = inverse(m.spread)
	}
	return m
}

// Mix maps x, which must be less than 2^bits, to its place.
func (m Mixer) Mix(x uint64) uint64 {
	x = m.turn(x, m.spread)
	region := x &^ m.mask
	x &= m.mask
	// A shift by half the width or more is its own inverse, and brings the high half to where a product carries it up.
	x ^= x >> (m.shift & 63)
	x = x * m.a & m.mask
	x ^= x >> (m.shift & 63)
	x = x * m.b & m.mask
	return x ^ x>>(m.shift&63) | region
}

// turn multiplies the bits that choose the region.
func (m Mixer) turn(x, by uint64) uint64 {
	shift := m.topShift & 63
	return x&(1<<shift-1) | x>>shift*by&m.topMask<<shift
}

// Unmix is the inverse of Mix.
func (m Mixer) Unmix(x uint64) uint64 {
	region := x &^ m.mask
	x &= m.mask
	x ^= x >> (m.shift & 63)
	x = x * m.d & m.mask
	x ^= x >> (m.shift & 63)
	x = x * m.c & m.mask
	return m.turn(x^x>>(m.shift&63)|region, m.unspread)
}

// inverse returns the inverse of an odd number modulo 2^64 by Newton's iteration, which doubles the number of correct
// low bits in each round; an odd number is its own inverse modulo 8.
func inverse(a uint64) uint64 {
	x := a
	for range 5 {
		x *= 2 - a*x
	}
	return x
}
