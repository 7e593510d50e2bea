//go:build unix && !race

package offheap

import "golang.org/x/sys/unix"

// canMap reports that this build can map memory outside the Go heap.
const canMap = true

// mapPages maps size zeroed bytes, a multiple of the page size. Anonymous memory is charged to the process when it is
// touched.
func mapPages(size int, backed bool) ([]byte, error) {
	flags := unix.MAP_ANON | unix.MAP_PRIVATE
	if backed {
		flags |= mapPopulate
	}
	return unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, flags)
}

func unmapPages(b []byte) error { return unix.Munmap(b) }
