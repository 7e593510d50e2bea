package catalog_test

import (
	"errors"
	"flag"
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

var long = flag.Bool("long", false, "explain the mutants too that take millions of states")

// telling is an independent telling of a path of Paxos, made of nothing but the texts of messages that were delivered and
// sent, and of the states that were shown. Every remark is held against it; one that it does not know is an error.
type telling struct {
	t     *testing.T
	steps []trace.Step
	need  int // votes of a quorum
}

var (
	message = regexp.MustCompile(`^(\w+)\((\(\d+, \d+\)|{})(?:, (.*))?\)$`)
	voted   = regexp.MustCompile(`^\((\(\d+, \d+\)), \(\d+, \d+, ('.'|none)\)\)$`)
	asked   = regexp.MustCompile(`^\(\d+, \d+, ('.'|none)\)$`)
)

// named are the names of fields in messages, but those of commands.
var named = regexp.MustCompile(`\b([a-hj-z]\w*|i[a-ce-z]\w*) (\(|{|\[|\d|'|nil|none)`)

// positional leaves the names of fields out of a message.
func positional(message string) string { return named.ReplaceAllString(message, "$2") }

// numbered calls actors by their numbers only, and fields of messages by their places.
func numbered(tr trace.Trace) trace.Trace {
	number := func(name string) string { return name[strings.LastIndex(name, " ")+1:] }
	slots := func(all []trace.Slot) []trace.Slot {
		all = slices.Clone(all)
		for i := range all {
			all[i].Name = number(all[i].Name)
		}
		return all
	}
	tr.Initial.Slots, tr.Steps = slots(tr.Initial.Slots), slices.Clone(tr.Steps)
	for i := range tr.Steps {
		s := &tr.Steps[i]
		s.Actor, s.From, s.Slots, s.Sent = number(s.Actor), number(s.From), slots(s.Slots), slices.Clone(s.Sent)
		s.Message = positional(s.Message)
		for k := range s.Sent {
			s.Sent[k].To, s.Sent[k].Message = number(s.Sent[k].To), positional(s.Sent[k].Message)
		}
	}
	return tr
}

// parse takes the text of a message apart: its name, its ballot, and the ballot and value of a vote, if there is one.
func parse(text string) (name, ballot, at, value string) {
	m := message.FindStringSubmatch(text)
	if m == nil {
		return "", "", "", ""
	}
	name, ballot = m[1], m[2]
	if v := voted.FindStringSubmatch(m[3]); v != nil {
		return name, ballot, v[1], v[2]
	}
	if v := asked.FindStringSubmatch(m[3]); v != nil {
		return name, ballot, ballot, v[1]
	}
	return name, ballot, "", ""
}

// said reports whether an actor sent a message in a step.
func (x *telling) said(step int, who, name, ballot string) bool {
	return x.steps[step].Actor == who && slices.ContainsFunc(x.steps[step].Sent, func(m trace.Message) bool {
		n, b, _, _ := parse(m.Message)
		return n == name && b == ballot
	})
}

// cast is a vote: an acceptor answered an Accept, or a proposer asked for votes, with its own.
type cast struct {
	step               int
	who, ballot, value string
}

// casts are all votes up to a step, that one too.
func (x *telling) casts(last int) (all []cast) {
	for i, s := range x.steps[:last+1] {
		for _, m := range s.Sent {
			switch name, ballot, at, value := parse(m.Message); name {
			case "Accepted":
				if asked, _, _, value := parse(s.Message); asked == "Accept" {
					all = append(all, cast{i, s.Actor, ballot, value})
				}
			case "Accept":
				all = append(all, cast{i, s.Actor, at, value})
			}
		}
	}
	return all
}

func (x *telling) cast(last int, who, ballot, value string) bool {
	return slices.ContainsFunc(x.casts(last), func(c cast) bool {
		return c.who == who && c.ballot == ballot && c.value == value
	})
}

// quorum reports whether a value got the votes of a quorum at a ballot, any if it is empty.
func (x *telling) quorum(last int, ballot, value string) bool {
	by := make(map[string]map[string]bool)
	for _, c := range x.casts(last) {
		if c.value == value && (ballot == "" || c.ballot == ballot) {
			if by[c.ballot] == nil {
				by[c.ballot] = make(map[string]bool)
			}
			by[c.ballot][c.who] = true
		}
	}
	for _, who := range by {
		if len(who) >= x.need {
			return true
		}
	}
	return false
}

// less compares ballots as they are written.
func less(a, b string) bool {
	var r, l, s, m uint64
	_, err1 := fmt.Sscanf(a, "(%d, %d)", &r, &l)
	_, err2 := fmt.Sscanf(b, "(%d, %d)", &s, &m)
	if err := errors.Join(err1, err2); err != nil {
		panic(err)
	}
	return r < s || r == s && l < m
}

// last returns the vote at the highest ballot that an acceptor cast before a step.
func (x *telling) last(before int, who string) (c cast, ok bool) {
	for _, v := range x.casts(before - 1) {
		if v.who == who && (!ok || less(c.ballot, v.ballot)) {
			c, ok = v, true
		}
	}
	return c, ok
}

// bound reports whether a server promised or voted at a ballot in a step, which is counted from 1 as people do.
func (x *telling) bound(step, who, ballot string) bool {
	n, _ := strconv.Atoi(step)
	for _, c := range x.casts(n - 1) {
		if c.step == n-1 && c.who == who && c.ballot == ballot {
			return true
		}
	}
	return x.said(n-1, who, "Prepared", ballot) || x.said(n-1, who, "Prepare", ballot)
}

// told returns the votes that a server was told of with promises of a ballot, by the acceptor, up to a step.
func (x *telling) told(last int, who, ballot string) map[string]string {
	all := make(map[string]string)
	for _, s := range x.steps[:last+1] {
		if name, b, at, value := parse(s.Message); name == "Prepared" && b == ballot && s.Actor == who && s.Kind == "deliver" {
			all[s.From] = at + value
		}
	}
	return all
}

// decided returns what a server takes for chosen after a step, by the text of its state.
func (x *telling) decided(initial trace.Initial, last int, who string) (value string, ok bool) {
	text := ""
	for _, s := range initial.Slots {
		if s.Name == who {
			text = s.Text
		}
	}
	for _, s := range x.steps[:last+1] {
		for _, slot := range s.Slots {
			if slot.Name == who {
				text = slot.Text
			}
		}
	}
	value = "none"
	if m := regexp.MustCompile(`Accepted:{Ballot:{Round:\d+,Leader:\d+},Proposal:{Request:\d+,Requester:\d+,Value:('.'|none)}}`).
		FindStringSubmatch(text); m != nil {
		value = m[1]
	}
	return value, strings.Contains(text, "Decided:true")
}

// A remark is a pattern, in which B is a ballot, V a value, N a number and S a set of servers, and what has to be so. The
// groups are the parts of the pattern; i is the step, from 0.
type remark struct {
	pattern string
	so      func(x *telling, i int, g []string) bool
}

func members(set string) []string { return strings.Split(set, ", ") }

var remarks = []remark{
	{`ballot B overtook B at acceptor N`, func(x *telling, i int, g []string) bool {
		return x.steps[i].Actor == g[2] && less(g[1], g[0])
	}},
	{`server N gives up its own ballot B`, func(x *telling, i int, g []string) bool {
		return x.bound(strconv.Itoa(1+slices.IndexFunc(x.steps[:i], func(s trace.Step) bool {
			return slices.ContainsFunc(s.Sent, func(m trace.Message) bool { return m.Message == "Prepare("+g[1]+")" })
		})), g[0], g[1])
	}},
	{`the ballot of server N goes down from B to B`, func(x *telling, i int, g []string) bool {
		return x.steps[i].Actor == g[0] && less(g[2], g[1])
	}},
	{`server N opens ballot B(?: for V)?`, func(x *telling, i int, g []string) bool { return x.said(i, g[0], "Prepare", g[1]) }},
	{`it was opened before, in step N`, func(x *telling, i int, g []string) bool {
		n, _ := strconv.Atoi(g[0])
		return slices.ContainsFunc(x.steps[i].Sent, func(m trace.Message) bool {
			name, ballot, _, _ := parse(m.Message)
			return name == "Prepare" && x.said(n-1, x.steps[n-1].Actor, "Prepare", ballot)
		})
	}},
	{`it is not above ballot B, which server N promised in step N`, func(x *telling, _ int, g []string) bool {
		return x.bound(g[2], g[1], g[0])
	}},
	{`acceptor N promises ballot B, and has not voted`, func(x *telling, i int, g []string) bool {
		_, has := x.last(i, g[0])
		return !has && slices.ContainsFunc(x.steps[i].Sent, func(m trace.Message) bool {
			return m.Message == "Prepared("+g[1]+", {})"
		})
	}},
	{`acceptor N promises ballot B, and has voted for V at ballot B`, func(x *telling, i int, g []string) bool {
		v, _ := x.last(i, g[0])
		return x.said(i, g[0], "Prepared", g[1]) && v.value == g[2] && v.ballot == g[3] &&
			strings.Contains(x.steps[i].Sent[0].Message, g[3]+", (")
	}},
	{`acceptor N promises ballot B, and tells of no vote, although it voted for V at ballot B in step N`, func(
		x *telling, i int, g []string,
	) bool {
		v, _ := x.last(i, g[0])
		return x.steps[i].Sent[0].Message == "Prepared("+g[1]+", {})" && v == (cast{v.step, g[0], g[3], g[2]}) &&
			strconv.Itoa(v.step+1) == g[4]
	}},
	{`acceptor N promises ballot B, and tells of a vote for V at ballot B, although its last was for V at ballot B in step N`, func(
		x *telling, i int, g []string,
	) bool {
		v, _ := x.last(i, g[0])
		return strings.Contains(x.steps[i].Sent[0].Message, g[3]+", (") && v == (cast{v.step, g[0], g[5], g[4]}) &&
			strconv.Itoa(v.step+1) == g[6]
	}},
	{`acceptor N promises ballot B, and tells of a vote for V at ballot B, which it did not cast`, func(
		x *telling, i int, g []string,
	) bool {
		_, has := x.last(i, g[0])
		return !has && strings.Contains(x.steps[i].Sent[0].Message, g[3]+", (")
	}},
	{`it takes a promise back: in step N it promised ballot B`, func(x *telling, i int, g []string) bool {
		_, now, _, _ := parse(x.steps[i].Sent[0].Message)
		return x.bound(g[0], x.steps[i].Actor, g[1]) && less(now, g[1])
	}},
	{`(?:quorum|only) {S},.* promised ballot B|quorum {S} promised ballot B`, func(x *telling, i int, g []string) bool {
		if g[2] != "" {
			g = g[2:]
		}
		told := x.told(i, x.steps[i].Actor, g[1])
		for _, id := range members(g[0]) {
			_, ok := told[id]
			own := id == x.steps[i].Actor && slices.ContainsFunc(x.steps[:i+1], func(s trace.Step) bool {
				return s.Actor == id && slices.ContainsFunc(s.Sent, func(m trace.Message) bool {
					return m.Message == "Prepare("+g[1]+")"
				})
			})
			if !ok && !own {
				return false
			}
		}
		return true
	}},
	{`nobody promised ballot B to server N`, func(x *telling, i int, g []string) bool {
		return len(x.told(i, g[1], g[0])) == 0 && x.steps[i].Actor == g[1]
	}},
	{`server N did not open ballot B`, func(x *telling, i int, g []string) bool {
		return !slices.ContainsFunc(x.steps[:i+1], func(s trace.Step) bool {
			return s.Actor == g[0] && slices.ContainsFunc(s.Sent, func(m trace.Message) bool {
				return m.Message == "Prepare("+g[1]+")"
			})
		})
	}},
	{`server N asks for V`, func(x *telling, i int, g []string) bool {
		return slices.ContainsFunc(x.casts(i), func(c cast) bool { return c.step == i && c.who == g[0] && c.value == g[1] })
	}},
	{`server N counts N promises?`, func(x *telling, i int, g []string) bool { return x.steps[i].Actor == g[0] }},
	{`none of them told of a vote, (?:so|but) server N asks for (?:its own )?V`, func(x *telling, i int, g []string) bool {
		for _, m := range x.steps[i].Sent {
			name, ballot, _, value := parse(m.Message)
			if name != "Accept" {
				continue
			}
			for _, v := range x.told(i, g[0], ballot) {
				if v != "" {
					return false
				}
			}
			return value == g[1]
		}
		return false
	}},
	{`the highest vote that they told of is that of acceptor N for V at ballot B, (so|but) server N asks for V`, func(
		x *telling, i int, g []string,
	) bool {
		for _, m := range x.steps[i].Sent {
			name, ballot, _, value := parse(m.Message)
			if name != "Accept" {
				continue
			}
			for id, v := range x.told(i, g[4], ballot) {
				if id == g[0] && v != g[2]+g[1] || v != "" && less(g[2], strings.TrimRight(v, "'ABCDEFZYXWV")) {
					return false
				}
			}
			return value == g[5] && (g[3] == "so") == (g[1] == g[5])
		}
		return false
	}},
	{`acceptor N votes for V at ballot B`, func(x *telling, i int, g []string) bool { return x.cast(i, g[0], g[2], g[1]) }},
	{`acceptor N tells of a vote at ballot B, for which nobody asked`, func(x *telling, i int, g []string) bool {
		name, _, _, _ := parse(x.steps[i].Message)
		return name != "Accept" && x.said(i, g[0], "Accepted", g[1])
	}},
	{`acceptor N votes at ballot B although in step N it promised ballot B`, func(x *telling, _ int, g []string) bool {
		return x.bound(g[2], g[0], g[3]) && less(g[1], g[3])
	}},
	{`acceptor N voted for V at that ballot before, in step N`, func(x *telling, i int, g []string) bool {
		return slices.ContainsFunc(x.casts(i-1), func(c cast) bool {
			return c.who == g[0] && c.value == g[1] && strconv.Itoa(c.step+1) == g[2]
		})
	}},
	{`acceptor N does not record its vote for V at ballot B: it has .*`, func(x *telling, i int, g []string) bool {
		return x.cast(i, g[0], g[2], g[1])
	}},
	{`acceptor N now has .*, instead of .*, and tells nobody`, func(x *telling, i int, _ []string) bool {
		return !slices.ContainsFunc(x.casts(i), func(c cast) bool { return c.step == i })
	}},
	{`server N learns that V is chosen`, func(x *telling, i int, g []string) bool {
		name, _, _, value := parse(x.steps[i].Message)
		return name == "Decided" && value == g[1] && x.quorum(i, "", g[1])
	}},
	{`server N is told that V is chosen, and takes V for it`, func(x *telling, i int, g []string) bool {
		name, _, _, value := parse(x.steps[i].Message)
		return name == "Decided" && value == g[1] && g[1] != g[2]
	}},
	{`quorum {S}.* voted for V at ballot B, so it is chosen`, func(x *telling, i int, g []string) bool {
		for _, id := range members(g[0]) {
			if !x.cast(i, id, g[2], g[1]) {
				return false
			}
		}
		return x.quorum(i, g[2], g[1])
	}},
	{`server N takes V for chosen, but at no ballot did a quorum vote for it: at most {S} did, at ballot B`, func(
		x *telling, i int, g []string,
	) bool {
		for _, id := range members(g[2]) {
			if !x.cast(i, id, g[3], g[1]) {
				return false
			}
		}
		return !x.quorum(i, "", g[1])
	}},
	{`server N takes V for chosen, but nobody voted for it`, func(x *telling, i int, g []string) bool {
		return !slices.ContainsFunc(x.casts(i), func(c cast) bool { return c.value == g[1] })
	}},
	{`server N counts N votes, some of them more than once`, func(x *telling, i int, g []string) bool {
		return x.steps[i].Actor == g[0]
	}},
	{`server N counts acceptor N, which did not vote for V at ballot B`, func(x *telling, i int, g []string) bool {
		return !x.cast(i, g[1], g[3], g[2])
	}},
	{`server N (?:tells a client|refuses the put of a client).* and knows of no decision`, func(
		x *telling, i int, g []string,
	) bool {
		return !strings.Contains(fmt.Sprint(x.steps[i].Slots), g[0]+" {Durable:{Decided:true")
	}},
	{`server N recovers with .*, and has forgotten that it promised ballot B in step N`, func(
		x *telling, i int, g []string,
	) bool {
		return x.steps[i].Kind == "recover" && x.bound(g[2], g[0], g[1])
	}},
	{`server N recovers with .*, and has forgotten that it voted for V at ballot B in step N`, func(
		x *telling, i int, g []string,
	) bool {
		v, _ := x.last(i, g[0])
		return x.steps[i].Kind == "recover" && v == (cast{v.step, g[0], g[2], g[1]}) && strconv.Itoa(v.step+1) == g[3]
	}},
	{`server N recovers, and has forgotten that it knew of the decision`, func(x *telling, i int, _ []string) bool {
		return x.steps[i].Kind == "recover"
	}},
	// What clients saw is held against histories by the tests of package register.
	{`not linearizable: .*|client N's (?:get|put).*`, func(*telling, int, []string) bool { return true }},
}

// patterns are those of the remarks.
var patterns = func() (all []*regexp.Regexp) {
	for _, r := range remarks {
		p := strings.NewReplacer("{S}", `\{([\d, ]+)\}`).Replace(r.pattern)
		p = regexp.MustCompile(`\b[BVN]\b`).ReplaceAllStringFunc(p, func(what string) string {
			return map[string]string{"B": `(\(\d+, \d+\))`, "V": `('.'|none)`, "N": `(\d+)`}[what]
		})
		all = append(all, regexp.MustCompile("^(?:"+p+")$"))
	}
	return all
}()

// hold holds every remark of a trace against the telling.
func (x *telling) hold(tr trace.Trace, seen map[string]int) {
	end := regexp.MustCompile(`^in the end (.*)$`)
	part := regexp.MustCompile(`^servers? \{?([\d, ]+?)\}? takes? ('.'|none) for chosen$`)
	for i, s := range tr.Steps {
	notes:
		for _, note := range s.Notes {
			if m := end.FindStringSubmatch(note); m != nil {
				for _, p := range strings.Split(m[1], ", and ") {
					g := part.FindStringSubmatch(p)
					if g == nil || i != len(tr.Steps)-1 {
						x.t.Errorf("step %d: %q", i+1, note)
						continue
					}
					for _, who := range members(g[1]) {
						if v, ok := x.decided(tr.Initial, i, who); !ok || v != g[2] {
							x.t.Errorf("step %d: %q, but %s: %v %v", i+1, note, who, v, ok)
						}
					}
				}
				continue
			}
			for k, p := range patterns {
				g := p.FindStringSubmatch(note)
				if g == nil {
					continue
				}
				seen[remarks[k].pattern]++
				if !remarks[k].so(x, i, g[1:]) {
					x.t.Errorf("step %d, %s: %q is false", i+1, s.Text, note)
				}
				continue notes
			}
			x.t.Errorf("step %d: nobody tells what %q means", i+1, note)
		}
	}
}

// TestExplanations holds the explained path of every mutant of Paxos against an independent telling of what happened.
func TestExplanations(t *testing.T) {
	raced.Alone(t)
	most := 300_000
	switch {
	case *long:
		most = 100_000_000
	case testing.Short():
		most = 15_000
	}
	e, err := shipped.Find("single-decree")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]int)
	hold := func(t *testing.T, s catalog.Settings) {
		t.Helper()
		src, err := e.Build(s)
		if err != nil {
			t.Fatal(err)
		}
		r := checker.BFS(t.Context(), src, checker.Options{FinishWhen: checker.FirstViolation, MaxStates: 2 * most})
		defer r.Close()
		full, err := e.Resolve(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, tr := range r.Traces() {
			tr = numbered(tr)
			x := &telling{t, tr.Steps, full.Values["servers"]/2 + 1}
			x.hold(tr, seen)
		}
	}
	t.Run("sound", func(t *testing.T) {
		hold(t, catalog.Settings{})
		hold(t, catalog.Settings{Values: map[string]int{"retry": 1, "servers": 2}})
	})
	for _, m := range e.Mutants {
		if !m.Safe() && m.Found.Generated <= most {
			t.Run(m.Name, func(t *testing.T) { hold(t, catalog.Settings{Mutant: m.Name}) })
		}
	}
	for _, r := range remarks {
		t.Logf("%4d %s", seen[r.pattern], r.pattern)
	}
}

