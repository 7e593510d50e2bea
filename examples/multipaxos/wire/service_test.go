package wire_test

import (
	"testing"

	"synod/consistency"
	"synod/consistency/oplog"
	"synod/examples/multipaxos/wire"
	"synod/paxos/rsm"
	"synod/spawn/service"
)

// seen is what clients see: calls of the store in words, and answers.
type seen struct {
	t      *testing.T
	events []oplog.Event
}

func (s *seen) call(process int64, words ...string) service.Call {
	s.t.Helper()
	c, err := wire.Store.Parse(words[0], words[1:])
	if err != nil {
		s.t.Fatal(err)
	}
	e := wire.Store.Invoked(c)
	e.Type, e.Process = oplog.Invoke, process
	s.events = append(s.events, e)
	return c
}

func (s *seen) answer(process int64, c service.Call, out rsm.StoreResult) {
	e := wire.Store.Told(c, out)
	e.Type, e.Process = oplog.Ok, process
	s.events = append(s.events, e)
}

func (s *seen) judged(want consistency.Outcome) {
	s.t.Helper()
	r, err := oplog.Check(s.t.Context(), oplog.History{Events: s.events}, wire.Store.Check())
	if err != nil || r.Outcome != want {
		s.t.Errorf("%v, %v; want %v", r.Outcome, err, want)
	}
}

// Histories of the store are judged by what each operation answers.
func TestJudged(t *testing.T) {
	for name, c := range map[string]struct {
		words []string
		out   rsm.StoreResult
		want  consistency.Outcome
	}{
		"a value":          {[]string{"get", "k"}, rsm.StoreResult{Found: true, Value: "a"}, consistency.Holds},
		"another value":    {[]string{"get", "k"}, rsm.StoreResult{Found: true, Value: "b"}, consistency.Violated},
		"no value":         {[]string{"get", "k"}, rsm.StoreResult{}, consistency.Violated},
		"another key":      {[]string{"get", "l"}, rsm.StoreResult{}, consistency.Holds},
		"removed":          {[]string{"delete", "k"}, rsm.StoreResult{Found: true, Value: "a"}, consistency.Holds},
		"removed another":  {[]string{"delete", "k"}, rsm.StoreResult{Found: true, Value: "b"}, consistency.Violated},
		"nothing removed":  {[]string{"delete", "k"}, rsm.StoreResult{}, consistency.Violated},
		"swapped":          {[]string{"cas", "k", "a", "b"}, rsm.StoreResult{Found: true, Value: "a", Done: true}, consistency.Holds},
		"not swapped":      {[]string{"cas", "k", "a", "b"}, rsm.StoreResult{Found: true, Value: "a"}, consistency.Violated},
		"swapped in vain":  {[]string{"cas", "k", "b", "c"}, rsm.StoreResult{Found: true, Value: "a", Done: true}, consistency.Violated},
		"rightly in vain":  {[]string{"cas", "k", "b", "c"}, rsm.StoreResult{Found: true, Value: "a"}, consistency.Holds},
		"a value put over": {[]string{"put", "k", "b"}, rsm.StoreResult{Found: true}, consistency.Holds},
	} {
		t.Run(name, func(t *testing.T) {
			s := &seen{t: t}
			s.answer(1, s.call(1, "put", "k", "a"), rsm.StoreResult{})
			s.answer(1, s.call(1, c.words...), c.out)
			s.judged(c.want)
		})
	}
}

// Hundreds of operations whose outcome nobody knows do not keep a history from being judged.
func TestJudgedUnknown(t *testing.T) {
	s := &seen{t: t}
	for i := range int64(300) {
		letter := string(rune('一' + i))
		switch i % 3 {
		case 0:
			s.call(10+i, "put", "k", letter)
		case 1:
			s.call(10+i, "cas", "k", "x", letter)
		case 2:
			s.call(10+i, "delete", "k")
		}
		s.answer(1, s.call(1, "put", "k", "x"), rsm.StoreResult{})
		s.answer(1, s.call(1, "get", "k"), rsm.StoreResult{Found: true, Value: "x"})
	}
	s.judged(consistency.Holds)
	s.answer(1, s.call(1, "get", "k"), rsm.StoreResult{Found: true, Value: "never put"})
	s.judged(consistency.Violated)
}
