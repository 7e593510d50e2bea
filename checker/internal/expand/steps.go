package expand

import (
	"sync/atomic"

	"synod/internal/words"
	"synod/model/statespace"
)

// The steps of an id are encoded in a word: a flag that they are known, their number, and the Ref of a block. The
// block contains, for every step, the next id, the number of effects, and the effects. A lone step of at most two
// effects with small numbers needs no block: the word contains the next id, and above it the effects, plus one.
const (
	stepsKnown   = 1 << 63
	Lone         = 1 << 62
	LoneEffect   = 15 // bits
	stepsShift   = 44
	stepsRefMask = 1<<stepsShift - 1
	MaxSteps     = 1<<18 - 1
)

// publish stores steps where the hot loop finds them, and returns their word.
func (us *Units) publish(at *uint64, block []uint32, count uint64) uint64 {
	word := stepsKnown | count<<stepsShift
	switch {
	case count == 1 && !us.Ranked && us.Just == nil && isLone(block[1:]):
		lone := uint64(block[0])
		for i, effect := range block[2:] {
			lone |= uint64(effect+1) << (32 + LoneEffect*i)
		}
		word = stepsKnown | Lone | lone
	case count > 0:
		ref, run := us.blocks.Reserve(len(block))
		copy(run, block)
		word |= uint64(ref)
	}
	atomic.StoreUint64(at, word)
	return word
}

// StepAt returns the block of a word of steps from step n on, or what follows the last step. The word must not be
// that of a lone step.
func (us *Units) StepAt(word uint64, n int) []uint32 {
	block := us.blocks.From(refOf(word))
	for ; n > 0; n-- {
		block = block[2+block[1]:]
	}
	return block
}

// isLone reports whether the effects of a step, after their number, fit into its word.
func isLone(effects []uint32) bool {
	for _, effect := range effects[1:] {
		if effect+1 >= 1<<LoneEffect {
			return false
		}
	}
	return effects[0] <= 2
}

// LoneEffects returns the effects of a lone step, plus one, packed with the first one in the low bits.
func LoneEffects(word uint64) uint64 { return word &^ (stepsKnown | Lone) >> 32 }

// refOf returns the Ref in a word of steps.
func refOf(word uint64) words.Ref { return words.Ref(word & stepsRefMask) }

// Block returns the block of a word of steps that has one.
func (us *Units) Block(word uint64) []uint32 { return us.blocks.From(refOf(word)) }

// HasBlock reports whether a word of steps has a block.
func HasBlock(word uint64) bool { return word&stepsRefMask != 0 && word&Lone == 0 }

// StepCount returns the number of steps in a word.
func StepCount(word uint64) int {
	if word&Lone != 0 {
		return 1
	}
	return int(word &^ stepsKnown >> stepsShift)
}

// hasRanks reports whether steps of a space may have ranks other than 0.
func hasRanks(space statespace.Space) bool {
	r, ok := space.(statespace.Ranked)
	return ok && r.Ranked()
}

// RanksOf appends the ranks of the steps in a word, in order.
func (us *Units) RanksOf(word uint64, into []int32) []int32 {
	count := StepCount(word)
	if count == 0 {
		return into
	}
	block := us.StepAt(word, count)
	for _, rank := range block[:count] {
		into = append(into, int32(rank))
	}
	return into
}

// justOf returns the labels of a space's steps, or nil if its paths need not be fair.
func justOf(space statespace.Space) statespace.Just {
	if j, ok := space.(statespace.Just); ok && len(j.Fairness()) > 0 {
		return j
	}
	return nil
}