// TestConvicted makes sure that a path to a history that is not linearizable ends with the answer that does not fit, told as
// the messages of its last step tell it, for every mutant of every register.
func TestConvicted(t *testing.T) {
	most := 300_000
	if testing.Short() {
		most = 20_000
	}
	got := regexp.MustCompile(`^GetOk\(\d+, (.*)\)$`)
	for _, e := range shipped.All() {
		for _, m := range e.Mutants {
			if m.Breaks != "linearizable" || m.Found.Generated > most {
				continue
			}
			src, err := e.Build(catalog.Settings{Mutant: m.Name})
			if err != nil {
				t.Fatal(err)
			}
			r := checker.BFS(t.Context(), src, checker.Options{FinishWhen: checker.FirstViolation})
			for _, tr := range r.Traces() {
				for i, s := range tr.Steps {
					at := slices.IndexFunc(s.Notes, func(n string) bool { return strings.HasPrefix(n, "not linearizable: ") })
					if tr.Property != "linearizable" || i < len(tr.Steps)-1 {
						if at >= 0 {
							t.Errorf("%s of %s, step %d of %q: %q", m.Name, e.Name, i+1, tr.Property, s.Notes)
						}
						continue
					}
					what := "is done"
					if g := got.FindStringSubmatch(s.Message); g != nil {
						what = "returns " + g[1] + ";"
					} else if strings.HasPrefix(s.Message, "PutFail") {
						what = "is refused"
					} else if strings.HasPrefix(s.Message, "Reply(") {
						what = "returns " // of a replicated machine
					}
					if at < 0 || !strings.Contains(s.Notes[at], s.Actor+"'s ") || !strings.Contains(s.Notes[at], what) ||
						!strings.Contains(s.Notes[at], fmt.Sprintf("to step %d, ", i+1)) {
						t.Errorf("%s of %s, step %d, %s: %q", m.Name, e.Name, i+1, s.Text, s.Notes)
					}
				}
			}
			r.Close()
		}
	}
}
