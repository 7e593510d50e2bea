package checker_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/checker/report"
	"synod/examples/catalog"
	"synod/examples/singlecopy"
	"synod/examples/singledecree"
	"synod/model"
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

// TestRequireOnNever makes sure that a test that fails as an example is missing shows no path to another one.
func TestRequireOnNever(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	sys := model.NewSystem[string](model.Config{})
	ref := model.Add(sys, 0, actor.New[int, string](knocker{}))
	sys.Sometimes("seen", func(v model.View) bool { st, _ := ref.In(v); return st == 1 })
	sys.Sometimes("missing", func(v model.View) bool { st, _ := ref.In(v); return st == 7 })
	var rec recorder
	r := checker.BFS(t.Context(), sys, checker.Options{})
	defer r.Close()
	r.Require(&rec)
	if !strings.Contains(rec.said, `never       sometimes "missing"`) || strings.Contains(rec.said, "Example of") ||
		strings.Contains(rec.said, "The paths are in") {
		t.Errorf("said\n%s", rec.said)
	}
	var b strings.Builder
	if r.WriteText(&b); !strings.Contains(b.String(), `Example of "seen"`) {
		t.Errorf("the report leaves out the example:\n%s", b.String())
	}
}

// TestRequireOnOwnModel makes sure that a model which the command does not know comes with no command.
func TestRequireOnOwnModel(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	sys := model.NewSystem[string](model.Config{})
	model.Add(sys, 0, actor.New[int, string](knocker{}))
	sys.Always("false", func(model.View) bool { return false })
	sys.Describe("mine", nil)
	var rec recorder
	r := checker.BFS(t.Context(), sys, checker.Options{})
	defer r.Close()
	r.Require(&rec)
	if strings.Contains(rec.said, "paxos") || !strings.Contains(rec.said, "trace.Reproduce") {
		t.Errorf("said\n%s", rec.said)
	}
	// The violation is in the initial state, which is shown.
	if want := "Violation of \"false\":\n  0. initial state\n       0: 0\n         0 → 0: string(\"knock\")\n"; !strings.Contains(rec.said, want) {
		t.Errorf("expected\n%s, said\n%s", want, rec.said)
	}
}

// panicking panics when it is told to.
type panicking struct{ knocker }

func (panicking) Receive(_ actor.ID, st int, _ actor.ID, _ string, _ *actor.Out[string]) int {
	return brittle(st)
}

func brittle(n int) int {
	var none []int
	return none[n]
}

// TestPanicsKeepTheirStack makes sure that the text, the document and Require tell in which line a handler, a property or what
// it reads panicked, and nothing of the engine.
func TestPanicsKeepTheirStack(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	handler := model.NewSystem[string](model.Config{})
	model.Add(handler, 0, actor.New[int, string](panicking{}))
	property := model.NewSystem[string](model.Config{})
	ref := model.Add(property, 0, actor.New[int, string](knocker{}))
	property.Always("brittle", func(v model.View) bool { st, _ := ref.In(v); return brittle(st) == 0 })
	projection := model.NewSystem[string](model.Config{})
	other := model.Add(projection, 0, actor.New[int, string](knocker{}))
	part := model.Project(projection, other, brittle)
	projection.Always("brittle", func(v model.View) bool { st, _ := part.In(v); return st == 0 })
	plain := model.NewPlain(staircase{new(outside)})
	plain.Always("brittle", func(n int) bool { return brittle(n) == 0 })
	for name, source := range map[string]model.Source{
		"handler": handler, "property": property, "projection": projection, "plain": plain,
	} {
		t.Run(name, func(t *testing.T) {
			r := checker.BFS(t.Context(), source, checker.Options{})
			defer r.Close()
			var rec recorder
			r.Require(&rec)
			for what, text := range map[string]string{"Require": rec.said, "Stack": r.Stack(), "the document": report.Of(r).Stack} {
				if !strings.Contains(text, "checker_test.brittle\n") || !strings.Contains(text, "require_test.go:") {
					t.Errorf("%s has no stack:\n%s", what, text)
				}
				for _, ours := range []string{"gopanic", "synod/checker.", "synod/model."} {
					if strings.Contains(text, ours) {
						t.Errorf("%s tells of %s:\n%s", what, ours, text)
					}
				}
			}
		})
	}
}
