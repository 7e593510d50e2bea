package catalog_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"synod/catalog"
	"synod/checker"
	shipped "synod/examples/catalog"
	"synod/internal/raced"
	"synod/trace"
)

// tale is an independent telling of a path of Multi-Paxos, made of nothing but the texts of messages. Every remark of the
// model is held against it.
type tale struct {
	t        *testing.T
	steps    []trace.Step
	need     int  // acceptors of a quorum
	together bool // roles are of servers, whose own acceptor tells its leader within a step
}

var ids = regexp.MustCompile(`id (\d+\.\d+)`)

// commandsIn names the commands in a text as remarks do.
func commandsIn(text string) string {
	var all []string
	for _, m := range ids.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	if all == nil {
		return "nothing"
	}
	return strings.Join(all, ",")
}

// sent reports whether a step sent a message that begins so, and whose commands are these, unless there is nothing to compare.
func (x *tale) sent(i int, prefix, commands string) bool {
	return slices.ContainsFunc(x.steps[i].Sent, func(m trace.Message) bool {
		return strings.HasPrefix(m.Message, prefix) && (commands == "" || commandsIn(m.Message) == commands)
	})
}

// voted reports whether an acceptor voted up to a step: it answered a P2a so, or was asked by the leader beside it.
func (x *tale) voted(last int, who, batch, slot, ballot string) bool {
	for i, s := range x.steps[:last+1] {
		if s.Actor != who || !strings.HasPrefix(s.Message, fmt.Sprintf("P2a(%s, %s, ", ballot, slot)) ||
			commandsIn(s.Message) != batch {
			continue
		}
		if s.From == who || x.sent(i, fmt.Sprintf("P2b(%s, %s, %s, ", ballot, slot, ballot), "") {
			return true
		}
	}
	return false
}

// voters is how many acceptors voted, of those that are named by any step.
func (x *tale) voters(last int, batch, slot, ballot string) int {
	who := map[string]bool{}
	for _, s := range x.steps[:last+1] {
		if x.voted(last, s.Actor, batch, slot, ballot) {
			who[s.Actor] = true
		}
	}
	return len(who)
}

// decides reports whether a step tells of a decision in a slot.
func (*tale) decides(s trace.Step, slot string) bool {
	return slices.ContainsFunc(s.Sent, func(m trace.Message) bool {
		return strings.HasPrefix(m.Message, "Decision("+slot+", ")
	})
}

// lower compares ballots as they are written.
func lower(a, b string) bool {
	parse := func(text string) (round, leader int) {
		r, l, _ := strings.Cut(text, ".")
		round, _ = strconv.Atoi(r)
		leader, _ = strconv.Atoi(l)
		return round, leader
	}
	r1, l1 := parse(a)
	r2, l2 := parse(b)
	return r1 < r2 || r1 == r2 && l1 < l2
}

// promisedTo reports whether a promise of an acceptor had reached the leader of a ballot by a step.
func (x *tale) promisedTo(last int, who, ballot string) bool {
	_, leader, _ := strings.Cut(ballot, ".")
	return x.together && who == leader || slices.ContainsFunc(x.steps[:last+1], func(s trace.Step) bool {
		return s.Actor == leader && s.From == who && strings.HasPrefix(s.Message, fmt.Sprintf("P1b(%s, %s, ", ballot, ballot))
	})
}

// boundBy reports whether an acceptor was bound to a ballot in the step that a remark names.
func (x *tale) boundBy(when, who, ballot string) bool {
	step, ok := strings.CutPrefix(when, "in step ")
	if !ok {
		return strings.HasSuffix(ballot, "."+who) // of the leader beside it
	}
	n, _ := strconv.Atoi(step)
	s := x.steps[n-1]
	if s.Actor != who {
		return false
	}
	return slices.ContainsFunc(s.Sent, func(m trace.Message) bool {
		return strings.HasPrefix(m.Message, "P1b(") && strings.Contains(m.Message, ", "+ballot+", ") ||
			strings.HasPrefix(m.Message, "P2b(") && strings.Contains(m.Message, ", "+ballot+", ") ||
			strings.HasPrefix(m.Message, "P1a("+ballot+", ")
	}) || strings.HasPrefix(s.Message, "P2a("+ballot+", ") && s.From == who
}

