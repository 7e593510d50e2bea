package oplog

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"synod/consistency"
)

// porcupine returns the folder of porcupine's source, whose tests have histories and say what they are.
func porcupine(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/anishathalye/porcupine").Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		t.Skipf("go list does not say where porcupine is: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "test_data")); err != nil {
		t.Skipf("porcupine comes without histories: %v", err)
	}
	return dir
}

// expected reads what porcupine's tests say of its histories.
func expected(t *testing.T, dir, pattern string) [][]string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(dir, "porcupine_test.go"))
	if err != nil {
		t.Skipf("porcupine comes without tests: %v", err)
	}
	all := regexp.MustCompile(pattern).FindAllStringSubmatch(string(source), -1)
	if len(all) == 0 {
		t.Fatalf("nothing in porcupine's tests is like %s", pattern)
	}
	return all
}

func checkFile(t *testing.T, path string, c Config) Result {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := Load(f, ReadConfig{Spec: c.Spec})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	r, err := Check(t.Context(), h, c)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return r
}

// The logs of Jepsen's test of etcd that come with porcupine, as its tests judge them.
func TestEtcdLogs(t *testing.T) {
	dir := porcupine(t)
	seen := map[string]int{}
	for _, want := range expected(t, dir, `checkJepsen\(t, (\d+), (true|false)\)`) {
		var n int
		if _, err := fmt.Sscan(want[1], &n); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "test_data", "jepsen", fmt.Sprintf("etcd_%03d.log", n))
		r := checkFile(t, path, Config{Spec: Register})
		if holds := r.Outcome == consistency.Holds; r.Outcome == consistency.Undecided || fmt.Sprint(holds) != want[2] {
			t.Errorf("%s: %v %s, want %s", path, r.Outcome, r.Reason, want[2])
		}
		seen[want[2]]++
	}
	if seen["true"] == 0 || seen["false"] == 0 {
		t.Errorf("%v shows nothing", seen)
	}
}

// Histories of a key-value store whose keys are appended to.
func TestAppendedTexts(t *testing.T) {
	dir := porcupine(t)
	for _, want := range expected(t, dir, `checkKv\(t, "(c[01]\d-\S+)", (true|false), true\)`) {
		path := filepath.Join(dir, "test_data", "kv", want[1]+".txt")
		r := checkFile(t, path, Config{Spec: KV, Initial: Text("")})
		if holds := r.Outcome == consistency.Holds; r.Outcome == consistency.Undecided || fmt.Sprint(holds) != want[2] {
			t.Errorf("%s: %v %s, want %s", path, r.Outcome, r.Reason, want[2])
		}
	}
}
