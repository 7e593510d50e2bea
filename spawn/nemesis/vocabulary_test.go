package nemesis

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"synod/spawn/faults"
)

// TestVocabulary makes sure that nothing is left open about any kind, and that the docs say the same.
func TestVocabulary(t *testing.T) {
	page, err := os.ReadFile("../../docs/torture.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range AllKinds() {
		s, a := k.spec(), k.Account()
		row := fmt.Sprintf("| `%v` | %s | %s | %s | %s | %s |\n", k, a.Doc, a.Counted, a.Processes, a.Machines, a.Model)
		if strings.Contains(row, "|  |") || s.draw == nil || s.apply == nil {
			t.Errorf("%v: something is not said: %s", k, row)
		}
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/torture.md lacks the row\n%s", row)
		}
		if back, err := ParseKind(k.String()); back != k || err != nil {
			t.Errorf("%v is read as %v, %v", k, back, err)
		}
		if !slices.Contains(Kinds(), k) && !slices.Contains(VirtualKinds(), k) {
			t.Errorf("%v is offered nowhere", k)
		}
	}
}

// TestInjected makes sure that all that a process's injector draws has a kind, and is counted under it.
func TestInjected(t *testing.T) {
	for _, s := range faults.Settings() {
		k, err := ParseKind(s.Word)
		if err != nil {
			t.Error(err)
			continue
		}
		if k.Occurred(faults.Status{Dropped: 1, Duplicated: 1, Delayed: 1, Reordered: 1}) != 1 {
			t.Errorf("%v is not counted", k)
		}
	}
	for words, want := range map[string]Kind{faults.ErrFull.Error(): DiskFull, "x " + faults.ErrFailing.Error(): DiskFailing, "": 0} {
		if got := DiedOf(words); got != want {
			t.Errorf("a server that says %q died of %v, want %v", words, got, want)
		}
	}
}

// TestParseKinds reads lists of kinds.
func TestParseKinds(t *testing.T) {
	got, err := ParseKinds("kill, drop,kill", Kinds(), nil)
	if err != nil || !slices.Equal(got, []Kind{Drop, Kill}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := ParseKinds("drop,quake", VirtualKinds(), nil); err == nil || !strings.Contains(err.Error(), "power-off") {
		t.Errorf("an unknown word: %v", err)
	}
	refused := errors.New("not today")
	if _, err := ParseKinds("drop", Kinds(), func(Kind) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("refused: %v", err)
	}
}
