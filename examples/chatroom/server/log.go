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

// Level returns the least level of what is logged when -v is given so many times; nothing is for 0.
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

// NewLog returns a log whose lines are [id][LEVEL][target]: message, with attributes behind the message.
func NewLog(out io.Writer, id int, least slog.Level) *slog.Logger {
	return slog.New(handler{out: out, mu: new(sync.Mutex), id: id, least: least})
}

// handler writes lines. The attribute target is not one: it is what speaks.
type handler struct {
	out   io.Writer
	mu    *sync.Mutex
	id    int
	least slog.Level
	attrs []slog.Attr
	below slog.Level // by how much levels are less than they say
}

const targetKey = "target"

// target is a log of what speaks under a name, with levels that are less by so much.
func target(log *slog.Logger, name string, below slog.Level) *slog.Logger {
	if h, ok := log.Handler().(handler); ok {
		h.below += below
		log = slog.New(h)
	}
	return log.With(targetKey, name)
}

func (h handler) Enabled(_ context.Context, level slog.Level) bool { return h.lower(level) >= h.least }

// lower returns a level less so much. A warning stays one.
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
