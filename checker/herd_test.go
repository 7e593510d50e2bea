package checker_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	"synod/actor"
	"synod/checker"
	"synod/model"
	"synod/model/statespace"
	"synod/network"
)

// Herds are random systems that are symmetric by construction: a shepherd and some sheep, of which each does by a table what
// depends on its stage and on who asks, and on nobody's id. They have ids wherever ids can be: in fields, sets, maps,
// messages, timers, choices, in what is kept, and in what an observer remembers; and a hue of its own for each sheep.

// hue is a value that belongs to a sheep.
type hue uint8

// sheep is the local state of any member of a herd.
type sheep struct {
	Stage int
	Last  actor.ID
	Hue   hue
	Heard []actor.ID // ascending
	Hues  map[actor.ID]hue
	Fuel  int
}

// bleat is a message.
type bleat struct {
	Kind int
	Who  actor.ID
	Hue  hue
}

// doze is a timer.
type doze struct{ Who actor.ID }

// graze is what happens to a member in a stage.
type graze struct {
	shepherd, ofShepherd bool
	stage, kind          int // kinds below 0 are the timer and a choice
}

// chew is what it does then.
type chew struct {
	stage                   int
	note, hear, learn, hues bool
	sends                   []cry
	sleep, wake, choose     bool
}

// cry is a message that is sent.
type cry struct{ to, kind, who, hue int }

const (
	toSender = iota
	toShepherd
	toOthers
	toLast
	slumber = -1
	chosen  = -2
)

// herd is a system. The shepherd has the id 0, sheep those from firstSheep on: numbers that stand for nothing else.
type herd struct {
	sys    *model.System[bleat]
	ids    []actor.ID // the shepherd first
	size   int        // of the sheep
	refs   map[actor.ID]model.Ref[sheep]
	config model.Config
}

const firstSheep = 71

func hueOf(id actor.ID) hue { return hue(100 + id) }

// newHerd draws a herd by a number.
func newHerd(seed uint64) *herd {
	r := rand.New(rand.NewPCG(seed, 7))
	chance := func(p float64) bool { return r.Float64() < p }
	var config model.Config
	config.Network = network.All()[r.IntN(3)]
	if chance(.3) {
		config.Lossy = true
	}
	if chance(.3) && (config.Network != network.Ordered || config.Lossy) {
		config.MaxDown, config.MaxCrashes = 1, 1
	}
	config.TimersLast, config.OneCopy = chance(.1), chance(.1)
	h := &herd{config: config, sys: model.NewSystem[bleat](config), ids: []actor.ID{0}, size: 2 + r.IntN(2), refs: make(map[actor.ID]model.Ref[sheep])}
	for i := range h.size {
		h.ids = append(h.ids, firstSheep+actor.ID(i))
	}
	table := make(map[graze]chew)
	chewing := func(sending float64) chew {
		c := chew{
			stage: r.IntN(3), note: chance(.4), hear: chance(.3), learn: chance(.3), hues: chance(.3),
			sleep: chance(.2), wake: chance(.1), choose: chance(.1),
		}
		for chance(sending) && len(c.sends) < 2 {
			c.sends = append(c.sends, cry{r.IntN(4), r.IntN(2), r.IntN(3), r.IntN(2)})
		}
		return c
	}
	for _, g := range []graze{{}, {shepherd: true}} {
		for g.stage = range 3 {
			for g.kind = chosen; g.kind < 2; g.kind++ {
				for _, g.ofShepherd = range []bool{false, true} {
					if chance(.7) {
						table[g] = chewing(.5)
					}
				}
			}
		}
	}
	start, fuel := chewing(.9), 1+r.IntN(2)
	for _, id := range h.ids {
		h.refs[id] = h.add(id, table, start, fuel)
	}
	h.sys.Interchangeable(h.ids[1:]...)
	for _, id := range h.ids[1:] {
		h.sys.Belong(id, hueOf(id))
	}
	h.sys.Crashable(h.ids[1:]...)
	h.judge()
	return h
}

