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

// TestMemoryLimit compares the peak of real processes with the limit that they were given.
func TestMemoryLimit(t *testing.T) {
	for _, c := range []struct {
		megabytes int
		arguments string
	}{
		{45, "check-bfs 6 --workers 1"},
		{60, "check-bfs 6 --workers 4"},
		{60, "check-bfs 4 unordered_duplicating --lossy"},
		{60, "check-bfs --model two-phase-commit --managers 9"},
		{60, "check-dfs 6 --workers 4"},
	} {
		t.Run(fmt.Sprintf("%s in %d MB", c.arguments, c.megabytes), func(t *testing.T) {
			t.Parallel()
			arguments := append(strings.Fields(c.arguments), "--memory-limit", fmt.Sprintf("%dMB", c.megabytes))
			cmd := exec.Command(os.Args[0], "-test.run=^TestMemoryChild$")
			cmd.Env = append(os.Environ(), childArguments+"="+strings.Join(arguments, "\n"))
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, &stderr)
			}
			if !bytes.Contains(out, []byte("The search ended early (the memory limit), with ")) {
				t.Errorf("no word of the limit in\n%s", out)
			}
			m := peak.FindSubmatch(out)
			if m == nil {
				t.Fatalf("no peak in\n%s", out)
			}
			kilobytes, err := strconv.Atoi(string(m[2]))
			if err != nil {
				t.Fatal(err)
			}
			got := float64(kilobytes) * 1024 / 1e6 / float64(c.megabytes)
			t.Logf("the peak is %.2f of the limit", got)
			if code := string(m[1]); code != "3" || got < 0.9 || got > 1.1 {
				t.Errorf("exit code %s, the peak is %.2f of the limit", code, got)
			}
		})
	}
}
