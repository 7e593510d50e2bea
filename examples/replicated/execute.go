package replicated

import (
	"fmt"
	"strings"

	"synod/paxos/rsm"
)

// Execute returns the machine as what is chosen up to a slot makes it, each command executed the first time that it comes;
// what is no machine if something is missing.
func Execute[S, O, R any](
	m rsm.Machine[S, O, R], commands map[string]rsm.Command[O], chosen map[rsm.Slot]string, last rsm.Slot,
) string {
	state := m.New()
	done, ended := map[string]bool{}, map[rsm.Client]bool{}
	for slot := rsm.Slot(1); slot <= last; slot++ {
		batch, known := chosen[slot]
		if !known {
			return fmt.Sprintf("slot %v is not chosen", slot)
		}
		for name := range strings.SplitSeq(batch, ",") {
			c := commands[name]
			switch {
			case batch == "" || done[name] || ended[c.ID.Client]:
			case c.End:
				ended[c.ID.Client] = true
			default:
				done[name] = true
				state, _, _ = m.Execute(slot, state, c.Op)
			}
		}
	}
	data, err := m.Snapshot(state)
	if err != nil {
		return err.Error()
	}
	return string(data)
}
