//go:build linux && !race

package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// childArguments holds the arguments of the command, a line each, in a child of TestMemoryLimit.
const childArguments = "PAXOS_TEST_ARGUMENTS"

// TestMemoryChild is not a test: it is the command in a process of its own, which tells its peak at the end. The system's
// getrusage would not do, as it counts the process from before it became this program, which was as large as the test.
func TestMemoryChild(t *testing.T) {
	arguments, child := os.LookupEnv(childArguments)
	if !child {
		t.Skip("only in a child of TestMemoryLimit")
	}
	code := run(strings.Split(arguments, "\n"), os.Stdin, os.Stdout, os.Stderr)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("exit=%d, %s\n", code, regexp.MustCompile(`VmHWM:\s+\d+ kB`).Find(status))
	os.Exit(0)
}

var peak = regexp.MustCompile(`exit=(\d+), VmHWM:\s+(\d+) kB`)

// inChild runs the command in a process of its own, and returns what it printed, its exit code and its peak in MB.
func inChild(t *testing.T, arguments ...string) (out []byte, code string, megabytes float64) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestMemoryChild$")
	cmd.Env = append(os.Environ(), childArguments+"="+strings.Join(arguments, "\n"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	m := peak.FindSubmatch(out)
	if m == nil {
		t.Fatalf("no peak in\n%s", out)
	}
	kilobytes, err := strconv.Atoi(string(m[2]))
	if err != nil {
		t.Fatal(err)
	}
	return out, string(m[1]), float64(kilobytes) * 1024 / 1e6
}

// TestMemoryLimit compares the peak of real processes with the limit that they were given. The pages of the program
// count, and how many the system maps differs from machine to machine, so limits are above what a small check takes.
func TestMemoryLimit(t *testing.T) {
	_, _, least := inChild(t, "check-bfs", "1")
	for _, c := range []struct {
		room      int // megabytes above what a small check takes
		arguments string
	}{
		{10, "check-bfs 6 --workers 1"},
		{25, "check-bfs 6 --workers 4"},
		{25, "check-bfs 4 unordered_duplicating --lossy"},
		{25, "check-bfs --model two-phase-commit --managers 9"},
		{25, "check-dfs 6 --workers 4"},
	} {
		t.Run(fmt.Sprintf("%s with room of %d MB", c.arguments, c.room), func(t *testing.T) {
			t.Parallel()
			limit := int(least) + c.room
			out, code, taken := inChild(t, append(strings.Fields(c.arguments), "--memory-limit", fmt.Sprintf("%dMB", limit))...)
			if !bytes.Contains(out, []byte("The search ended early (the memory limit), with ")) {
				t.Errorf("no word of the limit in\n%s", out)
			}
			of := taken / float64(limit)
			t.Logf("a small check takes %.0f MB; the peak is %.2f of the limit", least, of)
			if code != "3" || of < 0.9 || of > 1.1 {
				t.Errorf("exit code %s, the peak is %.2f of the limit", code, of)
			}
		})
	}
}
