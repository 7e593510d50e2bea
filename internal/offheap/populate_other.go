//go:build unix && !linux && !race

package offheap

// mapPopulate is not supported by this system's mmap.
const mapPopulate = 0
