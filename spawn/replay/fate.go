package replay

import (
	"bytes"

	"synod/spawn/record"
	"synod/storage"
)

// fate is what became of the last event of a process before it ended.
type fate uint8

const (
	done   fate = iota // what it wanted saved is saved, as far as anybody knows
	undone             // it never was: the event is as if it had not happened
)

// fate returns what became of the next event, which is the first of those that are saved with it. Their lines were written
// before they were saved, so if the process ended then, only the recovery tells. A torn line tells nothing, as that of an
// event that did not happen, unless it is seen to be the next one of the process, and not to be saved with it.
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
			return done // If its successor was begun, it was over.
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

// mayBeUnsaved reports whether a torn line may follow an event that was not saved: that of an event that joins it, of a
// stop, or a header.
func mayBeUnsaved(torn []byte) bool {
	before, event, told := bytes.Cut(torn, []byte(`"event":"`))
	return !told || bytes.HasSuffix(before, []byte(`"joins":true,`)) || agrees(event, `stop"`)
}
