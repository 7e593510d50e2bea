package needs

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAtLeast(t *testing.T) {
	for version, want := range map[string]bool{
		"v20.19.0": true, "v20.19.1": true, "v20.20.2": true, "v22.0.0": true, "v100.0.0": true, "v21.0.0-nightly2023": true,
		"v20.18.9": false, "v18.20.4": false, "v9.99.99": false, "": false, "v20": false, "v20.x.0": false, "v20.19.0.1": false,
	} {
		if got := atLeast(version, leastNode); got != want {
			t.Errorf("%q is at least %s: %v", version, leastNode, got)
		}
	}
}

// TestOldNode runs the check with a node that says to be old, and one that does not.
func TestOldNode(t *testing.T) {
	Program(t, "sh")
	for _, tt := range []struct {
		version, ci     string
		skipped, failed bool
	}{
		{"v18.20.4", "", true, false}, {"v18.20.4", "1", false, true}, {"v20.19.0", "", false, false}, {"v20.19.0", "1", false, false},
	} {
		dir := t.TempDir()
		script := "#!/bin/sh\necho '" + tt.version + "'\n"
		if err := os.WriteFile(filepath.Join(dir, "node"), []byte(script), 0o755); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
		r := &recorder{TB: t}
		t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
		t.Setenv("SYNOD_CI", tt.ci)
		Node(r)
		if r.skipped != tt.skipped || r.failed != tt.failed {
			t.Errorf("node %s with SYNOD_CI=%q: skipped %v, failed %v", tt.version, tt.ci, r.skipped, r.failed)
		}
	}
}

// recorder notes what would end a test, and goes on.
type recorder struct {
	testing.TB
	skipped, failed bool
}

func (r *recorder) Skip(args ...any) { r.skipped = true; r.Log(args...) }

func (r *recorder) Fatalf(format string, args ...any) { r.failed = true; r.Logf(format, args...) }
