//go:build !amd64 && !arm64

package visited

func prefetch(uintptr) {}
