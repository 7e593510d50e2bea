package multipaxossmr

import (
	"fmt"
	"testing"
)

// search finds all states, and returns how many there are, the transitions, and the least depth of the last ones. It
// depends on the engine in nothing. The transitions that TLC has besides are those of further witnesses: it takes "there is
// an empty slot" in the condition of TakeNewRequest for a choice of the slot, and computes the same successor for each.
func search(c Config, see func(State)) (unique, generated, witnesses, depth int) {
	key := func(s State) string {
		rest := fmt.Append(nil, s.Notices, s.Pending, s.Observed)
		for _, sent := range s.Sent {
			rest = fmt.Append(rest, sent.Accept)
		}
		return string(s.appendKey(rest, allNames[c.Replicas][0]))
	}
	level := c.Initial()
	seen := map[string]bool{key(level[0]): true}
	generated = len(level)
	for ; len(level) > 0; depth++ {
		var next []State
		for _, s := range level {
			see(s)
			for _, a := range c.Actions(s) {
				after, _ := c.Next(s, a)
				generated++
				if take, ok := a.(TakeNewRequest); ok {
					for _, i := range s.Nodes[take.Replica-1].Log {
						if i.Status == Empty {
							witnesses++
						}
					}
					witnesses--
				}
				if k := key(after); !seen[k] {
					seen[k] = true
					next = append(next, after)
				}
			}
		}
		level = next
	}
	return len(seen), generated, witnesses, depth
}

// TestPublished compares with the counts of the TLA+ example: 343,796 states, 736,012 transitions and depth 28.
func TestPublished(t *testing.T) {
	if testing.Short() {
		t.Skip("a search of 343,796 states")
	}
	c := Config{Replicas: 3, Writes: 1, Reads: 1, Ballots: 2}
	unique, generated, witnesses, depth := search(c, func(s State) {
		if !c.linearizable(s) || len(c.Actions(s)) == 0 {
			t.Fatalf("not linearizable, or stuck: %+v", s)
		}
	})
	if unique != 343_796 || generated+witnesses != 736_012 || depth != 28 {
		t.Errorf("%d states, %d transitions and %d more witnesses, depth %d", unique, generated, witnesses, depth)
	}
}

// TestClasses makes sure that states stand for classes: as many are found as there are among all states with names, and
// whatever a state's replicas are called, its class is the same.
func TestClasses(t *testing.T) {
	for _, c := range []Config{{3, 1, 0, 2, true}, {2, 1, 1, 2, true}, {2, 2, 0, 2, true}} {
		classes := map[string]bool{}
		search(c, func(s State) {
			class := fmt.Sprint(c.least(s))
			classes[class] = true
			for _, n := range allNames[c.Replicas] {
				if other := fmt.Sprint(c.least(s.renamed(n))); other != class {
					t.Fatalf("%v is of two classes:\n%s\n%s", s, class, other)
				}
			}
		})
		c.Named = false
		if unique, _, _, _ := search(c, func(State) {}); unique != len(classes) {
			t.Errorf("%+v: %d states, but %d classes", c, unique, len(classes))
		}
	}
}
