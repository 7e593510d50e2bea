package torture

import (
	"synod/consistency/oplog"
	"synod/spawn/nemesis"
)

// Document is the machine-readable result.
type Document struct {
	Schema     string            `json:"schema"`
	Model      string            `json:"model"`
	Servers    int               `json:"servers"`
	Clients    int               `json:"clients"`
	Transport  string            `json:"transport"`
	Seed       uint64            `json:"seed"`
	Exit       int               `json:"exit"`
	Verdict    string            `json:"verdict"`
	Lacking    []string          `json:"lacking"` // what the run lacks to be evidence
	Operations CountsDocument    `json:"operations"`
	Faults     map[string]uint64 `json:"faults"` // the faults that took effect, by kind
	// KillsAfterAck is the number of kills right after an acknowledgement.
	KillsAfterAck int               `json:"kills_after_ack"`
	Ambushes      int               `json:"ambushes"` // the former name of kills_after_ack
	History       HistoryDocument   `json:"history"`
	Replayed      *ReplayedDocument `json:"replayed,omitempty"`  // absent if nothing was recorded, or the run was interrupted
	Invariant     string            `json:"invariant,omitempty"` // the invariant that the run violates, and where
	Stopped       string            `json:"stopped,omitempty"`   // a server that stopped by itself
	Folder        string            `json:"folder,omitempty"`    // the folder that was kept
	Shrunk        *ShrunkDocument   `json:"shrunk,omitempty"`
	Again         string            `json:"again,omitempty"`
	Runtime       struct {
		Seconds float64 `json:"seconds"`
	} `json:"runtime"`
}

// CountsDocument has the numbers of client operations, by outcome.
type CountsDocument struct {
	Acknowledged int `json:"acknowledged"`
	Puts         int `json:"puts"`
	Gets         int `json:"gets"`
	Refused      int `json:"refused"` // puts refused by a write-once register
	Unknown      int `json:"unknown"`
	// UnknownShare is the share of puts of unknown outcome, from 0 to 1.
	UnknownShare float64 `json:"unknown_share"`
	Failed       int     `json:"failed"`
}

// HistoryDocument is the result of checking the history.
type HistoryDocument struct {
	Verdict  string                  `json:"verdict"`
	Reason   string                  `json:"reason,omitempty"` // of undecided
	Windows  oplog.WindowsDocument   `json:"windows"`
	Findings []oplog.FindingDocument `json:"findings,omitempty"`
}

// ReplayedDocument is the result of validating the records.
type ReplayedDocument struct {
	Events    int    `json:"events"`              // 0 if the model does not admit the run
	Deviation string `json:"deviation,omitempty"` // why it does not
}

// ShrunkDocument is the shrunk schedule.
type ShrunkDocument struct {
	From   int      `json:"from"` // so many faults
	Runs   int      `json:"runs"`
	Faults []string `json:"faults"`
	File   string   `json:"file"`
}

// Schema names the version of the document's format.
const Schema = "synod.torture/1"

// Document returns the trial and its verdict in machine-readable form, without the exit code and the handling of a
// violation.
func (o *Trial) Document() Document {
	p, c, n := o.plan, o.counts, o.checked.Counts
	d := Document{
		Schema: Schema, Model: p.Model, Servers: p.Schedule.Servers, Clients: p.Workload.Clients,
		Transport: p.Transport, Seed: p.Seed, Verdict: o.Verdict(),
		Lacking:    append([]string{}, o.lacking()...),
		Operations: CountsDocument{c.Acknowledged(), c.Writes, c.Reads, c.Refused, c.Unknown, c.UnknownShare(), c.Failed},
		Faults:     make(map[string]uint64), KillsAfterAck: o.killsAfterAck, Ambushes: o.killsAfterAck,
		History: HistoryDocument{
			Verdict: o.checked.Outcome.String(), Reason: o.checked.Reason,
			Windows: oplog.WindowsDocument{Count: n.Windows, Longest: n.Longest, Widest: n.Widest}, Findings: o.checked.Documents(),
		},
	}
	for _, k := range nemesis.Kinds() {
		d.Faults[k.String()] = o.tally[k]
	}
	switch {
	case o.deviates != nil:
		d.Replayed = &ReplayedDocument{Deviation: o.deviates.Error()}
	case o.replayed != nil:
		d.Replayed = &ReplayedDocument{Events: o.replayed.Events}
	}
	if o.breaks != nil {
		d.Invariant = o.breaks.Error()
	}
	if o.stopped != nil {
		d.Stopped = o.stopped.Error()
	}
	d.Runtime.Seconds = o.elapsed.Seconds()
	return d
}
