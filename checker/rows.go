package checker

import "slices"

// A layout with pairs, or a boundary, needs the ids of all units of a successor: a row. The functions here stand in for
// the arithmetic on packed states.

// fillRows makes the row of every successor out of its source's and its own step.
func (w *worker) fillRows() {
	l, units := w.e.layout, len(w.words)
	fields := len(l.fields)
	w.rows = slices.Grow(w.rows[:0], len(w.successors)*fields)[:len(w.successors)*fields]
	successor := 0
	for index := range units {
		for i, word := range w.words[index] {
			if successor == len(w.successors) || i >= w.batch {
				break
			}
			w.eachStep(word, func(next uint32) {
				row := w.rows[successor*fields : (successor+1)*fields]
				for u := range units {
					row[u] = w.ids[u][i]
				}
				row[index] = next
				successor++
			})
		}
	}
}

// eachStep gives the next ids of a word of steps, in the order of takeSteps.
func (w *worker) eachStep(word uint64, f func(next uint32)) {
	if word&stepsLone != 0 {
		f(uint32(word))
		return
	}
	count := word &^ stepsKnown >> stepsShift
	if count == 0 {
		return
	}
	for block := w.e.units.blocks.From(refOf(word)); count > 0; count-- {
		f(block[0])
		block = block[2+block[1]:]
	}
}

// packRows packs every row, and marks the successors that lie outside the boundary.
func (w *worker) packRows() bool {
	e := w.e
	fields, units := len(e.layout.fields), len(w.words)
	refused := len(w.dead)
	for i := range w.successors {
		row := w.rows[i*fields : (i+1)*fields]
		if _, dead := slices.BinarySearch(w.dead[:refused], uint32(i)); dead {
			continue
		}
		if e.inside != nil {
			e.units.parts(row, w.state)
			inside, err := w.within()
			if err != nil {
				w.failed = int(w.sources[i])
				e.failAt(err, slices.Clone(w.state))
				return false
			}
			if !inside {
				w.dead = append(w.dead, uint32(i))
				w.cut++
				if w.cutFrom != nil {
					w.cutFrom = append(w.cutFrom, w.sources[i])
				}
				continue
			}
		}
		key, ok := e.layout.pack(row, units)
		if !ok {
			return w.widen()
		}
		w.successors[i] = key
	}
	return true
}