// do does what a member does.
func (h *herd) do(self actor.ID, st sheep, c chew, from actor.ID, m bleat, out *actor.Out[bleat]) sheep {
	st.Stage = c.stage
	if c.note {
		st.Last = m.Who
	}
	if c.hear && !slices.Contains(st.Heard, from) {
		st.Heard = append(slices.Clone(st.Heard), from)
		slices.Sort(st.Heard)
	}
	if c.learn {
		st.Hue = m.Hue
	}
	if c.hues {
		st.Hues = maps.Clone(st.Hues)
		if st.Hues == nil {
			st.Hues = make(map[actor.ID]hue)
		}
		st.Hues[from] = m.Hue
	}
	for _, s := range c.sends {
		if st.Fuel == 0 {
			break
		}
		st.Fuel--
		m := bleat{s.kind, []actor.ID{self, from, m.Who}[s.who], []hue{hueOf(self), m.Hue}[s.hue]}
		switch s.to {
		case toSender:
			out.Send(from, m)
		case toShepherd:
			out.Send(0, m)
		case toOthers:
			for _, id := range actor.Others(h.ids[1:], self) {
				out.Send(id, m)
			}
		case toLast:
			out.Send(st.Last, m)
		}
	}
	if c.wake {
		out.CancelTimer(doze{self})
	}
	if c.sleep && st.Fuel > 0 {
		st.Fuel--
		out.SetTimer(doze{st.Last}, 1, 2)
	}
	if c.choose && st.Fuel > 0 {
		st.Fuel--
		out.Choose(self, st.Last)
	}
	return st
}

func (h *herd) add(id actor.ID, table map[graze]chew, start chew, fuel int) model.Ref[sheep] {
	handle := func(self actor.ID, st sheep, kind int, from actor.ID, m bleat, out *actor.Out[bleat]) sheep {
		c, known := table[graze{self == 0, from == 0, st.Stage, kind}]
		if !known {
			return st
		}
		return h.do(self, st, c, from, m, out)
	}
	return model.Add(h.sys, id, actor.Typed[sheep, bleat]{
		Start: func(self actor.ID, out *actor.Out[bleat]) sheep {
			st := sheep{Fuel: fuel}
			if self == 0 {
				return st
			}
			return h.do(self, st, start, 0, bleat{0, self, hueOf(self)}, out)
		},
		Receive: func(self actor.ID, st sheep, from actor.ID, m bleat, out *actor.Out[bleat]) sheep {
			return handle(self, st, m.Kind, from, m, out)
		},
		Timeout: func(self actor.ID, st sheep, t actor.Timer, out *actor.Out[bleat]) sheep {
			return handle(self, st, slumber, self, bleat{0, t.(doze).Who, hueOf(self)}, out)
		},
		Chosen: func(self actor.ID, st sheep, o actor.Option, out *actor.Out[bleat]) sheep {
			return handle(self, st, chosen, self, bleat{1, o.(actor.ID), hueOf(self)}, out)
		},
		Keep: func(st sheep) any { return doze{st.Last} },
		Recover: func(self actor.ID, kept any, out *actor.Out[bleat]) sheep {
			return sheep{Last: kept.(doze).Who}
		},
	})
}

