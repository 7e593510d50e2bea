//go:build !unix || race

package offheap

import "errors"

// canMap reports that this build allocates on the Go heap.
const canMap = false

func mapPages(int, bool) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmapPages([]byte) error { return errors.ErrUnsupported }
