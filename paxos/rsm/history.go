package rsm

import (
	"fmt"
	"io"
	"slices"

	"synod/actor"
	"synod/consistency"
)

// History is a history of client operations on a machine.
type History[O, R any] = consistency.History[O, R]

// Spec returns a machine as a sequential object: its behaviour if one client at a time uses it. A state is the bytes
// of its snapshot. An operation without an answer stays pending forever.
func Spec[S, O, R any](name string, m Machine[S, O, R]) consistency.Spec[string, O, R] {
	// A snapshot that fails is a bug in the machine; package consistency reports the panic to the caller.
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

// Linearizable returns an observer of the clients of a machine that requires their history to be linearizable: as if
// every command were executed at one moment between its request and its answer. A refused command was not executed,
// and is not part of the history.
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
		// A resent command is not an operation of its own.
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

// thread returns the sequential client of a command. Each command has its own, since a client may have several in
// flight. If the commands of one client follow one another, the history shows that anyway.
func thread(id ID) consistency.Client {
	return consistency.Client(uint64(id.Client)<<32 | uint64(id.Local))
}

// words returns the functions that describe histories of a machine.
func words[S, O, R any](m Machine[S, O, R]) consistency.Words[O, R] {
	shown := func(_ O, result R) string { return fmt.Sprintf("%v", result) }
	return consistency.Words[O, R]{
		Named: func(op consistency.Operation[O, R]) string {
			return fmt.Sprintf("client %d's %v", uint64(op.Client)>>32, op.In)
		},
		Answered: func(op consistency.Operation[O, R]) string { return "returns " + shown(op.In, op.Out) },
		Shown:    shown,
		// The answers after any single other operation, or none, are only some of those that might be allowed; those of
		// them that fit are used.
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
