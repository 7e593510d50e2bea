package checker

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"synod/model/statespace"
	"synod/trace"
)

// TestingT is the part of *testing.T that Require uses. If it also has the methods Name and ArtifactDir, as a
// *testing.T has, Require writes the paths that it shows to a file.
type TestingT interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Require fails a test unless every property is as wanted and the space exhausted. It reports the shortest path to
// each violation, or where a function of the model panicked. It writes the paths to a trace file, and reports where
// the file is and how to continue from there. The file is in the test's artifact folder if go test is run with
// -artifacts, else in a temporary folder, where the next failure of the same test replaces it. A test that passes
// writes no file, and logs vacuous parts of the model, see Vacuous.
func (r *Result) Require(t TestingT) {
	t.Helper()
	if r.ExitCode() == ExitOK {
		r.logVacuous(t)
		return
	}
	var b strings.Builder
	r.writeText(&b, trace.Text, func(p PropertyResult) bool { return p.Verdict == Violated })
	if left, err := r.leave(t); err != nil {
		fmt.Fprintf(&b, "The paths could not be kept in a file: %v.\n", err)
	} else {
		b.WriteString(left)
	}
	t.Fatalf("%s", b.String())
}

// leave writes the paths to a file, and returns a text on where it is and how to use it.
func (r *Result) leave(t TestingT) (string, error) {
	named, ok := t.(interface{ Name() string })
	var traces []trace.Trace
	for _, p := range r.Properties {
		if t := r.Trace(p); t != nil && p.Verdict == Violated {
			traces = append(traces, *t)
		}
	}
	if !ok || len(traces) == 0 {
		return "", nil
	}
	d := trace.Document{Model: "the source of " + named.Name(), Traces: traces}
	described, ok := r.engine.source.(interface {
		Description() (name string, config map[string]string)
	})
	if ok {
		if name, config := described.Description(); name != "" {
			d.Model, d.Config = name, config
		}
	}
	var b bytes.Buffer
	if err := trace.WriteJSON(&b, d); err != nil {
		return "", err
	}
	folder, err := artifacts(t)
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, fileName(named.Name())+".trace.json")
	if err := replaceFile(file, b.Bytes()); err != nil {
		return "", err
	}
	if statespace.Publisher(r.engine.source) == ofPaxos {
		return fmt.Sprintf("The paths are in %s. To continue from there:\n\tpaxos check-bfs --from %s --explain\n", file, file), nil
	}
	return fmt.Sprintf("The paths are in %s. To walk one again in a test, read the file with trace.ReadJSON "+
		"and give a path to trace.Reproduce.\n", file), nil
}

// ofPaxos is the package whose models the command paxos knows by name.
const ofPaxos = "synod/examples/catalog"

// artifacts returns a folder for the files of a failing test. The test's own artifact folder is removed when the test
// ends, unless go test is told to keep it.
func artifacts(t TestingT) (string, error) {
	if f := flag.Lookup("test.artifacts"); f != nil && f.Value.String() == "true" {
		if a, ok := t.(interface{ ArtifactDir() string }); ok {
			return a.ArtifactDir(), nil
		}
	}
	folder := filepath.Join(os.TempDir(), fmt.Sprintf("synod-%d", os.Getuid()))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	info, err := os.Lstat(folder)
	if err == nil && (!info.IsDir() || info.Mode().Perm()&0o077 != 0) {
		err = fmt.Errorf("%s: other users can enter the folder; restrict it to its owner (mode 0700)", folder)
	}
	return folder, err
}

// fileName returns a file name for a test name, which may contain slashes.
func fileName(test string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '_'
		}
		return r
	}, test)
}

// replaceFile replaces a file atomically.
func replaceFile(file string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
