package expand

import "sync/atomic"

// KeptSteps is the number of bytes that the steps of all ids may take before they may be dropped. Only tests change
// it.
var KeptSteps = 8 << 20

// Forget drops the steps of all ids if there are about as many ids as states, so that most steps are not needed
// again: each id occurs in one state, which was expanded. Steps needed later are recomputed. The units must not be
// used concurrently.
func (us *Units) Forget(states int) {
	ids := 0
	for _, u := range us.Of {
		ids += int(u.limit.Load())
	}
	if us.blocks.Bytes() < KeptSteps || ids < states/4 {
		return
	}
	for _, u := range us.Of {
		for id := range u.limit.Load() {
			if u.steps.Has(id) {
				atomic.StoreUint64(u.steps.At(id), 0)
			}
		}
	}
	us.blocks.Reset()
}
