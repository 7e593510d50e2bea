//go:build !linux || race

package checker

// resident is not known here: the engine estimates it.
func resident() (int64, bool) { return 0, false }

func physical() int64 { return 0 }
