package checker

import (
	"sync/atomic"

	"synod/internal/words"
	"synod/model"
)

// A step or an effect is quiet if it changes nothing of its unit that a live property of states ever read. A state to
// which only quiet ones lead agrees with its predecessor, which was judged and found unremarkable, or decided what is no
// longer live: it need not be judged. Most transitions are of this kind.
//
// Whether a step is quiet is found when it is computed. Should properties read more later on, then no step is known to be
// quiet until engine.hush, which forgets what was found before.

// doubtful marks a successor that must be judged, in differs and in a key on its way to a shard. Keys leave that bit free.
const doubtful = 1 << 63

// quiet is what a worker needs to find out whether steps are quiet. The zero value finds none.
type quiet struct {
	e     *engine
	state []model.PartID
}

// agree tells whether two ids of a unit agree in everything that live properties read.
func (q *quiet) agree(u *unit, a, b uint32) bool {
	if q.e == nil || !q.e.trusts() {
		return false
	}
	agreed := q.e.judge.agreements(q.e.units)
	if len(agreed.read) == 0 {
		return false // Nothing was read yet, or what is read is not remembered.
	}
	for i := range agreed.read {
		if c := &agreed.read[i]; c.unit == u {
			return c.classOf(a, q.state, q.e.space) == c.classOf(b, q.state, q.e.space)
		}
	}
	return true
}

// trusts tells whether live properties read nothing but what they read when quiet steps were last forgotten.
func (e *engine) trusts() bool { return e.units.quiet == e.judge.growth.Load() }

// hush forgets which steps are quiet if properties have read more since they were found. Nobody else may use the units
// meanwhile.
func (e *engine) hush() {
	if e.trusts() {
		return
	}
	us := e.units
	us.quiet = e.judge.growth.Load()
	for _, u := range us.of {
		for id := range u.limit.Load() {
			if u.steps.Has(id) {
				us.unquietSteps(u.steps.At(id))
			}
			if u.answers.Has(id) {
				us.unquietAnswers(u.answers.At(id))
			}
		}
	}
}

func (us *units) unquietSteps(at *uint64) {
	word := atomic.LoadUint64(at)
	if word&stepsLone != 0 {
		atomic.StoreUint64(at, word&^stepQuiet)
		return
	}
	count := stepCount(word)
	if count == 0 {
		return
	}
	for block := us.blocks.From(refOf(word)); count > 0; count-- {
		block[1] &^= stepQuiet
		block = block[2+block[1]:]
	}
}

func (us *units) unquietAnswers(r *answers) {
	r.first &^= answerQuiet
	for link := r.chain; link != 0; {
		run := us.chains.From(words.Ref(link))
		for i := range linkAnswers {
			run[i] &^= answerQuiet
		}
		link = run[linkAnswers]
	}
}
