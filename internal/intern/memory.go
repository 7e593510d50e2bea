package intern

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// slice is the memory layout of a slice.
type slice struct {
	data     unsafe.Pointer
	len, cap int
}

// nothing is the target of empty slices: it has an address and no bytes.
var nothing struct{}

// bytesAt returns n bytes of memory as a slice. They may be those of several values that adjoin, which a check for pointer
// arithmetic in builds with the race detector takes for a mistake. All of them must be in use elsewhere.
//
//go:nocheckptr
func bytesAt(p unsafe.Pointer, n uintptr) []byte {
	return unsafe.Slice((*byte)(p), n)
}

// equalBytes compares n bytes, which may be those of several values, too.
//
//go:nocheckptr
func equalBytes(a, b unsafe.Pointer, n uintptr) bool {
	switch n {
	case 8:
		return *(*[8]byte)(a) == *(*[8]byte)(b)
	case 4:
		return *(*[4]byte)(a) == *(*[4]byte)(b)
	case 3:
		return *(*[3]byte)(a) == *(*[3]byte)(b)
	case 2:
		return *(*[2]byte)(a) == *(*[2]byte)(b)
	case 1:
		return *(*byte)(a) == *(*byte)(b)
	case 0:
		return true
	}
	return string(bytesAt(a, n)) == string(bytesAt(b, n))
}

const (
	seed  = 0x9e3779b97f4a7c15 // any odd constants without structure do: these are digits of the golden ratio,
	prime = 0xd6e8feb86659fd93 // and a multiplier known for mixing well
	salt  = 0xa0761d6478bd642f
)

// mix adds one word to a hash by a folded multiplication.
func mix(h, word uint64) uint64 {
	hi, lo := bits.Mul64(h^word^salt, prime)
	return hi ^ lo ^ bits.RotateLeft64(h, 23)
}

// spread makes every bit of a hash depend on every other; it is a bijection.
func spread(h uint64) uint64 {
	h ^= h >> 32
	h *= prime
	h ^= h >> 29
	h *= seed
	return h ^ h>>32
}

// hashBytes adds bytes to a hash, but not their number.
func hashBytes(b []byte, h uint64) uint64 {
	for len(b) >= 8 {
		h = mix(h, binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	switch {
	case len(b) >= 4: // the two halves overlap, which is harmless since the length is known
		return mix(h, uint64(binary.LittleEndian.Uint32(b))|uint64(binary.LittleEndian.Uint32(b[len(b)-4:]))<<32)
	case len(b) > 0:
		return mix(h, uint64(b[0])|uint64(b[len(b)/2])<<8|uint64(b[len(b)-1])<<16)
	}
	return h
}

func hashString(s string, h uint64) uint64 {
	return hashBytes(unsafe.Slice(unsafe.StringData(s), len(s)), mix(h, uint64(len(s))))
}
