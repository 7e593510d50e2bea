package cli

import (
	"synod/checker"
	"synod/consistency"
	"synod/spawn/nemesis"
)

// tortureDocument is what is printed with --json.
type tortureDocument struct {
	Schema     string            `json:"schema"`
	Model      string            `json:"model"`
	Servers    int               `json:"servers"`
	Clients    int               `json:"clients"`
	Transport  string            `json:"transport"`
	Seed       uint64            `json:"seed"`
	Exit       int               `json:"exit"`
	Verdict    string            `json:"verdict"`
	Lacking    []string          `json:"lacking"` // for the run to be evidence
	Operations tortureCounts     `json:"operations"`
	Faults     map[string]uint64 `json:"faults"` // what happened, by kind
	Ambushes   int               `json:"ambushes"`
	History    tortureHistory    `json:"history"`
	Replayed   *tortureReplayed  `json:"replayed,omitempty"` // none if nothing was recorded, or the run was interrupted
	Stopped    string            `json:"stopped,omitempty"`  // a server that stopped by itself
	Folder     string            `json:"folder,omitempty"`   // that was left
	Shrunk     *shrunkDocument   `json:"shrunk,omitempty"`
	Again      string            `json:"again,omitempty"`
	Runtime    struct {
		Seconds float64 `json:"seconds"`
	} `json:"runtime"`
}

type tortureCounts struct {
	Acknowledged int `json:"acknowledged"`
	Puts         int `json:"puts"`
	Gets         int `json:"gets"`
	Refused      int `json:"refused"` // puts, by a register that is written once
	Unknown      int `json:"unknown"`
	// UnknownShare is that of unknown puts among all of them, from 0 to 1.
	UnknownShare float64 `json:"unknown_share"`
	Failed       int     `json:"failed"`
}

// tortureHistory is how the history was judged.
type tortureHistory struct {
	Verdict  string          `json:"verdict"`
	Reason   string          `json:"reason,omitempty"` // of undecided
	Windows  verifyWindows   `json:"windows"`
	Findings []verifyFinding `json:"findings,omitempty"`
}

// tortureReplayed is how the records were.
type tortureReplayed struct {
	Events    int    `json:"events"`              // 0 if the run is not the model's
	Deviation string `json:"deviation,omitempty"` // why it is not
}

// shrunkDocument is what is left of the faults.
type shrunkDocument struct {
	From   int      `json:"from"` // so many faults
	Runs   int      `json:"runs"`
	Faults []string `json:"faults"`
	File   string   `json:"file"`
}

// tortureSchema names the form of the document.
const tortureSchema = "synod.torture/1"

// document tells what a run was, and what it says, all but what is done about a violation.
func (p *torturePlan) document(o *ordeal, code int) tortureDocument {
	c, n := o.counts, o.checked.Counts
	d := tortureDocument{
		Schema: tortureSchema, Model: p.flags.model, Servers: p.schedule.Servers, Clients: p.workload.Clients,
		Transport: p.flags.transport.value, Seed: p.seed, Exit: code, Verdict: o.checked.Outcome.String(),
		Lacking:    append([]string{}, o.lacking(p)...),
		Operations: tortureCounts{c.Acknowledged(), c.Writes, c.Reads, c.Refused, c.Unknown, c.UnknownShare(), c.Failed},
		Faults:     make(map[string]uint64), Ambushes: o.ambushes,
		History: tortureHistory{
			Verdict: o.checked.Outcome.String(), Reason: o.checked.Reason,
			Windows: verifyWindows{n.Windows, n.Longest, n.Widest}, Findings: findingsOf(o.checked),
		},
	}
	switch {
	case code == checker.ExitViolated:
		d.Verdict = consistency.Violated.String()
	case o.checked.Outcome == consistency.Holds && len(d.Lacking) > 0:
		d.Verdict = noEvidence
	}
	for _, k := range nemesis.Kinds() {
		d.Faults[k.String()] = o.tally[k]
	}
	switch {
	case o.deviates != nil:
		d.Replayed = &tortureReplayed{Deviation: o.deviates.Error()}
	case o.replayed != nil:
		d.Replayed = &tortureReplayed{Events: o.replayed.Events}
	}
	if o.stopped != nil {
		d.Stopped = o.stopped.Error()
	}
	d.Runtime.Seconds = o.elapsed.Seconds()
	return d
}
