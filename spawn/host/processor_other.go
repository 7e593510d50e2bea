//go:build !unix

package host

import "time"

// processorTime returns false: the processor time of the process is not available on this system.
func processorTime() (time.Duration, bool) { return 0, false }
