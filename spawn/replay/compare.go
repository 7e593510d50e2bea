package replay

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/record"
	"synod/storage"
)

// mismatch is a difference between the model and the record.
type mismatch struct{ expected, found string }

// compare returns the first difference between the effects of an event and the record, or nil.
func compare(l *record.Line, e machine.Effects, now time.Duration) *mismatch {
	reason := ""
	if e.Rejected != nil {
		reason = e.Rejected.Reason.String()
	}
	switch {
	case reason != l.Rejected:
		return &mismatch{acceptance(reason), acceptance(l.Rejected)}
	case e.Rejected != nil:
		return nil
	}
	var arm []record.Alarm
	for _, a := range e.Arm {
		arm = append(arm, record.Alarm{Timer: record.Encode(a.Timer), In: a.At - now})
	}
	for _, m := range []*mismatch{
		compareLists("save", e.Save, l.Save, sameRecord, showRecord),
		compareLists("message", e.Send, l.Send, sameMessage, showMessage),
		compareLists("timer set", arm, l.Arm, sameAlarm, showAlarm),
		compareLists("timer cancelled", encoded(e.Disarm), l.Disarm, bytes.Equal, show),
		compareLists("option drawn", encoded(e.Drawn), l.Drawn, bytes.Equal, show),
	} {
		if m != nil {
			return m
		}
	}
	return nil
}

func acceptance(rejected string) string {
	if rejected == "" {
		return "a message that is accepted"
	}
	return "a message that is refused as " + rejected
}

// compareLists returns the first difference between the list of the model and the recorded one.
func compareLists[T any](what string, model, recorded []T, same func(a, b T) bool, show func(T) string) *mismatch {
	for i := range max(len(model), len(recorded)) {
		switch {
		case i >= len(model):
			return &mismatch{fmt.Sprintf("no %s %d", what, i+1), show(recorded[i])}
		case i >= len(recorded):
			return &mismatch{fmt.Sprintf("as %s %d %s", what, i+1, show(model[i])), "none"}
		case !same(model[i], recorded[i]):
			return &mismatch{fmt.Sprintf("as %s %d %s", what, i+1, show(model[i])), show(recorded[i])}
		}
	}
	return nil
}

func encoded[T any](values []T) [][]byte {
	var all [][]byte
	for _, v := range values {
		all = append(all, record.Encode(v))
	}
	return all
}

func sameRecord(a, b storage.Record) bool {
	return a.Name == b.Name && bytes.Equal(a.Data, b.Data) && (a.Data == nil) == (b.Data == nil)
}

func sameMessage(a, b machine.Message) bool { return a.To == b.To && bytes.Equal(a.Data, b.Data) }

func sameAlarm(a, b record.Alarm) bool { return bytes.Equal(a.Timer, b.Timer) && a.In == b.In }

func sameRecords(a, b []storage.Record) bool { return len(storage.Changes(a, b)) == 0 }

// show converts bytes to valid UTF-8 text.
func show(data []byte) string { return strings.ToValidUTF8(string(data), "\uFFFD") }

func showRecord(r storage.Record) string {
	if r.Data == nil {
		return "no " + show([]byte(r.Name))
	}
	return show([]byte(r.Name)) + " = " + show(r.Data)
}

func showMessage(m machine.Message) string {
	return fmt.Sprintf("to %s: %s", spawn.Describe(m.To), show(m.Data))
}

func showAlarm(a record.Alarm) string { return fmt.Sprintf("%s in %v", show(a.Timer), a.In) }

func showRecords(all []storage.Record) string {
	if len(all) == 0 {
		return "nothing"
	}
	var texts []string
	for _, r := range all {
		texts = append(texts, showRecord(r))
	}
	return strings.Join(texts, ", ")
}
