package torture

import (
	"synod/consistency/oplog"
	"synod/spawn/nemesis"
)

// Document is the result for programs.
type Document struct {
	Schema     string            `json:"schema"`
	Model      string            `json:"model"`
	Servers    int               `json:"servers"`
	Clients    int               `json:"clients"`
	Transport  string            `json:"transport"`
	Seed       uint64            `json:"seed"`
	Exit       int               `json:"exit"`
	Verdict    string            `json:"verdict"`
	Lacking    []string          `json:"lacking"` // for the run to be evidence
	Operations CountsDocument    `json:"operations"`
	Faults     map[string]uint64 `json:"faults"` // what happened, by kind
	Ambushes   int               `json:"ambushes"`
	History    HistoryDocument   `json:"history"`
	Replayed   *ReplayedDocument `json:"replayed,omitempty"`  // none if nothing was recorded, or the run was interrupted
	Invariant  string            `json:"invariant,omitempty"` // that the run breaks, and where
	Stopped    string            `json:"stopped,omitempty"`   // a server that stopped by itself
	Folder     string            `json:"folder,omitempty"`    // that was left
	Shrunk     *ShrunkDocument   `json:"shrunk,omitempty"`
	Again      string            `json:"again,omitempty"`
	Runtime    struct {
		Seconds float64 `json:"seconds"`
	} `json:"runtime"`
}

// CountsDocument is how many operations clients asked for, by how they ended.
type CountsDocument struct {
	Acknowledged int `json:"acknowledged"`
	Puts         int `json:"puts"`
	Gets         int `json:"gets"`
	Refused      int `json:"refused"` // puts, by a register that is written once
	Unknown      int `json:"unknown"`
	// UnknownShare is that of unknown puts among all of them, from 0 to 1.
	UnknownShare float64 `json:"unknown_share"`
	Failed       int     `json:"failed"`
}

// HistoryDocument is how the history was judged.
type HistoryDocument struct {
	Verdict  string                  `json:"verdict"`
	Reason   string                  `json:"reason,omitempty"` // of undecided
	Windows  oplog.WindowsDocument   `json:"windows"`
	Findings []oplog.FindingDocument `json:"findings,omitempty"`
}

// ReplayedDocument is how the records were.
type ReplayedDocument struct {
	Events    int    `json:"events"`              // 0 if the run is not the model's
	Deviation string `json:"deviation,omitempty"` // why it is not
}

// ShrunkDocument is what is left of the faults.
type ShrunkDocument struct {
	From   int      `json:"from"` // so many faults
	Runs   int      `json:"runs"`
	Faults []string `json:"faults"`
	File   string   `json:"file"`
}

// Schema names the form of the document.
const Schema = "synod.torture/1"

// Document returns what the trial was, and what it says, all but the exit code, and what is done about a violation.
func (o *Trial) Document() Document {
	p, c, n := o.plan, o.counts, o.checked.Counts
	d := Document{
		Schema: Schema, Model: p.Model, Servers: p.Schedule.Servers, Clients: p.Workload.Clients,
		Transport: p.Transport, Seed: p.Seed, Verdict: o.Verdict(),
		Lacking:    append([]string{}, o.lacking()...),
		Operations: CountsDocument{c.Acknowledged(), c.Writes, c.Reads, c.Refused, c.Unknown, c.UnknownShare(), c.Failed},
		Faults:     make(map[string]uint64), Ambushes: o.ambushes,
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
