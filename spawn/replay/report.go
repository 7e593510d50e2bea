package replay

import (
	"fmt"
	"strings"

	"synod/internal/noun"
	"synod/spawn"
)

// Text returns a summary of the replay.
func (r *Result) Text() string {
	var b strings.Builder
	for _, s := range r.Servers {
		fmt.Fprintf(&b, "%s: %s", spawn.Describe(s.Server), noun.Count(s.Events, "event"))
		for _, part := range []struct {
			n    int
			what string
		}{{s.Crashes, "crash"}, {s.Torn, "torn line"}, {s.Undone, "event not saved"}} {
			if part.n > 0 {
				fmt.Fprintf(&b, ", %s", noun.Count(part.n, part.what))
			}
		}
		if s.Recovered {
			b.WriteString(", recovered at first from before the record")
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "Between servers: %s duplicated, %d never received.\n", noun.Count(r.Repeats, "message"), r.Missing)
	fmt.Fprintf(&b, "Confirmed: the model admits the run of %s.\n", noun.Count(r.Events, "event"))
	for _, name := range r.Invariants {
		fmt.Fprintf(&b, "holds       %q, after every event\n", name)
	}
	return b.String()
}
