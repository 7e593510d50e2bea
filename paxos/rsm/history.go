package rsm

import (
	"fmt"
	"io"
	"slices"

	"synod/actor"
	"synod/consistency"
)

// History is what clients of a machine asked and were told.
type History[O, R any] = consistency.History[O, R]

// Spec is a machine as a sequential object: what it does if one client at a time uses it. A state is the bytes of its
// snapshot. A machine that gives no answer to an operation has that operation pending for ever.
func Spec[S, O, R any](name string, m Machine[S, O, R]) consistency.Spec[string, O, R] {
	// Snapshots that cannot be made or read are a mistake of the machine, which package consistency tells the caller of.
	snapshot := func(state S) string {
		data, err := m.Snapshot(state)
		if err != nil {
			panic(err)
		}
		return string(data)
	}
	return consistency.Spec[string, O, R]{
		Name: name,
		Init: snapshot(m.New()),
		Step: func(held string, op O) (string, R) {
			state, err := m.Restore([]byte(held))
			if err != nil {
				panic(err)
			}
			next, result, _ := m.Execute(1, state, op)
			return snapshot(next), result
		},
	}
}

// Linearizable observes clients of a machine, and demands that what they see is linearizable: as if every command were
// executed at one moment between its request and its answer. A command that is refused was not executed, and is none of
// the operations.
func Linearizable[S, O, R any](name string, m Machine[S, O, R]) actor.Observer[Message, History[O, R]] {
	spec := Spec(name, m)
	holds := func(h History[O, R]) bool { return consistency.Linearizable(spec, h) }
	words := words(m)
	return actor.Observer[Message, History[O, R]]{
		Name:    "linearizable",
		Sees:    seen[O, R],
		Next:    next[O, R],
		Holds:   holds,
		Tell:    words.Tell,
		Explain: func(path []History[O, R]) []string { return words.Convict(holds, path) },
		Visualize: func(w io.Writer, h History[O, R]) error {
			return consistency.Visualize(w, spec, h)
		},
	}
}

// seen reports whether a passage is an event of a client: a request when it is sent, a reply when it is accepted.
func seen[O, R any](e actor.Envelope[Message], p actor.Passage) bool {
	switch m := e.Message.(type) {
	case Request[O]:
		return p == actor.Sent && !m.Command.End
	case Reply[R]:
		return p == actor.Accepted && m.Answer.Status == Executed
	}
	return false
}

func next[O, R any](h History[O, R], e actor.Envelope[Message], _ actor.Passage) (History[O, R], error) {
	switch m := e.Message.(type) {
	case Request[O]:
		// A command that is sent again is no operation of its own.
		c := thread(m.Command.ID)
		if slices.Contains(slices.Collect(h.Clients()), c) {
			return h, nil
		}
		return h.Invoke(c, m.Command.Op)
	case Reply[R]:
		c := thread(m.Answer.ID)
		if !h.Pending(c) {
			return h, nil // the answer to the end of a session
		}
		return h.Return(c, m.Answer.Result)
	}
	return h, nil
}

// thread names the sequential client that a command is of: each command is one of its own, as a client may have several
// in flight. That those of one client follow one another is in the history all the same, if they do.
func thread(id ID) consistency.Client {
	return consistency.Client(uint64(id.Client)<<32 | uint64(id.Local))
}

// words are how histories of a machine are told.
func words[S, O, R any](m Machine[S, O, R]) consistency.Words[O, R] {
	shown := func(_ O, result R) string { return fmt.Sprintf("%v", result) }
	return consistency.Words[O, R]{
		Named: func(op consistency.Operation[O, R]) string {
			return fmt.Sprintf("client %d's %v", uint64(op.Client)>>32, op.In)
		},
		Answered: func(op consistency.Operation[O, R]) string { return "returns " + shown(op.In, op.Out) },
		Shown:    shown,
		// What the machine answers after any one of the other operations, or none, are few of all answers that might be
		// allowed; those that are tried and fit are.
		Answers: func(before History[O, R], op consistency.Operation[O, R]) []R {
			_, result, _ := m.Execute(1, m.New(), op.In)
			all := []R{result}
			for other := range before.Operations() {
				state, _, _ := m.Execute(1, m.New(), other.In)
				_, result, _ := m.Execute(2, state, op.In)
				all = append(all, result)
			}
			return all
		},
	}
}
