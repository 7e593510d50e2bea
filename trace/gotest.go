package trace

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/format"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"synod/model/statespace"
)

// WriteGoTest writes a Go test file that replays every trace of a document, and fails unless each still leads to what
// it shows: a violation that must recur, or one that is known to exist. The test finds the model by its name in the
// document's Package; without a Package, it has a function to be filled in that returns the model. The file is in
// package regression; change the package clause to that of its folder. If Package is OfCommand, the file belongs to
// that command's package and calls its Find. Names in it end with digits of the document's hash, so that several such
// files can be in one folder. It imports only public packages of this module.
func WriteGoTest(w io.Writer, d Document) error {
	var b bytes.Buffer
	head, tail := goTestHead, goTestTail
	switch d.Package {
	case "":
		head, tail = goTestOwnHead, goTestOwnTail
	case OfCommand:
		head, tail = goTestCommandHead, strings.Replace(goTestTail, "catalog.Find", "Find", 1)
	}
	b.WriteString(strings.ReplaceAll(head, "PACKAGE", importOf(d.Package)))
	tag, err := tagOf(d)
	if err != nil {
		return fmt.Errorf("trace as a Go test: %w", err)
	}
	used := make(map[string]bool)
	for _, t := range d.Traces {
		writeTest(&b, d, t, tag, used)
	}
	if d.Package != "" {
		fmt.Fprintf(&b, "\n// configuration%s is what is checked, by the names of paxos models.\n", tag)
		fmt.Fprintf(&b, "var configuration%s = map[string]string{\n", tag)
		for _, name := range slices.Sorted(maps.Keys(d.Config)) {
			fmt.Fprintf(&b, "\t%q: %q,\n", name, d.Config[name])
		}
		b.WriteString("}\n")
	}
	b.WriteByte('\n')
	b.WriteString(strings.NewReplacer("MODEL", strconv.Quote(d.Model), "TAG", tag).Replace(tail))
	source, err := format.Source(b.Bytes())
	if err != nil {
		return fmt.Errorf("trace as a Go test: %w", err)
	}
	_, err = w.Write(source)
	return err
}

// tagLength is the number of hash digits in the names of a test file.
const tagLength = 6

// tagOf returns a few hexadecimal digits that distinguish documents: a hash of the model, its settings, and the
// paths.
func tagOf(d Document) (string, error) {
	content := []any{d.Model, d.Config, d.Package}
	for _, t := range d.Traces {
		content = append(content, t.Kind, t.Property, t.Initial.Fingerprint, t.Loop)
		for _, s := range t.Steps {
			content = append(content, s.Key)
		}
	}
	encoded, err := json.Marshal(content)
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])[:tagLength], err
}

// OfCommand is the Package of a model made by a command itself: its package main has the function Find.
const OfCommand = "main"

const goTestCommandHead = `package main

// These tests walk paths that a check of a model once found. They belong beside the command's main; edit them as you like.

import (
	"testing"

	"synod/trace"
)
`

const goTestHead = `// Package regression walks paths that a check of a model once found. Written by paxos; edit as you like.
package regression

import (
	"testing"

	PACKAGE
	"synod/trace"
)
`

const goTestTail = `// againTAG walks a path once more.
func againTAG(t *testing.T, path trace.Trace) {
	t.Helper()
	entry, err := catalog.Find(MODEL)
	if err != nil {
		t.Fatal(err)
	}
	_, source, err := entry.Open(configurationTAG)
	if err != nil {
		t.Fatal(err)
	}
	if err := trace.Reproduce(source, path); err != nil {
		t.Error(err)
	}
}
`

// importOf returns the import of a package under the name catalog.
func importOf(pkg string) string {
	if path.Base(pkg) == "catalog" {
		return strconv.Quote(pkg)
	}
	return "catalog " + strconv.Quote(pkg)
}

