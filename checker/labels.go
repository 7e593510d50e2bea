package checker

import "synod/checker/internal/expand"

// If paths have to be fair (see statespace.Just), every step has a label: the list of the sets that contain its
// action. The labels of an id's steps follow its block, and its ranks if there are any; none of these steps is a lone
// step.

// labelSteps finds the labels of all steps of the batch, in the order of takeSteps.
func (w *worker) labelSteps() {
	us := w.e.units
	for index := range w.words {
		for _, word := range w.words[index][:w.batch] {
			count := expand.StepCount(word)
			if count == 0 {
				continue
			}
			block := us.StepAt(word, count)
			if us.Ranked {
				block = block[count:]
			}
			w.labels = append(w.labels, block[:count]...)
		}
	}
}
