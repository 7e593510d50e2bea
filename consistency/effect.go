package consistency

// Effect is what is known about an operation independently of the state in which it takes effect. It reduces the
// search considerably.
type Effect uint8

// The effects. The zero value asserts nothing.
const (
	// Depends means that nothing is known.
	Depends Effect = iota
	// Reads is the effect of an operation that, in every state in which it gets its answer, leaves the state unchanged.
	Reads
	// Overwrites is the effect of an operation that gets its answer in every state, and always leads to the same state.
	Overwrites
)

// Effect returns the effect of an operation on a [Register], for [WindowsConfig].
func (in RegisterInput[V]) Effect(out *RegisterOutput[V]) Effect {
	switch {
	case !in.Write:
		return Reads
	case out == nil || out.Answer == WriteOk:
		return Overwrites
	}
	return Depends
}
