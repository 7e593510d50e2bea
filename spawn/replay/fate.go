package replay

import (
	"bytes"

	"synod/spawn/record"
	"synod/storage"
)

// fate describes whether the last event of a process before it ended was saved.
type fate uint8

const (
	done   fate = iota // its changes are saved, as far as is known
	undone             // its changes were never saved: as if the event had not happened
)

// fate returns the fate of the next event, which is the first of a group that is saved together. Lines are written
// before the save, so if the process ended then, only the recovery shows the outcome. A torn line counts as an event
// that did not happen, unless it is evidently the next event of the process and not saved in the same group.
func (r *Run) fate(s *server, l *record.Line) fate {
	kept := storage.Apply(s.kept, l.Save)
	n := 1
	for ; ; n++ {
		i := r.records.peek(s.sequence, n)
		if i == nil || i.err != nil || !i.line.Joins {
			break
		}
		kept = storage.Apply(kept, i.line.Save)
	}
	if sameRecords(s.kept, kept) {
		return done
	}
	restarted := false
	for ; ; n++ {
		i := r.records.peek(s.sequence, n)
		switch {
		case i == nil:
			return done
		case i.torn && (restarted || mayBeUnsaved(r.records.text(i.spot))):
			continue
		case i.err != nil:
			return done // A later event was started, so the save had completed.
		case i.line.Header != nil:
			restarted = true
			continue
		case i.line.Event == record.Stop:
			continue
		case restarted && i.line.Event == record.Recover && sameRecords(i.line.Records, s.kept),
			restarted && i.line.Event == record.Start && len(s.kept) == 0:
			return undone
		}
		return done
	}
}

// mayBeUnsaved reports whether a torn line may follow an event that was not saved: a joining event, a stop, or a
// header.
func mayBeUnsaved(torn []byte) bool {
	before, event, told := bytes.Cut(torn, []byte(`"event":"`))
	return !told || bytes.HasSuffix(before, []byte(`"joins":true,`)) || agrees(event, `stop"`)
}
