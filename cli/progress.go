package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"synod/checker"
)

// meter prints the progress of a search or of runs: a status line on a terminal, a plain line every few seconds
// otherwise. It prints nothing before the first interval has passed.
type meter struct {
	w        io.Writer
	live     *os.File // the terminal, or nil
	off      bool
	interval time.Duration
	shown    bool
	last     checker.Progress
	due      time.Duration // when to print the next plain line
}

const (
	liveInterval  = 200 * time.Millisecond
	firstPlain    = time.Second // until the first plain line; then plainInterval
	plainInterval = 3 * time.Second
)

// newMeter returns a meter for a mode: auto, plain or off.
func newMeter(mode string, w io.Writer) *meter {
	m := &meter{w: w, off: mode == "off", interval: firstPlain, due: firstPlain / 2}
	if f, ok := w.(*os.File); ok && mode == "auto" && term.IsTerminal(int(f.Fd())) {
		m.live, m.interval = f, liveInterval
	}
	return m
}

// report prints progress. It must not be called concurrently.
func (m *meter) report(p checker.Progress) {
	m.tell(p.Elapsed, func() string {
		defer func() { m.last = p }()
		return m.line(p)
	})
}

// tell prints a line if it is time for one.
func (m *meter) tell(elapsed time.Duration, text func() string) {
	if m.live == nil && elapsed < m.due {
		return
	}
	m.due = elapsed + plainInterval - firstPlain/2
	line := text()
	if m.live == nil {
		fmt.Fprintln(m.w, line)
		return
	}
	if width, _, err := term.GetSize(int(m.live.Fd())); err == nil && width > 0 && len(line) >= width {
		line = line[:width-1]
	}
	fmt.Fprintf(m.w, "\r\x1b[K%s", line)
	m.shown = true
}

// line formats progress; the rate is measured since the last line.
func (m *meter) line(p checker.Progress) string {
	rate := 0.0
	if elapsed := p.Elapsed - m.last.Elapsed; elapsed > 0 {
		rate = float64(p.Generated-m.last.Generated) / elapsed.Seconds()
	}
	return fmt.Sprintf("states=%d, unique=%d, depth=%d, frontier=%d, states/s=%.0f, memory=%.0fMB, sec=%.1f",
		p.Generated, p.Unique, p.Depth, p.Frontier, rate, float64(p.Memory)/1e6, p.Elapsed.Seconds())
}

// clear removes the status line.
func (m *meter) clear() {
	if m.shown {
		fmt.Fprint(m.w, "\r\x1b[K")
	}
}
