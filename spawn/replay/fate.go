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

// fate tells what became of an event that would leave kept on disk. Its line was written before it was saved, so if the
// process ended then, only the recovery tells. A torn line tells nothing, as that of an event that did not happen, unless
// it is seen to be the next one of the process.
func (r *Run) fate(s *server, kept []storage.Record) fate {
	if sameRecords(s.kept, kept) {
		return done
	}
	restarted := false
	for n := 1; ; n++ {
		i := r.records.peek(s.sequence, n)
		switch {
		case i == nil:
			return done
		case i.torn && (restarted || mayStop(r.records.text(i.spot))):
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

// mayStop tells whether a torn line may be that of a stop, which alone can follow an event that was not saved, or a header.
func mayStop(torn []byte) bool {
	_, event, told := bytes.Cut(torn, []byte(`"event":"`))
	return !told || agrees(event, `stop"`)
}
