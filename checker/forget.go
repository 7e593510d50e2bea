package checker

import "sync/atomic"

// keptSteps is how many bytes the steps of all ids may take before they are forgotten where that costs little. Only
// tests change it.
var keptSteps = 8 << 20

// forget drops the steps of all ids if these are about as many as the states, so that most are not asked for again: the
// state that an id stands for was expanded, and no other has it. Who does ask has them computed anew. Nobody else may
// use the units meanwhile.
func (us *units) forget(states int) {
	ids := 0
	for _, u := range us.of {
		ids += int(u.limit.Load())
	}
	if us.blocks.Bytes() < keptSteps || ids < states/4 {
		return
	}
	for _, u := range us.of {
		for id := range u.limit.Load() {
			if u.steps.Has(id) {
				atomic.StoreUint64(u.steps.At(id), 0)
			}
		}
	}
	us.blocks.Reset()
}
