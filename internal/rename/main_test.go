package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestReplace(t *testing.T) {
	p := newPattern("synod")
	for text, want := range map[string]string{
		`import "synod/actor"`:                      `import "example.org/x/actor"`,
		`const module = "synod"`:                    `const module = "example.org/x"`,
		"module synod\n":                            "module example.org/x\n",
		"module synod/tools\n":                      "module example.org/x/tools\n",
		"gofumpt -modpath synod -l":                 "gofumpt -modpath example.org/x -l",
		"- pkg: synod/cmd":                          "- pkg: example.org/x/cmd",
		"of `synod/trace` and `synod/checker` only": "of `example.org/x/trace` and `example.org/x/checker` only",
		`"schema": "synod.torture/1"`:               `"schema": "synod.torture/1"`,
		"elsewhere/synod/actor":                     "elsewhere/synod/actor",
		"github.com/a/synod/b and Synod is a":       "github.com/a/synod/b and Synod is a",
		`"example.org/x/actor"`:                     `"example.org/x/actor"`,
	} {
		if got := string(p.replace([]byte(text), "example.org/x")); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

var long = flag.Bool("long", false, "build the command under its new path too")

// TestRename renames a copy of all that is in the repository, and has every import resolved under the new path. With -long it
// builds the command there, and the module that this writes.
func TestRename(t *testing.T) {
	const root = "../.."
	list, err := exec.Command("git", "-C", root, "ls-files", "-z").Output()
	if err != nil {
		t.Skipf("no list of files: %v", err)
	}
	dir := t.TempDir()
	for _, name := range strings.Split(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const to = "example.org/lab/synod"
	if files, err := rename(dir, to); err != nil || files < 100 {
		t.Fatalf("%d files, %v", files, err)
	}
	does := func(folder, name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = folder, append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
	}
	does(dir, "go", "list", "-deps", "-test", "./...")
	if !*long {
		return
	}
	program := filepath.Join(dir, "paxos.exe")
	does(dir, "go", "build", "-o", program, "./cmd/paxos")
	does(dir, program, "check", "1", "--trace-out", "found_test.go", "--progress", "off")
	text, err := os.ReadFile(filepath.Join(dir, "found_test.go"))
	if err != nil || !bytes.Contains(text, []byte(`"`+to+`/examples/catalog"`)) {
		t.Errorf("a test of a trace, %v:\n%s", err, text)
	}
	own := filepath.Join(dir, "own")
	does(dir, program, "new", own)
	does(own, "go", "build", "-o", "own.exe", ".")
}

func TestRefused(t *testing.T) {
	for _, to := range []string{"", "synod", "lab/synod", "example.org/", "example.org", `example.org/a"b`} {
		if _, err := rename(t.TempDir(), to); err == nil || !strings.Contains(err.Error(), "expected a path") {
			t.Errorf("%q: %v", to, err)
		}
	}
	if _, err := rename(t.TempDir(), "example.org/synod"); err == nil {
		t.Error("a folder without a module is renamed")
	}
}
