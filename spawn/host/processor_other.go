//go:build !unix

package host

import "time"

// processorTime returns how much processor time the process took, which is not known here.
func processorTime() (time.Duration, bool) { return 0, false }