// tales are remarks: B stands for a ballot, X for commands, N for a number, S for a set, W for a time.
var tales = []struct {
	pattern string
	so      func(x *tale, i int, g []string) bool
}{
	{`ballot B preempts ballot B of leader N`, func(x *tale, i int, g []string) bool {
		s := x.steps[i]
		heard := strings.HasPrefix(s.Message, "P1b("+g[1]+", "+g[0]+", ") ||
			strings.HasPrefix(s.Message, "P2b("+g[1]+", ") && strings.Contains(s.Message, ", "+g[0]+", ")
		return s.Actor == g[2] && heard && lower(g[1], g[0])
	}},
	{`leader N steps down, as it is no member any more`, func(x *tale, i int, g []string) bool {
		s := x.steps[i]
		told := slices.ContainsFunc(x.steps[:i+1], func(s trace.Step) bool { return strings.Contains(s.Text, "members ") })
		return told && s.Actor == g[0] && !x.sent(i, "P1a(", "")
	}},
	{`leader N starts a scout for ballot B`, func(x *tale, i int, g []string) bool {
		alone := len(x.steps[i].Sent) == 0 || x.need == 1
		return x.steps[i].Actor == g[0] && strings.HasSuffix(g[1], "."+g[0]) && (alone || x.sent(i, "P1a("+g[1]+", ", ""))
	}},
	{`ballot B is adopted: (quorum|only) S(.*) promised it`, func(x *tale, i int, g []string) bool {
		for _, id := range members(g[2]) {
			if !x.promisedTo(i, id, g[0]) {
				return false
			}
		}
		return (g[1] == "quorum") == (len(members(g[2])) >= x.need)
	}},
	{`acceptor N has promised ballot B, which preempts ballot B`, func(x *tale, i int, g []string) bool {
		return x.steps[i].Actor == g[0] && lower(g[2], g[1]) && (x.sent(i, "P1b("+g[2]+", "+g[1]+", ", "") ||
			slices.ContainsFunc(x.steps[i].Sent, func(m trace.Message) bool {
				return strings.HasPrefix(m.Message, "P2b("+g[2]+", ") && strings.Contains(m.Message, ", "+g[1]+", ")
			}))
	}},
	{`acceptor N promises ballot B, and tells of (.*)`, func(x *tale, i int, g []string) bool {
		at := slices.IndexFunc(x.steps[i].Sent, func(m trace.Message) bool {
			return strings.HasPrefix(m.Message, "P1b("+g[1]+", "+g[1]+", ")
		})
		if at < 0 || x.steps[i].Actor != g[0] {
			return false
		}
		if g[2] == "no vote" {
			return !strings.Contains(x.steps[i].Sent[at].Message, ": [")
		}
		for vote := range strings.SplitSeq(g[2], ", and ") {
			v := regexp.MustCompile(`^its vote for (.*) in slot (\d+) at ballot (.*)$`).FindStringSubmatch(vote)
			if v == nil || !strings.Contains(x.steps[i].Sent[at].Message, v[2]+": [") {
				return false
			}
		}
		return true
	}},
	{`it is still to tell of slot N and those after it`, func(x *tale, i int, g []string) bool {
		return slices.ContainsFunc(x.steps[i].Sent, func(m trace.Message) bool {
			return strings.HasPrefix(m.Message, "P1b(") && regexp.MustCompile(`, `+g[0]+`, \d+\)$`).MatchString(m.Message)
		})
	}},
	{`acceptor N takes a promise back: it tells of ballot B, and W promised ballot B`, func(
		x *tale, i int, g []string,
	) bool {
		return x.steps[i].Actor == g[0] && lower(g[1], g[3]) && x.boundBy(g[2], g[0], g[3])
	}},
	{`slot N is filled with X at ballot B`, func(x *tale, i int, g []string) bool {
		return x.sent(i, fmt.Sprintf("P2a(%s, %s, ", g[2], g[0]), g[1])
	}},
	{`slot N is a hole, and is filled with nothing`, func(x *tale, i int, g []string) bool {
		return slices.ContainsFunc(x.steps[i].Sent, func(m trace.Message) bool {
			return strings.HasPrefix(m.Message, "P2a(") && strings.Contains(m.Message, ", "+g[0]+", nil") &&
				commandsIn(m.Message) == "nothing"
		})
	}},
	{`slot N is filled with X, the highest vote there that those tell of, at ballot B`, func(
		x *tale, i int, g []string,
	) bool {
		return slices.ContainsFunc(x.steps[i].Sent, func(m trace.Message) bool {
			return strings.HasPrefix(m.Message, "P2a(") && strings.Contains(m.Message, ", "+g[0]+", ") &&
				commandsIn(m.Message) == g[1]
		}) && x.voters(i, g[1], g[0], g[2]) > 0
	}},
	{`slot N is filled with X, although those tell of a vote for X there at ballot B`, func(
		x *tale, i int, g []string,
	) bool {
		return x.voters(i, g[2], g[0], g[3]) > 0 && g[1] != g[2]
	}},
	{`acceptor N votes for X in slot N at ballot B`, func(x *tale, i int, g []string) bool {
		return x.steps[i].Actor == g[0] && x.voted(i, g[0], g[1], g[2], g[3])
	}},
	{`although W it promised ballot B`, func(x *tale, i int, g []string) bool {
		return x.boundBy(g[0], x.steps[i].Actor, g[1])
	}},
	{`quorum S.* voted for X in slot N at ballot B, so it is decided`, func(x *tale, i int, g []string) bool {
		for _, id := range members(g[0]) {
			if !x.voted(i, id, g[1], g[2], g[3]) {
				return false
			}
		}
		return len(members(g[0])) >= x.need
	}},
	{`X is taken for decided in slot N, but only \{.*\}, no quorum, voted for it at ballot B`, func(
		x *tale, i int, g []string,
	) bool {
		return x.voters(i, g[0], g[1], g[2]) < x.need
	}},
	{`but X is decided there, by the votes of quorum S.* at ballot B`, func(x *tale, i int, g []string) bool {
		return len(members(g[1])) >= x.need
	}},
	{`replica N executes slot N: X`, func(x *tale, i int, g []string) bool {
		return slices.ContainsFunc(x.steps[:i+1], func(s trace.Step) bool {
			told := strings.HasPrefix(s.Message, "Decision("+g[1]+", ") && commandsIn(s.Message) == g[2]
			return told && s.Actor == g[0] || s.Actor == g[0] && slices.ContainsFunc(s.Sent, func(m trace.Message) bool {
				return strings.HasPrefix(m.Message, "Decision("+g[1]+", ") && commandsIn(m.Message) == g[2]
			}) || x.need == 1
		})
	}},
	{`it leaves out that W it voted for X in slot N at ballot B`, func(x *tale, i int, g []string) bool {
		return x.voted(i, x.steps[i].Actor, g[1], g[2], g[3])
	}},
	{`replica N passes over slot N, of which it knows no decision`, func(x *tale, i int, g []string) bool {
		return !slices.ContainsFunc(x.steps[:i+1], func(s trace.Step) bool {
			return s.Actor == g[0] && (strings.HasPrefix(s.Message, "Decision("+g[1]+", ") || x.decides(s, g[1]))
		})
	}},
	{`replica N goes on from a snapshot of replica N, of all slots before slot N`, func(x *tale, i int, g []string) bool {
		s := x.steps[i]
		return s.Actor == g[0] && s.From == g[1] && strings.HasPrefix(s.Message, "Chunk("+g[2]+", ")
	}},
	{`replica N goes back to slot N, although it had executed all before slot N`, func(
		x *tale, i int, g []string,
	) bool {
		return x.steps[i].Actor == g[0] && len(g[1]) <= len(g[2]) && g[1] != g[2]
	}},
	{`acceptor N recovers with ballot (none|\d+\.\d+), and has forgotten that W it promised ballot B`, func(
		x *tale, i int, g []string,
	) bool {
		return x.steps[i].Kind == "recover" && x.boundBy(g[2], g[0], g[3])
	}},
	{`acceptor N recovers, and has forgotten that W it voted for X in slot N at ballot B`, func(
		x *tale, i int, g []string,
	) bool {
		return x.steps[i].Kind == "recover" && x.voted(i, g[0], g[2], g[3], g[4])
	}},
	// What clients saw is held against histories by the tests of package consistency.
	{`not linearizable: .*|client \d+'s .*`, func(*tale, int, []string) bool { return true }},
}

