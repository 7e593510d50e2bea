//go:build !linux || race

package checker

// resident returns false: the engine estimates the memory.
func resident() (int64, bool) { return 0, false }

func physical() int64 { return 0 }
