package cli

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"synod/checker"
)

// FuzzArguments gives the command any arguments, a line each: it does not panic, and either exits 2 with a sentence and
// nothing on standard output, or plans a check whose every number is within its bounds. No check is made.
func FuzzArguments(f *testing.F) {
	for _, args := range []string{
		"", "check", "check\n3\nordered", "check-dfs\n2\n--workers\n4",
		"check-simulation\n--seed=1\n--walks\n5\n--walk-depth=9",
		"check\n--model\ntwo-phase-commit\n--managers=5", "check\n--mutant=own-value\n--lossy\n--json", "check\n--\n-1",
		"check\n--memory-limit\n2GiB\n--timeout=5s\n--max-depth=3\n--max-states=4", "check\n2\n--clients\n2", "models\nabd",
		"check\n--finish-when=exhausted\n--progress=off\n--trace-out=x.mmd", "check\n-1", "help\ncheck",
		"check\n--model=abd\n2\nordered",
	} {
		f.Add(args)
	}
	f.Fuzz(func(t *testing.T, lines string) {
		args := strings.Split(lines, "\n")
		if lines == "" {
			args = nil
		}
		if len(args) > 0 && strings.HasPrefix(args[0], "__complete") {
			t.Skip("cobra prints its directives on standard error")
		}
		var stdout, stderr bytes.Buffer
		var planned []plan
		a := newApp(shippedCommand, &stdout, &stderr)
		a.perform = func(p plan, _, _ io.Writer) (int, error) {
			planned = append(planned, p)
			return checker.ExitUndecided, nil
		}
		code := a.run(args, strings.NewReader(""))
		switch {
		case code == checker.ExitUsage:
			if stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), "paxos: ") || len(planned) > 0 {
				t.Errorf("%q: %d plans, stdout %q, stderr %q", args, len(planned), &stdout, &stderr)
			}
		case code == checker.ExitUndecided && len(planned) == 1:
			checkPlan(t, planned[0])
		case code != checker.ExitOK || len(planned) > 0 || stdout.Len() == 0:
			t.Errorf("%q: exit code %d, %d plans, stdout %q", args, code, len(planned), &stdout)
		}
	})
}

func checkPlan(t *testing.T, p plan) {
	t.Helper()
	if p.source == nil || p.engine.search == nil || len(p.settings.Values) != len(p.entry.Parameters) {
		t.Errorf("incomplete plan %+v", p)
	}
	for _, parameter := range p.entry.Parameters {
		if v, ok := p.settings.Values[parameter.Name]; !ok || v < parameter.Min || v > parameter.Max {
			t.Errorf("%s is %d", parameter.Name, v)
		}
	}
	if names := p.entry.NetworkNames(); len(names) > 0 && !slices.Contains(names, p.settings.Network) {
		t.Errorf("network %q", p.settings.Network)
	}
	o := p.options
	if o.Workers < 0 || o.Timeout < 0 || o.MaxDepth < 0 || o.MaxStates < 0 || o.MemoryLimit < 0 ||
		o.Walks < 0 || o.WalkDepth < 0 {
		t.Errorf("options %+v", o)
	}
}
