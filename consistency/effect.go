package consistency

// Effect is what is known of an operation without knowing the state in which it takes effect. A search that is told of
// it has far less to try.
type Effect uint8

// The effects. The zero value claims nothing.
const (
	// Depends is any.
	Depends Effect = iota
	// Reads is that of an operation that changes nothing in each state in which it is answered so.
	Reads
	// Overwrites is that of an operation that is answered so in every state, and leads to the same state from each.
	Overwrites
)

// Effect of an operation on a [Register], for [WindowsConfig].
func (in RegisterInput[V]) Effect(out *RegisterOutput[V]) Effect {
	switch {
	case !in.Write:
		return Reads
	case out == nil || out.Answer == WriteOk:
		return Overwrites
	}
	return Depends
}
