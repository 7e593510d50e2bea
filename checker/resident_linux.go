//go:build linux && !race

package checker

import (
	"bytes"
	"os"
	"strconv"
)

// resident returns the resident memory of the process in bytes, as the system counts it: code, stacks and memory once
// used and not yet returned are included. Reading it takes some microseconds. On machines with very many cores the
// count lags behind by some megabytes. Builds with the race detector use an estimate instead: the detector itself
// takes a multiple of the memory, and never returns it.
func resident() (int64, bool) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	fields := bytes.Fields(text) // in pages: address space, then resident memory
	if len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err == nil && pages > 0
}

// physical returns the most memory, in bytes, that the process may use: that of the machine, or less if its control
// group has a limit. It returns 0 if that is not known.
func physical() int64 {
	total := int64(0)
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		for line := range bytes.Lines(text) {
			fields := bytes.Fields(line)
			if len(fields) == 3 && string(fields[0]) == "MemTotal:" {
				kilobytes, _ := strconv.ParseInt(string(fields[1]), 10, 64)
				total = kilobytes << 10
				break
			}
		}
	}
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		group, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
		if err == nil && group > 0 && (total == 0 || group < total) {
			total = group
		}
	}
	return total
}
