//go:build linux && !race

package offheap

import "golang.org/x/sys/unix"

// mapPopulate asks mmap to back a mapping immediately.
const mapPopulate = unix.MAP_POPULATE
