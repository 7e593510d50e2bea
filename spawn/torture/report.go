package torture

import (
	"fmt"
	"strings"

	"synod/consistency"
	"synod/consistency/oplog"
	"synod/internal/noun"
)

// Verdict returns the verdict of the trial: a word of consistency.Outcome, or oplog.NoEvidence.
func (o *Trial) Verdict() string {
	switch {
	case o.violated():
		return consistency.Violated.String()
	case o.checked.Outcome == consistency.Holds && len(o.lacking()) > 0:
		return oplog.NoEvidence
	}
	return o.checked.Outcome.String()
}

// Finished reports whether the trial ran to its end.
func (o *Trial) Finished() bool { return o.finished }

// lacking returns what the run lacks to be evidence.
func (o *Trial) lacking() []string {
	p := o.plan
	var all []string
	if !o.finished {
		all = append(all, "it was interrupted")
	}
	if n := o.counts.Acknowledged(); n < p.Least {
		all = append(all, fmt.Sprintf("%s acknowledged; --least requires %d", noun.Count(n, "operation"), p.Least))
	}
	writes, reads := p.words()
	if o.counts.Writes == 0 && writes != "" {
		all = append(all, "no "+writes+" was acknowledged")
	}
	if o.counts.Reads == 0 && reads != "" {
		all = append(all, "no "+reads+" was answered")
	}
	for _, k := range o.tally.Missing(p.Kinds) {
		all = append(all, fmt.Sprintf("%v never happened", k))
	}
	return all
}

// words returns the names for operations that write and for those that only read: the operation's own name if there
// is only one of the kind, and empty if there is none.
func (p *Plan) words() (writes, reads string) {
	for _, o := range p.Service.Operations() {
		if o.Administers {
			continue
		}
		word, many := &writes, "write"
		if o.Reads {
			word, many = &reads, "read"
		}
		if *word != "" {
			*word = many
			continue
		}
		*word = o.Name
	}
	return writes, reads
}

// counts formats the numbers of operations of both kinds.
func counts(writes int, write string, reads int, read string) string {
	var all []string
	if write != "" {
		all = append(all, noun.Count(writes, write))
	}
	if read != "" {
		all = append(all, noun.Count(reads, read))
	}
	return strings.Join(all, ", ")
}

// Text returns the trial and its verdict in human-readable form.
func (o *Trial) Text() string {
	p := o.plan
	var b strings.Builder
	c := o.counts
	fmt.Fprintf(&b, "Tortured %s, servers=%d, transport=%s, clients=%d, seed=%d, sec=%.1f.\n",
		p.Model, p.Schedule.Servers, p.Transport, p.Workload.Clients, p.Seed, o.elapsed.Seconds())
	writes, reads := p.words()
	refused := ""
	if c.Refused > 0 {
		refused = fmt.Sprintf(", %d refused", c.Refused)
	}
	unknown := fmt.Sprintf("%d unknown", c.Unknown)
	if c.Unknown > 0 {
		unknown += fmt.Sprintf(" (%.1f %% of all %ss)", 100*c.UnknownShare(), writes)
	}
	fmt.Fprintf(&b, "operations  %d acknowledged (%s)%s, %s, %d failed\n",
		c.Acknowledged(), counts(c.Writes, writes, c.Reads, reads), refused, unknown, c.Failed)
	fmt.Fprintf(&b, "faults      %v\n", &o.tally)
	if o.killsAfterAck > 0 {
		fmt.Fprintf(&b, "after-ack   %s right after an acknowledgement\n", noun.Count(o.killsAfterAck, "kill"))
	}
	n := o.checked.Counts
	fmt.Fprintf(&b, "checked     %s, %s, the longest of %s\n", noun.Count(n.Keys, o.checked.Config.Spec.Part()), noun.Count(n.Windows, "window"), noun.Count(n.Longest, "operation"))
	if o.replayed != nil {
		fmt.Fprintf(&b, "replayed    %s, all valid\n", noun.Count(o.replayed.Events, "event"))
		for _, name := range o.replayed.Invariants {
			fmt.Fprintf(&b, "holds       %q, after every event\n", name)
		}
	}
	if o.deviates != nil {
		fmt.Fprintf(&b, "violated    trace not admitted by the model: %v\n", o.deviates)
	}
	if o.breaks != nil {
		fmt.Fprintf(&b, "violated    an invariant: %v\n", o.breaks)
	}
	if o.stopped != nil {
		fmt.Fprintf(&b, "violated    %v\n", o.stopped)
	}
	switch o.checked.Outcome {
	case consistency.Violated:
		b.WriteString("violated    \"linearizable\"\n")
		b.WriteString(o.checked.Findings[0].String())
	case consistency.Undecided:
		fmt.Fprintf(&b, "undecided   \"linearizable\": %s\n", o.checked.Reason)
	case consistency.Holds:
		b.WriteString("holds       \"linearizable\"\n")
	}
	if !o.violated() {
		for _, what := range o.lacking() {
			fmt.Fprintf(&b, "not enough evidence: %s\n", what)
		}
	}
	return b.String()
}
