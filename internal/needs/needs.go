// Package needs skips tests on machines where a dependency other than Go is missing, and prints the reason. With
// SYNOD_CI=1 in the environment, where all dependencies must be present, such a test fails. Only tests import it.
package needs

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// That skips a test unless a dependency is there. The reason describes what is missing or wrong.
func That(t testing.TB, there bool, reason string) {
	t.Helper()
	switch {
	case there:
	case os.Getenv("SYNOD_CI") == "1":
		t.Fatalf("%s, and SYNOD_CI is set", reason)
	default:
		t.Skip(reason)
	}
}

// Program skips a test if a program is missing, and returns its path.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	That(t, err == nil, name+" is missing")
	return path
}

// Python skips a test without a Python that has a module, and returns its path: that of $SYNOD_PYTHON, or python3.
func Python(t testing.TB, module string) string {
	t.Helper()
	path := os.Getenv("SYNOD_PYTHON")
	if path == "" {
		path = Program(t, "python3")
	}
	err := exec.CommandContext(t.Context(), path, "-c", "import "+module).Run()
	That(t, err == nil, path+" has no module "+module+": install tools/python/requirements.txt")
	return path
}

// leastNode is the oldest supported release of Node: our packages require ES modules.
const leastNode = "v20.19.0"

// Node skips a test if Node is missing or too old, and returns its path.
func Node(t testing.TB) string {
	t.Helper()
	path := Program(t, "node")
	out, err := exec.CommandContext(t.Context(), path, "--version").Output()
	if err != nil {
		t.Fatalf("%s --version: %v", path, err)
	}
	version := strings.TrimSpace(string(out))
	That(t, atLeast(version, leastNode), fmt.Sprintf("node is %s, and too old: expected %s or later", version, leastNode))
	return path
}

// atLeast reports whether a version such as v20.19.0 is at least another one. It returns false for an invalid
// version.
func atLeast(version, least string) bool {
	a, okA := numbers(version)
	b, okB := numbers(least)
	if !okA || !okB {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return a[i] > b[i]
		}
	}
	return true
}

func numbers(version string) (all [3]uint64, ok bool) {
	version, _, _ = strings.Cut(version, "-") // the rest marks a prerelease
	parts := strings.Split(strings.TrimPrefix(version, "v"), ".")
	if len(parts) != len(all) {
		return all, false
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return all, false
		}
		all[i] = n
	}
	return all, true
}
