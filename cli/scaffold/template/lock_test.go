package main

import (
	"testing"

	"synod/catalog"
	"synod/checker"
)

// TestLock checks every state of the model, and of its mutants until the property that they break.
func TestLock(t *testing.T) {
	if err := entries.Validate(); err != nil {
		t.Fatal(err)
	}
	lock, err := Find("lock")
	if err != nil {
		t.Fatal(err)
	}
	source, err := lock.Build(catalog.Settings{Budgets: map[string]int{"max-down": 1, "max-crashes": 1}})
	if err != nil {
		t.Fatal(err)
	}
	r := checker.BFS(t.Context(), source, checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	if r.Err != nil || r.ExitCode() != checker.ExitOK {
		t.Errorf("exit code %d, %v", r.ExitCode(), r.Err)
	}
	for _, m := range lock.Mutants {
		source, err := lock.Build(catalog.Settings{Mutant: m.Name})
		if err != nil {
			t.Fatal(err)
		}
		r := checker.BFS(t.Context(), source, checker.Options{FinishWhen: checker.FirstViolation})
		for _, p := range r.Properties {
			if p.Name == m.Breaks && p.Verdict != checker.Violated {
				t.Errorf("%s does not break %q", m.Name, m.Breaks)
			}
		}
		r.Close()
	}
}
