//go:build unix && !linux && !race

package offheap

// mapPopulate is not known to this system's mmap.
const mapPopulate = 0
