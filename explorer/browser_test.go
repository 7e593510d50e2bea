package explorer_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"synod/internal/needs"
)

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// needWeb skips a test without Node and the page's packages.
func needWeb(t *testing.T) {
	t.Helper()
	needs.Node(t)
	needs.That(t, exists("web/node_modules/vite"), "there is no explorer/web/node_modules/vite: run npm ci in explorer/web")
}

// TestBrowser drives the page in a browser over the real command; the tests are in web/test.
func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	needWeb(t)
	browser := os.Getenv("CHROMIUM") != ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		browser = browser || exists(filepath.Join("/usr/bin", name))
	}
	needs.That(t, browser, "chromium is missing")
	program := filepath.Join(t.TempDir(), "paxos")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../cmd/paxos").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := filepath.Glob("web/test/*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatalf("expected tests in web/test, got %v, %v", files, err)
	}
	args := append([]string{"--test", "--test-concurrency=1", "--test-reporter=spec"}, files...)
	cmd := exec.CommandContext(t.Context(), "node", args...)
	cmd.Env = append(os.Environ(), "SYNOD_PAXOS="+program)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// TestBundle builds the page again: what is committed must be just that.
func TestBundle(t *testing.T) {
	needWeb(t)
	fresh := t.TempDir()
	for _, args := range [][]string{
		{"node_modules/typescript/bin/tsc", "--noEmit"},
		{"node_modules/vite/bin/vite.js", "build", "--outDir", fresh, "--emptyOutDir", "--logLevel", "error"},
	} {
		cmd := exec.CommandContext(t.Context(), "node", args...)
		cmd.Dir = "web"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	for _, folder := range []string{fresh, "dist"} {
		files, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			a, err := os.ReadFile(filepath.Join(fresh, f.Name()))
			if err != nil {
				t.Errorf("dist/%s is not built any more", f.Name())
				continue
			}
			b, err := os.ReadFile(filepath.Join("dist", f.Name()))
			if err != nil || !bytes.Equal(a, b) {
				t.Errorf("dist/%s is not what npm run build makes in explorer/web", f.Name())
			}
		}
	}
}

// maxPage is what the page may weigh, in bytes, all files compressed.
const maxPage = 50_000

func TestPageIsSmall(t *testing.T) {
	files, err := os.ReadDir("dist")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join("dist", f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		w := gzip.NewWriter(&b)
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("the page has %d bytes, compressed", b.Len())
	if b.Len() > maxPage {
		t.Errorf("expected at most %d", maxPage)
	}
}
