package trace

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed page.html
var pageSource string

// page is the template of a page, parsed on first use.
var page = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageSource)) })

// WriteHTML writes a document as a self-contained page without scripts: for every trace its space-time diagram and a
// list of its steps with what each changed. It follows the reader's colour scheme. Steps that the result does not
// depend on are pale in the diagram and folded in the list; steps that repeat for ever are framed.
func WriteHTML(w io.Writer, d Document) error {
	view := pageView{Model: Printable(d.Model)}
	for _, name := range slices.Sorted(maps.Keys(d.Config)) {
		view.Config = append(view.Config, [2]string{Printable(name), Printable(d.Config[name])})
	}
	for i, t := range d.Traces {
		view.Traces = append(view.Traces, newTraceView(i+1, t, view.Model))
	}
	var b bytes.Buffer
	if err := page().Execute(&b, view); err != nil {
		return fmt.Errorf("trace as HTML: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// pageView is the input of the template.
type pageView struct {
	Model  string
	Config [][2]string
	Traces []traceView
}

type traceView struct {
	ID       string
	Number   int
	Headline string
	Meaning  string
	End      string
	Picture  picture
	Initial  []Slot
	Groups   []group
	Linked   bool
}

// printableSlots returns slots with all text printable.
func printableSlots(slots []Slot) []Slot {
	all := make([]Slot, len(slots))
	for i, s := range slots {
		lines := strings.Split(s.Text, "\n")
		for k, line := range lines {
			lines[k] = Printable(line)
		}
		all[i] = Slot{Name: Printable(s.Name), Text: strings.Join(lines, "\n")}
	}
	return all
}

// group is a sequence of steps in the list, possibly folded.
type group struct {
	Folded string // the summary of a folded group; empty if it is not folded
	First  int    // the number of its first step
	Steps  []stepView
}

type stepView struct {
	Step
	Number int
	SentAt string
	Apart  bool // it matters, but does not precede the last step
}

func newTraceView(number int, t Trace, model string) traceView {
	v := traceView{
		ID: fmt.Sprintf("trace-%d", number), Number: number, Headline: t.headline(), Meaning: t.meaning(model), End: Printable(t.End()),
		Picture: newPicture(t.Diagram()), Initial: printableSlots(t.Initial.Slots), Linked: t.linked(),
	}
	for i, s := range t.Steps {
		sv := stepView{Step: s, Number: i + 1, Apart: v.Linked && !s.Past && !s.Aside}
		if s.From != "" && v.Linked {
			sv.SentAt = s.sentAt()
		}
		n := len(v.Groups)
		if n == 0 || (v.Groups[n-1].Folded != "") != s.Aside {
			v.Groups = append(v.Groups, group{First: i + 1})
			n++
		}
		g := &v.Groups[n-1]
		g.Steps = append(g.Steps, sv)
		if s.Aside {
			g.Folded = t.folded(len(g.Steps))
		}
	}
	return v
}

// Distances in a picture, in pixels.
const (
	laneWidth  = 170
	rowHeight  = 34
	leftMargin = 110
	topMargin  = 56
	longLabel  = 44 // in characters; longer labels are cut, with the full text in the list and on hover
	// The maximum width of a character of a label.
	letterWidth = 8
	// How far a frame extends beyond the marks of its first and last rows.
	loopAbove = 22
	loopBelow = 12
)

// picture is a diagram with coordinates.
type picture struct {
	Width, Height int
	Top, Bottom   int // of the lanes
	Lanes         []laneView
	Loop          *loopView
	Arrows        []arrowView
	Marks         []markView
}

type laneView struct {
	X    int
	Name string
}

// loopView is a frame around the rows that repeat for ever, with the back edge beside it.
type loopView struct {
	X, Y, Width, Height int    // of the frame
	Back                string // the path of the back edge
	Text                string
	TextX, TextY        int
}

type arrowView struct {
	Class string
	Path  string
	Title string
	Lost  bool
	X, Y  int // of its end
}

type markView struct {
	Class       string
	Shape       string
	X, Y        int
	Number      int
	Label       string
	Title       string
	LabelX      int
	LabelAnchor string
}

func newPicture(d Diagram) picture {
	x := func(lane int) int { return leftMargin + lane*laneWidth }
	y := func(row int) int { return topMargin + row*rowHeight }
	p := picture{
		Width: x(len(d.Lanes)-1) + 40, Height: y(len(d.Rows)) + 24, Top: topMargin - 16, Bottom: y(len(d.Rows)),
	}
	for i, name := range d.Lanes {
		p.Lanes = append(p.Lanes, laneView{x(i), Printable(name)})
	}
	for _, a := range d.Arrows {
		if a.FromLane < 0 || a.ToLane < 0 {
			continue
		}
		p.Arrows = append(p.Arrows, newArrow(a, x, y))
	}
	for _, r := range d.Rows {
		m := markView{
			Class: emphasis(r.Past, r.Aside), Shape: shapeOf(r.Kind), X: x(max(r.Lane, 0)), Y: y(r.Step), Number: r.Step,
			Label: shorten(Printable(r.Label)), Title: fmt.Sprintf("%d. %s", r.Step, Printable(r.Text)), LabelAnchor: "start",
		}
		m.LabelX = m.X + 10
		p.Width = max(p.Width, m.LabelX+letterWidth*utf8.RuneCountInString(m.Label)+16)
		if r.Lane < 0 {
			m.Class, m.Shape, m.LabelX, m.Label, m.Title = "start", "none", leftMargin-16, "start", "the start"
			m.LabelAnchor = "end"
		}
		p.Marks = append(p.Marks, m)
	}
	if d.Loop > 0 {
		p.addLoop(d.Loop, y)
	}
	return p
}

// addLoop frames the rows from first on, including labels and numbers, and makes room for the back edge.
func (p *picture) addLoop(first int, y func(int) int) {
	last := p.Marks[len(p.Marks)-1].Number
	l := &loopView{X: 8, Y: y(first) - loopAbove, Text: "↻ " + repeats(first, last)}
	p.Width = max(p.Width, l.X+letterWidth*utf8.RuneCountInString(l.Text))
	l.Width, l.Height = p.Width-l.X, y(last)+loopBelow-l.Y
	right, side := p.Width+2, p.Width+26
	l.Back = fmt.Sprintf("M%d %dH%dq8 0 8 -8V%dq0 -8 -8 -8H%d", right, y(last), side-8, y(first)+8, right+2)
	l.TextX, l.TextY = l.X+4, y(last)+loopBelow+16
	p.Loop, p.Width, p.Height = l, p.Width+40, max(p.Height, l.TextY+8)
}

func newArrow(a Arrow, x, y func(int) int) arrowView {
	fromX, fromY, toX, toY := x(a.FromLane), y(a.FromRow), x(a.ToLane), y(a.ToRow)
	v := arrowView{
		Class: emphasis(a.Past, a.Aside), Title: fmt.Sprintf("%s, %s", Printable(a.Text), a.Fate), X: toX, Y: toY,
	}
	switch a.Fate {
	case UnderWay: // a stub: its recipient is known, but not its time
		toX, toY = fromX+(toX-fromX)/4, fromY+rowHeight/2
		v.Class = "pending"
	case Lost:
		toX = fromX + (toX-fromX)*3/4
		v.Lost, v.X = true, toX
	case Delivered:
	}
	if a.FromLane == a.ToLane {
		v.Path = fmt.Sprintf("M%d %dC%d %d %d %d %d %d", fromX, fromY, fromX-50, fromY, toX-50, toY, toX-6, toY)
		return v
	}
	if a.Fate == Delivered && toX > fromX {
		toX -= 6
	} else if a.Fate == Delivered {
		toX += 6
	}
	v.Path = fmt.Sprintf("M%d %dL%d %d", fromX, fromY, toX, toY)
	return v
}

// emphasis returns the CSS class of elements that belong to the past, or are set aside.
func emphasis(past, aside bool) string {
	switch {
	case aside:
		return "aside"
	case past:
		return "past"
	}
	return "plain"
}

// shapeOf returns the mark of a kind of step. Every kind has its own shape, so that colour is not needed to tell them
// apart.
func shapeOf(kind string) string {
	switch kind {
	case "timeout":
		return "clock"
	case "choose":
		return "diamond"
	case "crash", "cut":
		return "cross"
	case "recover", "heal":
		return "ring"
	case "drop":
		return "loss"
	case "act":
		return "square"
	}
	return "dot"
}

func shorten(s string) string {
	r := []rune(s)
	if len(r) <= longLabel {
		return s
	}
	return string(r[:longLabel-1]) + "…"
}
