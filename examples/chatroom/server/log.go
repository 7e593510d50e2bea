package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// LevelTrace is below slog's own levels.
const LevelTrace = slog.LevelDebug - 4

// Level returns the minimum log level for a number of -v flags; 0 means no log.
func Level(verbose int) slog.Level {
	switch verbose {
	case 0:
		return slog.LevelError + 4
	case 1:
		return slog.LevelInfo
	case 2:
		return slog.LevelDebug
	}
	return LevelTrace
}

// NewLog returns a log whose lines have the form [id][LEVEL][target]: message, followed by the attributes.
func NewLog(out io.Writer, id int, least slog.Level) *slog.Logger {
	return slog.New(handler{out: out, mu: new(sync.Mutex), id: id, least: least})
}

// handler writes lines. The attribute target is printed as the source of the message.
type handler struct {
	out   io.Writer
	mu    *sync.Mutex
	id    int
	least slog.Level
	attrs []slog.Attr
	below slog.Level // subtracted from levels
}

const targetKey = "target"

// target returns a log with a target, whose levels are lowered by below.
func target(log *slog.Logger, name string, below slog.Level) *slog.Logger {
	if h, ok := log.Handler().(handler); ok {
		h.below += below
		log = slog.New(h)
	}
	return log.With(targetKey, name)
}

func (h handler) Enabled(_ context.Context, level slog.Level) bool { return h.lower(level) >= h.least }

// lower returns the lowered level. Warnings are not lowered.
func (h handler) lower(level slog.Level) slog.Level {
	if level >= slog.LevelWarn {
		return level
	}
	return level - h.below
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)
	return h
}

func (h handler) WithGroup(string) slog.Handler { return h }

func (h handler) Handle(_ context.Context, r slog.Record) error {
	speaker, rest := "chatroom", new(strings.Builder)
	add := func(a slog.Attr) bool {
		if a.Key == targetKey {
			speaker = a.Value.String()
		} else {
			fmt.Fprintf(rest, " %s=%v", a.Key, a.Value)
		}
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	name := h.lower(r.Level).String()
	if h.lower(r.Level) < slog.LevelDebug {
		name = "TRACE"
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := fmt.Fprintf(h.out, "[%d][%s][%s]: %s%s\n", h.id, name, speaker, r.Message, rest)
	return err
}
