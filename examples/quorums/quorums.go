// Package quorums tells which sizes of quorums are safe for single-decree Paxos, by checking every pair of them: how many
// promises it takes to propose, and how many votes to decide. H. Howard, D. Malkhi and A. Spiegelman, "Flexible Paxos:
// Quorum Intersection Revisited" (2016), prove that only quorums of different phases have to meet.
package quorums

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/singledecree"
	"synod/model/statespace"
)

// Pair is what a search says about quorums of two sizes.
type Pair struct {
	Promises, Votes int             // how many servers it takes to propose, and to decide
	Verdict         checker.Verdict // Holds: they are safe; Violated: they are not; Undecided: a limit ended the search
	Property        string          // with the shortest path that violates one, if any
	Actions         int             // on that path
	States          int             // distinct ones that were visited
	Stopped         string          // what ended an undecided search
}

// Sweep checks every pair of sizes of quorums of the servers of c, in ascending order, and calls report after each. A
// pair is safe if no always property is violated in any state; one violation ends its search. The options hold for each
// search by itself, but for FinishWhen.
//
// That a configuration with two clients shows no violation proves little about larger ones in general, but here two
// proposers are enough to show what quorums that do not meet may do.
func Sweep(ctx context.Context, c singledecree.Config, o checker.Options, report func(Pair)) error {
	if err := c.Validate(); err != nil {
		return err
	}
	o.FinishWhen = checker.FirstViolation
	for promises := 1; promises <= c.Servers; promises++ {
		for votes := 1; votes <= c.Servers; votes++ {
			q, err := sweep(ctx, singledecree.Variant{Promises: promises, Votes: votes}, c, o)
			if err != nil {
				return fmt.Errorf("%d promises, %d votes: %w", promises, votes, err)
			}
			report(q)
			if ctx.Err() != nil {
				return nil
			}
		}
	}
	return nil
}

// sweep checks one pair.
func sweep(ctx context.Context, v singledecree.Variant, c singledecree.Config, o checker.Options) (Pair, error) {
	q := Pair{Promises: v.Promises, Votes: v.Votes, Verdict: checker.Holds}
	r := checker.BFS(ctx, v.System(c), o)
	defer r.Close()
	q.States = r.Unique
	for _, p := range r.Properties {
		switch {
		case p.Expect != statespace.Always:
		case p.Verdict == checker.Violated && (q.Verdict != checker.Violated || len(p.Path.Steps) < q.Actions):
			q.Verdict, q.Property, q.Actions = checker.Violated, p.Name, len(p.Path.Steps)
		case p.Verdict == checker.Undecided && q.Verdict == checker.Holds:
			q.Verdict = checker.Undecided
		}
	}
	if q.Verdict == checker.Undecided {
		q.Stopped = r.Stopped
	}
	return q, r.Err
}
