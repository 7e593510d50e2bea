package oplog_test

import (
	"errors"
	"strings"
	"testing"

	"synod/consistency/oplog"
)

// What a file is, is told by its first characters that are not blank.
func TestFormatIsTold(t *testing.T) {
	header := `{ "format": "synod.history/1", "spec": "register"}` + "\n"
	for _, text := range []string{header, "\n\r\n" + header, "  " + header, "{\t" + header[1:]} {
		h, err := oplog.Load(strings.NewReader(text+"?\n"), oplog.ReadConfig{})
		var line *oplog.LineError
		if want := strings.Count(text, "\n") + 1; h.Format != "ndjson" || !errors.As(err, &line) || line.Line != want {
			t.Errorf("%q: %s, %v; want lines of JSON, and a bad one in line %d", text, h.Format, err, want)
		}
	}
	for _, text := range []string{"", " \n", "# A title\n\nand text", "## Another", "#!/bin/sh", "text", "<html>"} {
		if _, err := oplog.Load(strings.NewReader(text), oplog.ReadConfig{Spec: oplog.Register}); !errors.Is(err, oplog.ErrNoHistory) {
			t.Errorf("%q: %v, want no history", text, err)
		}
	}
}

// Some histories of Jepsen's repeat neither key nor value where an operation ends without an answer.
func TestJepsenEndsWithoutValue(t *testing.T) {
	const text = `{:type :invoke, :f :write, :value [1 5], :process 0}
{:type :fail, :f :write, :value nil, :process 0}
{:type :invoke, :f :write, :value [1 5], :process 0}
{:type :info, :f :write, :value nil, :process 0}
`
	h, err := oplog.Load(strings.NewReader(text), oplog.ReadConfig{Spec: oplog.Register})
	if err != nil || len(h.Events) != 4 || h.Events[0].Key == oplog.None || h.Events[1].Type != oplog.Fail {
		t.Errorf("%+v, %v", h.Events, err)
	}
	ok := `{:type :invoke, :f :write, :value [1 5], :process 0}{:type :ok, :f :write, :value nil, :process 0}`
	if _, err = oplog.Load(strings.NewReader(ok), oplog.ReadConfig{Spec: oplog.Register}); err == nil {
		t.Error("an answer without the key is read")
	}
}
