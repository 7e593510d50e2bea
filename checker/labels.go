package checker

import "synod/model/statespace"

// If paths have to be fair (see statespace.Just), every step has a label: the list of the sets that contain its
// action. The labels of an id's steps follow its block, and its ranks if there are any; none of these steps is a lone
// step.

// justOf returns the labels of a space's steps, or nil if its paths need not be fair.
func justOf(space statespace.Space) statespace.Just {
	if j, ok := space.(statespace.Just); ok && len(j.Fairness()) > 0 {
		return j
	}
	return nil
}

// labelSteps finds the labels of all steps of the batch, in the order of takeSteps.
func (w *worker) labelSteps() {
	us := w.e.units
	for index := range w.words {
		for _, word := range w.words[index][:w.batch] {
			count := stepCount(word)
			if count == 0 {
				continue
			}
			block := us.stepAt(word, count)
			if us.ranked {
				block = block[count:]
			}
			w.labels = append(w.labels, block[:count]...)
		}
	}
}
