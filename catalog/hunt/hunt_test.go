package hunt_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"synod/catalog"
	"synod/catalog/hunt"
	"synod/checker"
	shipped "synod/examples/catalog"
	"synod/internal/mutation"
	"synod/internal/raced"
	"synod/model/statespace"
)

var (
	long   = flag.Bool("long", false, "shoot the mutants too that take millions of states")
	update = flag.Bool("update", false, "rewrite what the files of mutants say was found, and the table in the docs")
)

// quick is how many states a mutant takes at most, with repeats, that is shot in every run.
func quick() int {
	if testing.Short() {
		return 20_000
	}
	return 300_000
}

// TestAsDeclared makes sure that every mutant is killed, or safe, exactly as it says. With -update it says so afterwards.
// Its parts are named by model and mutant, so that -run selects some.
func TestAsDeclared(t *testing.T) {
	for _, e := range shipped.All() {
		for _, m := range e.Mutants {
			if m.Found.Generated > quick() && !*long && !*update {
				continue
			}
			t.Run(e.Name+"/"+m.Name, func(t *testing.T) {
				result, err := hunt.Search(t.Context(), e, m, checker.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if m.Found == (catalog.Found{}) && !*update {
					t.Error("nobody has written down how it is found: go test ./catalog/hunt -update")
				}
				if *update && result.Found != m.Found {
					note(t, e.Name, m.Name, result.Found)
					result.Mutant.Found = result.Found
				}
				if err := result.Wrong(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func note(t *testing.T, entry, mutant string, f catalog.Found) {
	t.Helper()
	file := filepath.Join("..", "..", "examples", "zoo", "mutants", entry, mutant+".txt")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(mutation.Note(string(text), mutation.Found(f))), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestKilledReduced makes sure that reduced searches kill the same mutants by the same properties, by paths to states that are as
// long. What is safe stays so.
func TestKilledReduced(t *testing.T) {
	raced.Alone(t)
	most := quick()
	if testing.Short() {
		most /= 10
	}
	for _, e := range shipped.All() {
		for _, m := range e.Mutants {
			if m.Found.Generated > most && !*long {
				continue
			}
			for _, how := range []statespace.Reduction{statespace.DeadLetters, statespace.Everything} {
				if how == statespace.Everything && m.Found.Generated > most/10 && !*long {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%v", e.Name, m.Name, how), func(t *testing.T) { killReduced(t, e, m, how) })
			}
		}
	}
}

func killReduced(t *testing.T, e catalog.Entry, m catalog.Mutant, how statespace.Reduction) {
	src, err := e.Build(catalog.Settings{Mutant: m.Name})
	if err != nil {
		t.Fatal(err)
	}
	o := checker.Options{FinishWhen: checker.FirstViolation, Reduce: how}
	if m.Safe() {
		o.FinishWhen = checker.Exhausted
	}
	r := checker.BFS(t.Context(), src, o)
	defer r.Close()
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	for _, p := range r.Properties {
		broken := p.Verdict == checker.Violated || p.Verdict == checker.Never
		switch {
		case m.Safe() && (broken || p.Verdict == checker.Undecided):
			t.Errorf("%q is %v, expected it to be safe", p.Name, p.Verdict)
		case p.Name == m.Breaks && !broken:
			t.Errorf("%q is %v, expected it to be broken; %v", p.Name, p.Verdict, r.Notes)
		case p.Name == m.Breaks && p.Path != nil && !p.Expect.OfPaths() && len(p.Path.Steps) != m.Found.Actions:
			t.Errorf("%d actions, in full %d", len(p.Path.Steps), m.Found.Actions)
		}
	}
}

// TestSoundLives makes sure that it is the hunk that breaks a property, and not the settings. Large spaces are searched
// in part only.
func TestSoundLives(t *testing.T) {
	raced.Alone(t)
	states := 20_000
	switch {
	case *long:
		states = 5_000_000
	case testing.Short():
		states = 2_000
	}
	searched := make(map[string]bool)
	for _, e := range shipped.All() {
		for _, m := range e.Mutants {
			s, err := e.Resolve(catalog.Settings{Mutant: m.Name})
			if err != nil {
				t.Fatal(err)
			}
			s.Mutant = ""
			name := fmt.Sprint(e.Name, s)
			if searched[name] {
				continue // Many mutants are shown with the same settings.
			}
			searched[name] = true
			source, err := e.Build(s)
			if err != nil {
				t.Fatal(err)
			}
			r := checker.BFS(t.Context(), source, checker.Options{FinishWhen: checker.FirstViolation, MaxStates: states})
			if r.Err != nil {
				t.Errorf("%s without %s: %v", e.Name, m.Name, r.Err)
			}
			for _, p := range r.Properties {
				if p.Verdict == checker.Violated || p.Verdict == checker.Never {
					t.Errorf("%s without %s: %q is %v", e.Name, m.Name, p.Name, p.Verdict)
				}
			}
			r.Close()
		}
	}
}

// TestWrong looks at what is not as it is declared.
func TestWrong(t *testing.T) {
	e, err := shipped.Find("two-phase-commit")
	if err != nil {
		t.Fatal(err)
	}
	find := func(name string) catalog.Mutant {
		for _, m := range e.Mutants {
			if m.Name == name {
				return m
			}
		}
		t.Fatalf("no mutant %s", name)
		return catalog.Mutant{}
	}
	broken, safe := find("commits-without-all"), find("obeys-once")
	asSafe := broken
	asSafe.Breaks = ""
	asBroken := safe
	asBroken.Breaks = "consistent"
	other := broken
	other.Breaks = "commit agreed"
	counts := broken
	counts.Found.Unique++
	unknown := broken
	unknown.Found = catalog.Found{}
	for _, c := range []struct {
		mutant catalog.Mutant
		states int
		want   string // empty if it is as declared
	}{
		{broken, 0, ""},
		{safe, 0, ""},
		{asSafe, 0, `declared safe, but "consistent" is violated`},
		{asBroken, 0, `declared to violate "consistent", but it survives`},
		{other, 0, `declared to violate "commit agreed" first, but it violates "consistent"`},
		{counts, 0, "but found"},
		{unknown, 0, ""},
		{broken, 10, "the limit of 10 states ended the search"},
		{safe, 10, "the limit of 10 states ended the search"},
	} {
		result, err := hunt.Search(t.Context(), e, c.mutant, checker.Options{MaxStates: c.states})
		if err != nil {
			t.Fatal(err)
		}
		switch err := result.Wrong(); {
		case (err == nil) != (c.want == ""), err != nil && !strings.Contains(err.Error(), c.want):
			t.Errorf("%s, at most %d states: %v; want %q", c.mutant.Name, c.states, err, c.want)
		}
	}
	// A safe mutant with the very counts of the sound model is none.
	twin := hunt.Result{Mutant: safe, Found: catalog.Found{Unique: 5, Generated: 6}, Sound: catalog.Found{Unique: 5, Generated: 6}}
	if err := twin.Wrong(); err == nil {
		t.Error("a mutant with the counts of the sound model counts as one")
	}
	if err := errors.Join(hunt.All(t.Context(), nil, checker.Options{}, nil)); err != nil {
		t.Error(err)
	}
}

// The table in the docs lies between these.
const (
	tableBegins = "<!-- the table of mutants, written by go test ./catalog/hunt -update -->\n"
	tableEnds   = "<!-- the end of the table -->\n"
)

// TestDocs makes sure that the table in the docs is what the mutants say.
func TestDocs(t *testing.T) {
	const file = "../../docs/zoo.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), tableBegins)
	_, after, ended := strings.Cut(rest, tableEnds)
	if !ok || !ended {
		t.Fatalf("%s: expected a table between %q and %q", file, tableBegins, tableEnds)
	}
	want := before + tableBegins + table(t) + tableEnds + after
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("the table in %s is not up to date: run go test ./catalog/hunt -update", file)
	}
}

// table is the table of all mutants, a part for each model. It reads the files, which -update may just have rewritten.
func table(t *testing.T) string {
	all, err := mutation.Read(os.DirFS("../../examples/zoo"), "mutants")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	killed, safe := 0, 0
	for _, e := range shipped.All() {
		if len(e.Mutants) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n", e.Name)
		fmt.Fprintf(&b, "| mutant | what is wrong | shown with | broken property | actions | unique | generated |\n")
		fmt.Fprintf(&b, "|---|---|---|---|---|---|---|\n")
		for _, m := range all {
			if m.Model != e.Name {
				continue
			}
			breaks, actions := "*safe, counts differ*", "–"
			if m.Safe() {
				safe++
			} else {
				killed++
				breaks = m.Breaks
				if actions = fmt.Sprint(m.Found.Actions); m.Found.Actions == 0 {
					actions = "never"
				}
			}
			shown, err := e.Parse(m.With)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %d | %d |\n", m.Name, m.Summary,
				flags(e, shown), breaks, actions, m.Found.Unique, m.Found.Generated)
		}
	}
	fmt.Fprintf(&b, "\n%d mutants: %d killed, %d safe.\n", killed+safe, killed, safe)
	return b.String()
}

// flags shows settings as code.
func flags(e catalog.Entry, s catalog.Settings) string {
	if all := e.Flags(s); len(all) > 0 {
		return "`" + strings.Join(all, " ") + "`"
	}
	return ""
}
