//go:build linux && !race

package checker

import (
	"bytes"
	"os"
	"strconv"
)

// resident is the memory that the system has given to the process, as it counts it itself: code, stacks and what the
// process once used and has not given back, all included. Reading it takes some microseconds. On a machine of very many
// cores the system's own count lags behind by some megabytes. Builds with the race detector estimate instead: what the
// detector itself takes is a multiple of it, and is never given back.
func resident() (int64, bool) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	fields := bytes.Fields(text) // in pages: the address space, then what is resident of it
	if len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err == nil && pages > 0
}

// physical is the memory that the process may take at most: that of the machine, or less if its control group has a
// limit. It is 0 if that is not known.
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
