package checker_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"synod/checker"
	"synod/examples/catalog"
	"synod/examples/singlecopy"
	"synod/examples/singledecree"
	"synod/trace"
)

// recorder is a test that fails without ending.
type recorder struct{ said string }

func (*recorder) Helper()                     {}
func (*recorder) Name() string                { return "TestX/a:b" }
func (r *recorder) Fatalf(f string, a ...any) { r.said = fmt.Sprintf(f, a...) }

// files lists what lies in the folders below one.
func files(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRequireLeavesPaths(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the folder of temporary files is another one")
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	var rec recorder

	sound := checker.BFS(t.Context(), singledecree.System(singledecree.Default), checker.Options{})
	sound.Require(&rec)
	sound.Close()
	if left := files(t, dir); rec.said != "" || len(left) != 0 {
		t.Fatalf("a test that passes said %q and left %v", rec.said, left)
	}

	entry, err := catalog.Find("single-copy")
	if err != nil {
		t.Fatal(err)
	}
	_, source, err := entry.Open(map[string]string{"servers": "2"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // The second failure replaces what the first one left.
		r := checker.BFS(t.Context(), source, checker.Options{})
		r.Require(&rec)
		r.Close()
	}
	left := files(t, dir)
	if len(left) != 1 || !strings.Contains(rec.said, "paxos check-bfs --from "+left[0]+" --explain") {
		t.Fatalf("left %v, said\n%s", left, rec.said)
	}
	f, err := os.Open(left[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := trace.ReadJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	first, ok := d.Primary()
	if !ok || d.Model != "single-copy" || d.Config["servers"] != "2" || trace.Reproduce(source, first) != nil {
		t.Errorf("the file holds %d traces of %s %v", len(d.Traces), d.Model, d.Config)
	}

	// A source that nobody can make by name comes with another hint.
	c := singlecopy.Default
	c.Servers = 2
	r := checker.BFS(t.Context(), singlecopy.System(c), checker.Options{})
	r.Require(&rec)
	r.Close()
	if !strings.Contains(rec.said, "trace.Reproduce") || strings.Contains(rec.said, "--from") {
		t.Errorf("said\n%s", rec.said)
	}

	// What cannot be written is said, and the test fails with its paths all the same.
	blocked := filepath.Join(dir, "blocked")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", blocked)
	r = checker.BFS(t.Context(), source, checker.Options{})
	r.Require(&rec)
	r.Close()
	if !strings.Contains(rec.said, "could not be kept") || !strings.Contains(rec.said, "Violation of") {
		t.Errorf("said\n%s", rec.said)
	}
}
