package checker

import "sync/atomic"

// keptSteps is the number of bytes that the steps of all ids may take before they may be dropped. Only tests change
// it.
var keptSteps = 8 << 20

// forget drops the steps of all ids if there are about as many ids as states, so that most steps are not needed
// again: each id occurs in one state, which was expanded. Steps needed later are recomputed. The units must not be
// used concurrently.
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
