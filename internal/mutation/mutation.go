// Package mutation reads what says how a broken variant of a source differs from the sound one: a hunk, and what a search
// has to find out about it. A file of it looks like this:
//
//	an acceptor votes in spite of its promise to a higher ballot
//	breaks: agreement
//	with: servers=3 network=ordered
//	found: 10 actions, 1288 unique, 2042 generated
//	file: paxos/singledecree/singledecree.go
//
//	-		if !m.Ballot.Less(st.Ballot) {
//	+		if !m.Ballot.Less(st.Accepted.Ballot) {
//
// As in a patch, removed lines begin with a minus sign, added lines with a plus sign, and context lines with a space.
// There are no line numbers: the removed lines and the context must occur exactly once in the source.
package mutation

import (
	"errors"
	"fmt"
	"strings"
)

// Mutation is a broken or an equivalent variant of a source.
type Mutation struct {
	Model   string            // of the catalogue
	Name    string            // in lower case, with dashes
	Summary string            // the bug: a sentence without a full stop
	Breaks  string            // the property that fails; empty for a safe variant, which only changes the counts
	With    map[string]string // settings of the model that show the bug, by name; nil for none
	File    string            // the original source, relative to the root of the repository
	Found   Found             // results of the search that shows it

	old, new string // whole lines of the hunk
}

// Found is the result of a breadth-first search to the first violation, or for a safe variant of a search of all
// states.
type Found struct {
	Actions   int // length of the shortest path; 0 if there is none
	Unique    int // distinct states
	Generated int // states including duplicates
}

// String returns the form used in the file.
func (f Found) String() string {
	return fmt.Sprintf("%d actions, %d unique, %d generated", f.Actions, f.Unique, f.Generated)
}

// Safe reports whether no property breaks.
func (m Mutation) Safe() bool { return m.Breaks == "" }

// safe replaces the name of the property in the file.
const safe = "safe: counts differ"

// Parse parses a file. The line with the results may be missing.
func Parse(model, name, text string) (Mutation, error) {
	m := Mutation{Model: model, Name: name}
	fail := func(format string, args ...any) (Mutation, error) {
		return m, fmt.Errorf("mutant %s of %s: %w", name, model, fmt.Errorf(format, args...))
	}
	head, hunk, ok := strings.Cut(text, "\n\n")
	if !ok {
		return fail("expected an empty line before the hunk")
	}
	lines := strings.Split(head, "\n")
	m.Summary = lines[0]
	isSafe := false
	for _, line := range lines[1:] {
		key, value, _ := strings.Cut(line, ": ")
		var err error
		switch key {
		case "breaks":
			m.Breaks = value
		case "with":
			m.With, err = settings(value)
		case "found":
			_, err = fmt.Sscanf(value, "%d actions, %d unique, %d generated", &m.Found.Actions, &m.Found.Unique, &m.Found.Generated)
		case "file":
			m.File = value
		default:
			if isSafe = line == safe; !isSafe {
				err = errors.New("expected breaks, safe, with, found or file")
			}
		}
		if err != nil {
			return fail("%q: %w", line, err)
		}
	}
	switch {
	case m.Summary == "" || strings.HasSuffix(m.Summary, "."):
		return fail("expected a summary without a full stop in the first line")
	case isSafe != m.Safe():
		return fail("expected a property that it breaks, or else %q", safe)
	case m.File == "":
		return fail("expected the file that it changes")
	}
	return m, m.parseHunk(hunk)
}

func settings(words string) (map[string]string, error) {
	all := make(map[string]string)
	for _, word := range strings.Fields(words) {
		name, value, ok := strings.Cut(word, "=")
		if !ok || all[name] != "" {
			return nil, fmt.Errorf("%q: expected name=value, once", word)
		}
		all[name] = value
	}
	return all, nil
}

func (m *Mutation) parseHunk(text string) error {
	var before, after strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(line, "\n") {
			return fmt.Errorf("mutant %s of %s: expected a line end at the end", m.Name, m.Model)
		}
		switch line[0] {
		case ' ':
			before.WriteString(line[1:])
			after.WriteString(line[1:])
		case '-':
			before.WriteString(line[1:])
		case '+':
			after.WriteString(line[1:])
		default:
			return fmt.Errorf("mutant %s of %s: %q: expected a space, - or + in front", m.Name, m.Model, line)
		}
	}
	m.old, m.new = before.String(), after.String()
	if m.old == "" || m.old == m.new {
		return fmt.Errorf("mutant %s of %s: expected a hunk that changes something", m.Name, m.Model)
	}
	return nil
}

// Apply returns the mutated source.
func (m Mutation) Apply(sound string) (string, error) {
	// A leading line feed restricts the match to whole lines.
	text, old := "\n"+sound, "\n"+m.old
	at := strings.Index(text, old)
	if at < 0 || strings.Contains(text[at+1:], old) {
		return "", fmt.Errorf("mutant %s of %s: expected exactly once in %s:\n%s", m.Name, m.Model, m.File, m.old)
	}
	return text[1:at+1] + m.new + text[at+len(old):], nil
}

// Note sets the results in the text of a file.
func Note(text string, f Found) string {
	var b strings.Builder
	head, hunk, _ := strings.Cut(text, "\n\n")
	for _, line := range strings.Split(head, "\n") {
		switch {
		case strings.HasPrefix(line, "found: "):
			continue
		case strings.HasPrefix(line, "file: "):
			fmt.Fprintf(&b, "found: %s\n", f)
		}
		b.WriteString(line + "\n")
	}
	return b.String() + "\n" + hunk
}