// judge adds an observer and properties, none of which depends on which sheep is which.
func (h *herd) judge() {
	type memory struct {
		Heard map[actor.ID]int // of each sheep, messages that it sent
		Last  hue
	}
	heard := model.Record(h.sys, actor.Observer[bleat, memory]{
		Name: "wolf",
		Sees: func(e actor.Envelope[bleat], p actor.Passage) bool {
			return p == actor.Sent && e.To == 0 && e.From != 0
		},
		Next: func(m memory, e actor.Envelope[bleat], _ actor.Passage) (memory, error) {
			known := maps.Clone(m.Heard)
			if known == nil {
				known = make(map[actor.ID]int)
			}
			known[e.From] = min(known[e.From]+1, 2)
			return memory{known, e.Message.Hue}, nil
		},
	})
	for stage := range 3 {
		sheepIn := func(v model.View) (n int) {
			for _, id := range h.ids[1:] {
				if st, up := h.refs[id].In(v); up && st.Stage == stage {
					n++
				}
			}
			return n
		}
		h.sys.Sometimes(fmt.Sprintf("all in stage %d", stage), func(v model.View) bool { return sheepIn(v) == h.size })
		h.sys.Always(fmt.Sprintf("not two in stage %d", stage), func(v model.View) bool { return sheepIn(v) < 2 })
	}
	stage := make(map[actor.ID]model.Projection[int])
	for id, ref := range h.refs {
		stage[id] = model.Project(h.sys, ref, func(st sheep) int { return st.Stage })
	}
	h.sys.Sometimes("the shepherd knows who knows it", func(v model.View) bool {
		st, _ := h.refs[0].In(v)
		other, known := h.refs[st.Last]
		if !known {
			return false
		}
		knows, up := other.In(v)
		return up && slices.Contains(knows.Heard, 0)
	})
	h.sys.Sometimes("one was heard twice, and is ahead", func(v model.View) bool {
		known := heard.In(v).Heard
		for _, id := range h.ids[1:] {
			if at, up := stage[id].In(v); known[id] == 2 && up && at > 0 {
				return true
			}
		}
		return false
	})
	own := model.Select(h.sys, func(e actor.Envelope[bleat]) (hue, bool) { return e.Message.Hue, hueOf(e.From) == e.Message.Hue })
	h.sys.Sometimes("two tell their own hues", func(v model.View) bool { return len(own.InFlight(v)) > 1 })
}

var idOrHue = regexp.MustCompile(`\b1?7[1-9]\b`)

// orbits counts the states of a full search of which none is another one with sheep exchanged. It exchanges them in the texts of
// states, and sorts in these whatever has no order.
func orbits(r *checker.Result, size int, ordered bool) int {
	all := make(map[string]bool)
	for state := range r.States() {
		content := strings.ReplaceAll(string(statespace.Content(r.Model(), state)), `" "`, `";"`) // lists of timers and choices
		least := ""
		for _, p := range orders(size) {
			text := sortText(idOrHue.ReplaceAllStringFunc(content, func(n string) string {
				last := len(n) - 1
				return n[:last] + string('1'+byte(p[n[last]-'1']))
			}), ordered)
			if least == "" || text < least {
				least = text
			}
		}
		all[least] = true
	}
	return len(all)
}

// orders returns the permutations of n things.
func orders(n int) (all [][]int) {
	if n == 0 {
		return [][]int{nil}
	}
	for _, p := range orders(n - 1) {
		for at := range n {
			all = append(all, slices.Insert(slices.Clone(p), at, n-1))
		}
	}
	return all
}

// sortText sorts the lines of a text, and in each of them what stands in brackets; messages of one flow that is ordered
// stay as they are.
func sortText(text string, ordered bool) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i], _ = sortList(line, ordered)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// sortList sorts items up to a closing bracket, and returns them with what is left.
func sortList(text string, ordered bool) (list, rest string) {
	var items []string
	item := ""
	for text != "" {
		c := text[0]
		text = text[1:]
		switch c {
		case '[', '{':
			var inner string
			inner, text = sortList(text, ordered)
			item += string(c) + inner
		case ',', ';':
			items, item = append(items, strings.TrimSpace(item)), ""
		case ']', '}':
			return joined(append(items, strings.TrimSpace(item)), ordered) + string(c), text
		default:
			item += string(c)
		}
	}
	return joined(append(items, item), ordered), ""
}

func joined(items []string, ordered bool) string {
	slices.SortStableFunc(items, func(a, b string) int {
		if from, _, flows := strings.Cut(a, ">"); ordered && flows {
			other, _, _ := strings.Cut(b, ">")
			return strings.Compare(from, other)
		}
		return strings.Compare(a, b)
	})
	return strings.Join(items, ",")
}
