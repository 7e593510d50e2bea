//go:build !(amd64 || arm64) || go1.27

package intern

import "unsafe"

// swiss is not for this system: maps are iterated over.
type swiss struct{ known bool }

func swissOf(*plan) swiss { return swiss{} }

func (swiss) hash(*plan, unsafe.Pointer) uint64 { return 0 }

func (swiss) len(unsafe.Pointer) int { return 0 }

// sums is the memory of a Hasher for one map. It has none here.
type sums struct{ plan *plan }

func sumsOf(*plan) sums { return sums{} }

func (*sums) hash(unsafe.Pointer) uint64 { return 0 }
