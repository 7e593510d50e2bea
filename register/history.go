package register

import (
	"io"

	"synod/actor"
	"synod/consistency"
)

// History is what clients of a register asked and were told, as a happens-before order.
type History = consistency.History[input, output]

// Linearizable observes clients, and demands that what they see is linearizable: as if every operation happened at one
// moment between its invocation and its return. An operation is invoked when its client sends the request, and returns
// when it accepts the reply. An operation of a client that crashes meanwhile is pending for ever: it may take effect at any
// later time, or never.
func Linearizable() actor.Observer[Message, History] {
	return observer(consistency.Register(Value(0)), consistency.Got(Value(0)))
}

// LinearizableOnce does so for a register that is written once, refuses other values afterwards, and says that it is
// unset by the value 0.
func LinearizableOnce() actor.Observer[Message, History] {
	return observer(consistency.WriteOnceRegister[Value](), consistency.Unset[Value]())
}

type (
	input  = consistency.RegisterInput[Value]
	output = consistency.RegisterOutput[Value]
)

// observer builds an observer for a kind of register, which says that it is unset in its own way.
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

// seen reports which passages are events of a client: its requests when sent, replies when it accepts them.
func seen(e actor.Envelope[Message], p actor.Passage) bool {
	switch e.Message.(type) {
	case Put, Get:
		return p == actor.Sent
	case PutOk, PutFail, GetOk:
		return p == actor.Accepted
	case Expired: // The operation stays pending: it may have been done, or be done yet.
	}
	return false
}

// next notes the event of a client.
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
	case Expired: // seen does not see it.
	}
	return h, nil
}

// invoke notes a request. A client asks for nothing else before it has its answer, so the same again is the request that
// was sent already, and no operation of its own, unless it crashed in between.
func invoke(h History, c consistency.Client, in input) (History, error) {
	if op, ok := h.Latest(c); ok && op.Pending && op.In == in {
		return h, nil
	}
	return h.Invoke(c, in)
}