// goTestOwnHead and goTestOwnTail are for a model whose package is not known.
const goTestOwnHead = `// Package regression walks paths that a check of a model once found. Edit it as you like.
package regression

import (
	"testing"

	"synod/model"
	"synod/trace"
)
`

const goTestOwnTail = `// sourceTAG makes the model, as it was checked. Let it be what the check was given.
var sourceTAG func() model.Source // of MODEL

// againTAG walks a path once more.
func againTAG(t *testing.T, path trace.Trace) {
	t.Helper()
	if sourceTAG == nil {
		t.Fatal("set sourceTAG to a function that makes the model " + MODEL)
	}
	if err := trace.Reproduce(sourceTAG(), path); err != nil {
		t.Error(err)
	}
}
`

func writeTest(b *bytes.Buffer, d Document, t Trace, tag string, used map[string]bool) {
	name := testName(t)
	for used[name] {
		name += "Again"
	}
	used[name] = true
	name += "_" + tag
	fmt.Fprintf(b, "\n// %s: %s.\nfunc %s(t *testing.T) {\n\tagain%s(t, trace.Trace{\n", name,
		Printable(t.meaning(d.Model)), name, tag)
	if t.Property != "" {
		fmt.Fprintf(b, "\t\tProperty: %q,\n", t.Property)
	}
	fmt.Fprintf(b, "\t\tKind: %q,\n\t\tInitial: trace.Initial{Fingerprint: %q},\n\t\tSteps: []trace.Step{\n",
		string(t.Kind), t.Initial.Fingerprint)
	for i, s := range t.Steps {
		fmt.Fprintf(b, "\t\t\t// %d. %s\n\t\t\t{Key: %s, Fingerprint: %q},\n", i+1, Printable(s.Text), literal(s.Key), s.Fingerprint)
	}
	b.WriteString("\t\t},\n")
	if t.Loop > 0 {
		fmt.Fprintf(b, "\t\tLoop: %d,\n", t.Loop)
	}
	if t.Maximal {
		b.WriteString("\t\tMaximal: true,\n")
	}
	b.WriteString("\t})\n}\n")
}

// literal quotes a string, with backquotes if that is more readable.
func literal(s string) string {
	if strings.Contains(s, `"`) && strconv.CanBackquote(s) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

// testName returns a test name made of the property's letters and digits.
func testName(t Trace) string {
	words := strings.FieldsFunc(t.Property, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var b strings.Builder
	b.WriteString("Test")
	kind := string(t.Kind)
	for _, word := range append([]string{kind}, words...) {
		r := []rune(word)
		b.WriteString(string(unicode.ToUpper(r[0])) + string(r[1:]))
	}
	return b.String()
}

// Reproduce walks a trace through a new space of a model, and returns an error if it no longer leads to what it
// shows: a step is not possible, a state differs, or the last state does not show it. It uses only the trace's kind,
// property, keys, and the fingerprint of the initial state; fingerprints of steps may be empty.
func Reproduce(source statespace.Source, t Trace) error {
	space, err := source.Space()
	if err != nil {
		return err
	}
	defer space.Close()
	p, err := Replay(space, t)
	if err != nil || t.Kind == Walked {
		return err
	}
	i := slices.IndexFunc(space.Properties(), func(q statespace.Property) bool { return q.Name == t.Property })
	if i < 0 {
		return fmt.Errorf("the model has no property %q any more", t.Property)
	}
	property := space.Properties()[i]
	shown, err := statespace.Shows(space, property, p)
	shown = shown && (t.Kind == Example) == (property.Expect == statespace.Sometimes)
	switch {
	case err != nil || shown:
		return err
	case t.Kind == Violation && !property.Expect.OfStates():
		return errors.New("the path is possible, and does not violate " + strconv.Quote(t.Property) + ": the violation is gone")
	case t.Kind == Violation:
		return errors.New("the path ends in a state that satisfies " + strconv.Quote(t.Property) + ": the violation is gone")
	}
	return errors.New("the path ends in a state that is no example of " + strconv.Quote(t.Property))
}
