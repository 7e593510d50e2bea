package checker

import "testing"

// KeepSteps changes how many bytes of steps are kept, for the time of a test.
func KeepSteps(t *testing.T, bytes int) {
	was := keptSteps
	keptSteps = bytes
	t.Cleanup(func() { keptSteps = was })
}