// tellings are the patterns of tales.
var tellings = func() (all []*regexp.Regexp) {
	for _, r := range tales {
		p := regexp.MustCompile(`\b[BXNSW]\b`).ReplaceAllStringFunc(r.pattern, func(what string) string {
			return map[string]string{
				"B": `(\d+\.\d+)`, "X": `(nothing|\d+\.\d+(?:,\d+\.\d+)*)`, "N": `(\d+)`, "S": `\{([\d, ]+)\}`,
				"W": `(at the start|in step \d+)`,
			}[what]
		})
		all = append(all, regexp.MustCompile("^(?:"+p+")$"))
	}
	return all
}()

func (x *tale) hold(seen map[int]int) {
	for i, s := range x.steps {
	notes:
		for _, note := range s.Notes {
			for k, p := range tellings {
				if g := p.FindStringSubmatch(note); g != nil {
					seen[k]++
					if !tales[k].so(x, i, g[1:]) {
						x.t.Errorf("step %d, %s: %q is false", i+1, s.Text, note)
					}
					continue notes
				}
			}
			x.t.Errorf("step %d: nobody tells what %q means", i+1, note)
		}
	}
}

// TestTales holds the explained path of every mutant of Multi-Paxos, and the examples of both compositions, against an
// independent telling of what happened.
func TestTales(t *testing.T) {
	raced.Alone(t)
	most := 300_000
	switch {
	case *long:
		most = 100_000_000
	case testing.Short():
		most = 15_000
	}
	seen := map[int]int{}
	hold := func(t *testing.T, name string, s catalog.Settings) {
		t.Helper()
		e, err := shipped.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		src, err := e.Build(s)
		if err != nil {
			t.Fatal(err)
		}
		full, err := e.Resolve(s)
		if err != nil {
			t.Fatal(err)
		}
		servers, together := full.Values["servers"]
		if !together {
			servers = full.Values["acceptors"]
		}
		if full.Values["changes"] > 0 { // Quorums are of either configuration.
			servers = min(full.Values["members"], full.Values["next-members"])
		}
		r := checker.BFS(t.Context(), src, checker.Options{FinishWhen: checker.FirstViolation, MaxStates: 2 * most})
		defer r.Close()
		for _, tr := range r.Traces() {
			x := &tale{t, numbered(tr).Steps, servers/2 + 1, together}
			x.hold(seen)
		}
	}
	t.Run("sound", func(t *testing.T) {
		hold(t, "multi-paxos", catalog.Settings{Values: map[string]int{"clients": 1}})
		hold(t, "multi-paxos", catalog.Settings{Values: map[string]int{
			"servers": 2, "clients": 1, "commands": 2, "pipeline": 2,
		}})
		hold(t, "multi-paxos-roles", catalog.Settings{Values: map[string]int{"leaders": 1}})
		if !testing.Short() {
			hold(t, "multi-paxos-roles", catalog.Settings{Values: map[string]int{"replicas": 1, "acceptors": 2}})
		}
	})
	e, err := shipped.Find("multi-paxos")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range e.Mutants {
		if !m.Safe() && m.Found.Generated <= most {
			t.Run(m.Name, func(t *testing.T) { hold(t, e.Name, catalog.Settings{Mutant: m.Name}) })
		}
	}
	for k, r := range tales {
		t.Logf("%4d %s", seen[k], r.pattern)
	}
}
