package register

import (
	"io"

	"synod/actor"
	"synod/consistency"
)

// History is a history of register operations with their happens-before order.
type History = consistency.History[input, output]

// Linearizable observes clients and requires that their history is linearizable: as if each operation took effect at
// one moment between its invocation and its return. An operation is invoked when its client sends the request, and
// returns when the client accepts the reply. If the client crashes in between, the operation stays pending: it may
// take effect at any later time, or never.
func Linearizable() actor.Observer[Message, History] {
	return observer(consistency.Register(Value(0)), consistency.Got(Value(0)))
}

// LinearizableOnce is like Linearizable, for a register that is written once, refuses other values afterwards, and
// reports that it is unset by the value 0.
func LinearizableOnce() actor.Observer[Message, History] {
	return observer(consistency.WriteOnceRegister[Value](), consistency.Unset[Value]())
}

type (
	input  = consistency.RegisterInput[Value]
	output = consistency.RegisterOutput[Value]
)

// observer returns an observer for a kind of register; unset is the answer by which it reports that it is unset.
func observer[S any](spec consistency.Spec[S, input, output], unset output) actor.Observer[Message, History] {
	holds := func(h History) bool { return consistency.Linearizable(spec, h) }
	return actor.Observer[Message, History]{
		Name:    "linearizable",
		Sees:    seen,
		Next:    func(h History, e actor.Envelope[Message], _ actor.Passage) (History, error) { return next(h, e, unset) },
		Crash:   func(h History, id actor.ID) (History, error) { return h.Crash(consistency.Client(id)) },
		Holds:   holds,
		Tell:    words.Tell,
		Explain: func(path []History) []string { return words.Convict(holds, path) },
		Visualize: func(w io.Writer, h History) error {
			return consistency.Visualize(w, spec, h)
		},
	}
}

// seen reports whether a passage is a client event: a request when sent, a reply when the client accepts it.
func seen(e actor.Envelope[Message], p actor.Passage) bool {
	switch e.Message.(type) {
	case Put, Get:
		return p == actor.Sent
	case PutOk, PutFail, GetOk:
		return p == actor.Accepted
	case Expired: // The operation stays pending: it may have taken effect, or may still do so.
	}
	return false
}

// next records a client event.
func next(h History, e actor.Envelope[Message], unset output) (History, error) {
	switch m := e.Message.(type) {
	case Put:
		return invoke(h, consistency.Client(e.From), consistency.Write(m.Value))
	case Get:
		return invoke(h, consistency.Client(e.From), consistency.Read[Value]())
	case PutOk:
		return h.Return(consistency.Client(e.To), consistency.Wrote[Value]())
	case PutFail:
		return h.Return(consistency.Client(e.To), consistency.Refused[Value]())
	case GetOk:
		if m.Value == 0 {
			return h.Return(consistency.Client(e.To), unset)
		}
		return h.Return(consistency.Client(e.To), consistency.Got(m.Value))
	case Expired: // excluded by seen
	}
	return h, nil
}

// invoke records a request. A client has one outstanding request at a time, so the same request again is a resend and
// not another operation, unless the client crashed in between.
func invoke(h History, c consistency.Client, in input) (History, error) {
	if op, ok := h.Latest(c); ok && op.Pending && op.In == in {
		return h, nil
	}
	return h.Invoke(c, in)
}
