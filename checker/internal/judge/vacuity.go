package judge

import (
	"fmt"

	"synod/model/statespace"
)

// Why a property is vacuous.
const (
	neverWhen = "its condition held in no state"
	nothing   = "it reads nothing of the state"
	downOf    = "it reads %s, which was down each time"
)

// Vacuities returns why those properties that hold are vacuous. The result is the same in every run of an exhausted
// search. Called returns how a sentence names a slot.
func (j *Judge) Vacuities(holds func(property int) bool, called func(slot string) string) []statespace.Vacuity {
	var all []statespace.Vacuity
	for i, p := range j.Properties {
		if !holds(i) {
			continue
		}
		if when := j.whens[i]; when != nil && !when.EverYes() {
			all = append(all, statespace.Vacuity{Property: p.Name, Why: neverWhen})
		}
		q := j.predicates[i]
		if q == nil || q.Forgets() {
			continue
		}
		if q.ReadsNothing() {
			all = append(all, statespace.Vacuity{Property: p.Name, Why: nothing})
		}
		for slot := range j.space.Slots() {
			if q.FoundDown(slot) {
				all = append(all, statespace.Vacuity{Property: p.Name, Why: fmt.Sprintf(downOf, called(j.space.SlotName(slot)))})
			}
		}
	}
	return all
}
