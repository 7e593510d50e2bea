//go:build amd64 || arm64

package visited

// prefetch asks the processor to load what is at an address, and does not wait for it. The address need not be valid.
//
//go:noescape
func prefetch(at uintptr)
