package oplog

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"synod/consistency"
)

// written returns what a writer makes of events, and what is read of that.
func written(t *testing.T, h Header, events []Event) (string, History) {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, h, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if err := w.Write(e); err != nil {
			t.Fatalf("%+v: %v", e, err)
		}
	}
	text := b.String()
	got, err := Load(&b, ReadConfig{})
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return text, got
}

func TestFormat(t *testing.T) {
	events := []Event{
		{Type: Invoke, Process: 3, Time: 10, Op: Write, Key: Text("x"), Value: Text("A")},
		{Type: Invoke, Process: 4, Time: 11, Op: Read, Key: Text("x")},
		{Type: Ok, Process: 3, Time: 12},
		{Type: Ok, Process: 4, Time: 13, Told: true, Value: Text("A\n\"\u2028é")},
		{Type: Unknown, Process: 5, Time: 14},
		{Type: Ok, Process: 5, Time: 15, Refused: true},
		{Type: Ok, Process: 5, Time: 15, Told: true, List: []Value{Number(-7), Truth(true), None}},
		{Type: Ok, Process: 5, Time: 15, Told: true, List: []Value{}},
		{Type: Fail, Process: 6, Time: 16, Op: Remove},
		{Type: Ok, Process: 6, Time: 16, Told: true},
	}
	text, got := written(t, Header{Spec: Register, Initial: Number(0), About: "a test"}, events)
	want := strings.Join([]string{
		`{"format":"synod.history/1","spec":"register","initial":0,"about":"a test"}`,
		`{"type":"invoke","process":3,"time":10,"op":"write","key":"x","value":"A"}`,
		`{"type":"invoke","process":4,"time":11,"op":"read","key":"x"}`,
		`{"type":"ok","process":3,"time":12}`,
		`{"type":"ok","process":4,"time":13,"value":"A\n\"\u2028é"}`,
		`{"type":"unknown","process":5,"time":14}`,
		`{"type":"ok","process":5,"time":15,"refused":true}`,
		`{"type":"ok","process":5,"time":15,"value":[-7,true,null]}`,
		`{"type":"ok","process":5,"time":15,"value":[]}`,
		`{"type":"fail","process":6,"time":16,"op":"remove"}`,
		`{"type":"ok","process":6,"time":16,"value":null}`,
	}, "\n") + "\n"
	if text != want {
		t.Errorf("written\n%s\nwant\n%s", text, want)
	}
	for i := range events {
		events[i].Line = i + 2
	}
	if !reflect.DeepEqual(got.Events, events) || got.Header != (Header{Register, Number(0), "a test"}) || got.Torn != 0 {
		t.Errorf("read\n%+v\nwant\n%+v", got, events)
	}
}

func TestRefusedLines(t *testing.T) {
	const head = `{"format":"synod.history/1","spec":"kv"}` + "\n"
	tests := []struct {
		line, want string
	}{
		{`{"type":"invoke"`, "not a JSON object"},
		{`[]`, "not a JSON object"},
		{``, "not a JSON object"},
		{`{"type":"begin","process":1}`, `type "begin": expected invoke, ok, fail or unknown`},
		{`{"process":1,"op":"read"}`, "event without type"},
		{`{"type":"invoke","process":1}`, "an invocation without operation"},
		{`{"type":"invoke","process":1,"op":"swap"}`, `operation "swap": expected one of read, write`},
		{`{"type":"invoke","process":1,"op":"cas","value":[1]}`, "cas: the value must be [OLD, NEW]"},
		{`{"type":"invoke","process":-1,"op":"read"}`, "process -1: expected a whole number, 0 or more"},
		{`{"type":"invoke","process":1.5,"op":"read"}`, "process 1.5: expected a whole number"},
		{`{"type":"invoke","process":1,"op":"read","value":{}}`, "expected a string, a whole number, true, false or null"},
		{`{"type":"invoke","process":1,"op":"write","value":1.5}`, "number 1.5: expected a whole number"},
		{`{"type":"invoke","process":1,"op":"write","value":[[1]]}`, "expected a string, a whole number"},
		{`{"type":"invoke","process":1,"op":"read","Key":"x"}`, `field "Key": expected type, process`},
		{`{"type":"ok","process":1,"type":"ok"}`, `duplicate field "type"`},
		{`{"type":"ok","process":1,"refused":1}`, "refused: expected true or false"},
		{`{"type":"fail","process":1,"refused":true}`, "fail must have no answer"},
		{"{\"type\":\"ok\xff\",\"process\":1}", "not UTF-8"},
		{`{"type":"ok","process":99999999999999999999}`, "expected a whole number, 0 or more"},
	}
	for _, tt := range tests {
		h, err := Load(strings.NewReader(head+`{"type":"invoke","process":1,"op":"read","key":"k"}`+"\n"+tt.line+"\n"), ReadConfig{})
		var line *LineError
		if !errors.As(err, &line) || line.Line != 3 || !strings.Contains(err.Error(), tt.want) || len(h.Events) != 1 {
			t.Errorf("%s: %v after %d events, want %q", tt.line, err, len(h.Events), tt.want)
		}
	}
	for _, text := range []string{
		"", "PK", "42", `{"format":"synod.history/2"}`, `{"form`, `{"format":"synod.history/1","spec":"queue"}`, `{"type":"ok"}`,
	} {
		if _, err := Load(strings.NewReader(text), ReadConfig{}); !errors.Is(err, ErrNoHistory) {
			t.Errorf("%q: %v, want no history", text, err)
		}
	}
}

// A process that was killed leaves an unfinished last line.
func TestTornLine(t *testing.T) {
	text, _ := written(t, Header{Spec: Register}, []Event{
		{Type: Invoke, Op: Write, Value: Text("A")}, {Type: Ok}, {Type: Invoke, Op: Read}, {Type: Ok, Told: true},
	})
	last := strings.LastIndex(text[:len(text)-1], "\n") + 1
	for cut := last + 1; cut < len(text); cut++ {
		h, err := Load(strings.NewReader(text[:cut]), ReadConfig{})
		whole := cut == len(text)-1
		if err != nil || len(h.Events) != 3 && !whole || whole && (len(h.Events) != 4 || h.Torn > 0) || !whole && h.Torn != cut-last {
			t.Fatalf("cut at %d: %d events, %d bytes torn, %v", cut, len(h.Events), h.Torn, err)
		}
	}
}

func TestWriterIsSafe(t *testing.T) {
	var b bytes.Buffer
	var clock time.Duration
	w, err := NewWriter(&b, Header{Spec: Register}, func() time.Duration { clock++; return clock })
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for p := range 8 {
		all.Go(func() {
			for range 50 {
				if err := errors.Join(
					w.Write(Event{Type: Invoke, Process: int64(p), Op: Write, Value: Number(int64(p))}),
					w.Write(Event{Type: Ok, Process: int64(p)}),
				); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	h, err := Load(&b, ReadConfig{})
	if err != nil || len(h.Events) != 800 {
		t.Fatalf("%d events, %v", len(h.Events), err)
	}
	for i, e := range h.Events {
		if e.Time != time.Duration(i+1) {
			t.Fatalf("event %d has time %d", i, e.Time)
		}
	}
	if r, err := Check(t.Context(), h, Config{Spec: Register}); err != nil || r.Outcome != consistency.Holds {
		t.Errorf("%v, %v", r.Outcome, err)
	}
}

// limited fails after so many writes.
type limited int

func (l *limited) Write(p []byte) (int, error) {
	if *l--; *l < 0 {
		return 0, errors.New("the disk is full")
	}
	return len(p), nil
}

func TestWriterStopsAtAnError(t *testing.T) {
	out := limited(2)
	w, err := NewWriter(&out, Header{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := Event{Type: Invoke, Op: Read}
	first, second, third := w.Write(e), w.Write(e), w.Write(e)
	if first != nil || second == nil || third == nil || !strings.Contains(third.Error(), "disk is full") || out != -1 {
		t.Errorf("%v, %v, %v", first, second, third)
	}
	if err := w.Write(Event{Type: Ok, Process: -1}); err == nil {
		t.Error("a negative process was written")
	}
}

const jepsenText = `{:type :invoke, :f :write, :value [0 3], :process 0, :time 100, :index 0}
{:process :nemesis, :type :info, :f :start-partition, :value [:isolated {"n1" #{"n2"}}], :index 1, :time 5}
#jepsen.history.Op{:index 2, :time 200, :type :invoke, :process 1, :f :read, :value [0 nil]}
; a comment
{:type :ok, :f :write, :value [0 3], :process 0, :time 300, :index 3}
{:type :ok :f :read :value [0 3] :process 1 :time 400 :error #object[java.lang.Foo 0x12 "x"] :index 4}
#_{:type :bad}
{:type :invoke, :f :write, :value [1 4], :process 2, :time 500,
 :error [:timeout "took \"long\"" \newline #"a.*b" #inst "2020-01-01" ^{:a 1} [##NaN 1.5M 22N]]}
{:type :info, :f :write, :value [1 4], :process 2, :time 600}
`

func TestJepsen(t *testing.T) {
	want := []Event{
		{Type: Invoke, Op: Write, Key: "0", Value: "3", Process: 0, Time: 100, Line: 1},
		{Type: Invoke, Op: Read, Key: "0", Process: 1, Time: 200, Line: 3},
		{Type: Ok, Op: Write, Key: "0", Process: 0, Time: 300, Line: 5},
		{Type: Ok, Op: Read, Key: "0", Process: 1, Time: 400, Told: true, Value: "3", Line: 6},
		{Type: Invoke, Op: Write, Key: "1", Value: "4", Process: 2, Time: 500, Line: 8},
		{Type: Unknown, Op: Write, Key: "1", Process: 2, Time: 600, Line: 10},
	}
	for _, text := range []string{jepsenText, "[" + jepsenText + "]", "(" + jepsenText + ")\n"} {
		h, err := Load(strings.NewReader(text), ReadConfig{Spec: Register})
		if err != nil || !reflect.DeepEqual(h.Events, want) || h.Format != "edn" {
			t.Fatalf("%v\n%+v\nwant\n%+v", err, h.Events, want)
		}
		r, err := Check(t.Context(), h, Config{Spec: Register})
		if err != nil || r.Outcome != consistency.Holds || r.Counts.Keys != 2 || r.Counts.Unknown != 1 {
			t.Errorf("%+v, %v", r, err)
		}
	}
}

func TestJepsenRefused(t *testing.T) {
	tests := []struct {
		spec       Spec
		text, want string
		line       int
	}{
		{Register, "{:type :invoke, :f :swap, :value [1 2], :process 0}", ":f :swap: operation \"swap\"", 1},
		{Register, "{:type :invoke, :f :cas, :value 1, :process 0}", ":f :cas: the value must be [OLD NEW]", 1},
		{Register, "{:type :invoke, :f :txn, :value [[:r 1 nil]], :process 0}", ":f :txn: a transaction", 1},
		{WriteOnce, "{:type :invoke, :f :cas, :value [1 2], :process 0}", "a write-once has no operation cas; use read, write", 1},
		{Register, "{:type :invoke, :f :read, :value nil, :register 3, :process 0}", ":register is unknown", 1},
		{Register, "{:type :invoke, :f :read, :f :read, :value nil, :process 0}", ":f is a duplicate", 1},
		{Register, "{:type :invoke, \"f\" :read, :value nil, :process 0}", "must be a keyword", 1},
		{Register, "{:type :invoke, :f :read, :value nil, :time :now, :process 0}", ":time now: must be a whole number of nanoseconds", 1},
		{Register, "\n{:type :invoke, :f :append, :value 1, :process 0}", "a register has no operation append; use read, write, cas", 2},
		{Register, ";\n{:type :invoke, :f :append, :value 1, :process 0}", "a register has no operation append; use read, write, cas", 2},
		{Register, "{:type :invoke, :f :read", "the form is incomplete", 1},
		{Register, "[{:type :invoke, :f :read :process 0}", "the form is incomplete", 1},
		{Register, "{:type :invoke, :f :read, :process}", "a key that has no value", 1},
		{Register, "[[1 2]]", "not a map", 1},
		{Register, "[1 2]", "not a map", 1},
		{Register, "{:type :invoke, :f :write, :value 1.5, :process 0}", "1.5: expected a text", 1},
		{Register, "{:type :invoke, :f :write, :value {1 2}, :process 0}", "must not be a collection", 1},
		{Register, "{:type :what, :f :write, :value 1, :process 0}", `type "what"`, 1},
		{Register, "{:type :invoke, :f :write, :value 1}", ":process must be a number", 1},
		{Register, "{:type :invoke, :f :write, :value 1, :process 0}}", `'}' without its beginning`, 1},
		{Register, "{:type :ok :f :read :value nil :process 0} " + strings.Repeat("[", 1000), "levels of nesting", 1},
		{"", "{:type :invoke}", "name a specification", 0},
	}
	for _, tt := range tests {
		_, err := Load(strings.NewReader(tt.text), ReadConfig{Spec: tt.spec})
		var line *LineError
		if err == nil || !strings.Contains(err.Error(), tt.want) || errors.As(err, &line) != (tt.line > 0) ||
			tt.line > 0 && line.Line != tt.line {
			t.Errorf("%s: %v, want line %d: %q", tt.text, err, tt.line, tt.want)
		}
	}
}

// op is an operation that a test writes down as one.
func done(p int64, op Op, value Value, answer Event) []Event {
	answer.Type, answer.Process = Ok, p
	return []Event{{Type: Invoke, Process: p, Op: op, Value: value}, answer}
}

func told(v Value) Event      { return Event{Told: true, Value: v} }
func listed(v ...Value) Event { return Event{Told: true, List: v} }
func lost(p int64, op Op, v Value) []Event {
	return []Event{{Type: Invoke, Process: p, Op: op, Value: v}, {Type: Unknown, Process: p}}
}

func TestObjects(t *testing.T) {
	a, b := Text("A"), Text("B")
	type ops = [][]Event
	tests := []struct {
		name string
		spec Spec
		ops  ops
		want consistency.Outcome
	}{
		{"a register holds nothing at first", Register, ops{done(1, Read, None, told(None))}, consistency.Holds},
		{"what was written is read", Register, ops{done(1, Write, a, Event{}), done(2, Read, None, told(a))}, consistency.Holds},
		{"what was written is lost", Register, ops{done(1, Write, a, Event{}), done(2, Read, None, told(None))}, consistency.Violated},
		{
			"an unknown write shows twice", Register,
			ops{
				lost(9, Write, a), done(1, Read, None, told(a)), done(1, Write, b, Event{}), done(1, Read, None, told(b)),
				done(1, Read, None, told(a)),
			},
			consistency.Violated,
		},
		{"a delete is no operation of the log", Log, ops{
			done(1, Append, a, told("1")), done(1, Append, b, told("2")),
			done(2, Read, None, listed(a, b)),
		}, consistency.Holds},
		{"two unknown appends", Log, ops{
			lost(8, Append, b), lost(9, Append, a), done(1, Append, a, told("3")),
			done(2, Read, None, listed(b, a, a)),
		}, consistency.Holds},
		{"an append that nobody made", Log, ops{lost(9, Append, a), done(1, Append, a, told("3"))}, consistency.Violated},
		{"a read in the wrong order", Log, ops{
			done(1, Append, a, Event{}), done(1, Append, b, Event{}),
			done(2, Read, None, listed(b, a)),
		}, consistency.Violated},
		{"the first one stays", WriteOnce, ops{
			done(1, Write, a, Event{}), done(1, Write, b, Event{Refused: true}),
			done(1, Write, a, Event{}), done(2, Read, None, told(a)),
		}, consistency.Holds},
		{"refused for no reason", WriteOnce, ops{done(1, Write, b, Event{Refused: true})}, consistency.Violated},
		{"refused for an unknown one", WriteOnce, ops{
			lost(9, Write, a), done(1, Write, b, Event{Refused: true}),
			done(2, Read, None, told(a)),
		}, consistency.Holds},
		{"refused for its own value", WriteOnce, ops{lost(9, Write, a), done(1, Write, a, Event{Refused: true})}, consistency.Violated},
		{"an element is added once", Set, ops{
			done(1, Add, a, told("false")), done(1, Add, a, told("true")),
			done(1, Contains, b, told("false")), done(1, Remove, a, told("true")),
		}, consistency.Holds},
		{"an element that was removed", Set, ops{
			done(1, Add, a, Event{}), done(1, Remove, a, Event{}),
			done(1, Contains, a, told("true")),
		}, consistency.Violated},
		{"an unknown removal", Set, ops{
			done(1, Add, a, Event{}), lost(9, Remove, a),
			done(1, Contains, a, told("true")), done(1, Contains, a, told("false")),
		}, consistency.Holds},
		{"all of a set", Set, ops{
			done(1, Add, b, Event{}), lost(9, Add, a), done(2, Read, None, listed(b)),
			done(2, Read, None, listed(b, a)),
		}, consistency.Holds},
		{"a set that forgets", Set, ops{done(1, Add, b, Event{}), done(2, Read, None, listed())}, consistency.Violated},
	}
	for _, tt := range tests {
		var h History
		for _, op := range tt.ops {
			h.Events = append(h.Events, op...)
		}
		for _, check := range []func() (Result, error){
			func() (Result, error) { return Check(t.Context(), h, Config{Spec: tt.spec}) },
			func() (Result, error) { return CheckSequential(t.Context(), h, Config{Spec: tt.spec}) },
		} {
			r, err := check()
			sequential := err == nil && r.Counts.Windows == 0 && r.Outcome == consistency.Holds // may be stale between processes
			if err != nil || r.Outcome != tt.want && !sequential {
				t.Errorf("%s: %v, %v; want %v", tt.name, r.Outcome, err, tt.want)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	events := func(second Value) []Event {
		return []Event{
			{Type: Invoke, Process: 1, Op: Write, Key: Text("x"), Value: "1"},
			{Type: Ok, Process: 1},
			{Type: Invoke, Process: 1, Op: Delete, Key: Text("x")},
			{Type: Ok, Process: 1, Told: true, Value: "1"},
			{Type: Invoke, Process: 2, Op: Read, Key: Text("y")},
			{Type: Ok, Process: 2, Told: true, Value: second},
			{Type: Invoke, Process: 2, Op: Read, Key: Text("x")},
			{Type: Ok, Process: 2, Told: true},
		}
	}
	r, err := Check(t.Context(), History{Events: events(None)}, Config{Spec: KV})
	if err != nil || r.Outcome != consistency.Holds || r.Counts.Keys != 2 || r.Counts.Acknowledged != 4 {
		t.Errorf("%+v, %v", r, err)
	}
	r, err = Check(t.Context(), History{Events: events("1")}, Config{Spec: KV})
	if err != nil || r.Outcome != consistency.Violated || len(r.Findings) != 1 || r.Findings[0].Key != Text("y") {
		t.Errorf("%+v, %v", r, err)
	}
}

// Each key alone is sequentially consistent here, and all of it is not: sequential consistency is not local.
func TestSequentialTakesKeysTogether(t *testing.T) {
	var events []Event
	for _, p := range []struct {
		id          int64
		writes, see Value
	}{{1, Text("x"), Text("y")}, {2, Text("y"), Text("x")}} {
		events = append(events,
			Event{Type: Invoke, Process: p.id, Op: Write, Key: p.writes, Value: "1"}, Event{Type: Ok, Process: p.id},
			Event{Type: Invoke, Process: p.id, Op: Read, Key: p.see}, Event{Type: Ok, Process: p.id, Told: true})
	}
	r, err := CheckSequential(t.Context(), History{Events: events}, Config{Spec: Register})
	if err != nil || r.Outcome != consistency.Violated {
		t.Errorf("both: %v, %v", r.Outcome, err)
	}
	for _, key := range []Value{Text("x"), Text("y")} {
		var one []Event
		for i, e := range events {
			if e.Key == key || e.Type == Ok && events[i-1].Key == key {
				one = append(one, e)
			}
		}
		r, err := CheckSequential(t.Context(), History{Events: one}, Config{Spec: Register})
		if err != nil || r.Outcome != consistency.Holds {
			t.Errorf("%v: %v, %v", key, r.Outcome, err)
		}
	}
}

// A history that is much too long to be checked at once is given up at once.
func TestLongSequences(t *testing.T) {
	began := time.Now()
	events := make([]Event, 0, 100_000)
	for len(events) < cap(events) {
		events = append(events, Event{Type: Invoke, Op: Write, Value: "1"}, Event{Type: Ok})
	}
	r, err := CheckSequential(t.Context(), History{Events: events}, Config{Spec: Register, MaxMemory: 100 << 20})
	if err != nil || r.Outcome != consistency.Undecided || !strings.Contains(r.Reason, "more than 100 MB") {
		t.Errorf("%v, %q, %v", r.Outcome, r.Reason, err)
	}
	if r.Counts.Acknowledged != len(events)/2 {
		t.Errorf("%+v", r.Counts)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

// Anyone who interrupts a check is told so, and not that the time was up.
func TestInterrupted(t *testing.T) {
	h := History{Events: []Event{{Type: Invoke, Op: Write, Value: "1"}, {Type: Ok}}}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	told, tell := context.WithCancelCause(t.Context()) // by somebody who knows that it has taken too long
	tell(context.DeadlineExceeded)
	for _, check := range []func(context.Context, History, Config) (Result, error){Check, CheckSequential} {
		for ctx, want := range map[context.Context]string{interrupted: "interrupted", late: "the time was up", told: "the time was up"} {
			r, err := check(ctx, h, Config{Spec: Register})
			if err != nil || r.Outcome != consistency.Undecided || !strings.Contains(r.Reason, want) {
				t.Errorf("%v, %q, %v; want %q", r.Outcome, r.Reason, err, want)
			}
		}
	}
}

func TestImpossibleEvents(t *testing.T) {
	tests := []struct {
		spec   Spec
		events []Event
		want   string
	}{
		{Register, []Event{{Type: Ok}}, "no operation is outstanding"},
		{Register, []Event{{Type: Invoke, Op: Read}, {Type: Invoke, Op: Read}}, "is outstanding"},
		{Register, []Event{{Type: Invoke, Op: Append}}, "a register has no operation append; use read, write, cas"},
		{Register, []Event{{Type: Invoke, Op: Read}, {Type: Ok}}, "read without a result"},
		{Register, []Event{{Type: Invoke, Op: Read}, {Type: Ok, Op: Write}}, "write ends, but read was invoked"},
		{Register, []Event{{Type: Invoke, Op: Read}, {Type: Ok, Key: "1"}}, "but read was invoked with key none"},
		{Register, []Event{{Type: Invoke, Op: Read}, {Type: Ok, Told: true, List: []Value{}}}, "must be one value"},
		{Register, []Event{{Type: Invoke, Op: Write, Value: "1"}, {Type: Ok, Refused: true}}, "never refused"},
		{KV, []Event{{Type: Invoke, Op: Read}}, "read without a key"},
		{Log, []Event{{Type: Invoke, Op: Append, Value: "1"}, {Type: Ok, Told: true, Value: "0"}}, "must be the position"},
		{Log, []Event{{Type: Invoke, Op: Read}, {Type: Ok, Told: true, Value: "0"}}, "must be a list"},
		{Set, []Event{{Type: Invoke, Op: Add, Value: "1"}, {Type: Ok, Told: true, Value: "0"}}, "must be true or false"},
		{WriteOnce, []Event{{Type: Invoke, Op: Write}}, "write of null"},
	}
	for _, tt := range tests {
		for i := range tt.events {
			tt.events[i].Line = i + 2
		}
		h := History{Events: tt.events}
		_, first := Check(t.Context(), h, Config{Spec: tt.spec})
		_, second := CheckSequential(t.Context(), h, Config{Spec: tt.spec})
		for _, err := range []error{first, second} {
			var line *LineError
			if !errors.As(err, &line) || line.Line != len(tt.events)+1 || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%+v: %v, want %q", tt.events, err, tt.want)
			}
		}
	}
}

// A search that was stopped says nothing: what is blamed is the first answer that no order explains, or nobody.
func TestStoppedExplanation(t *testing.T) {
	var h History
	for range 3 {
		h.Events = append(h.Events, done(1, Write, "1", Event{})...)
		h.Events = append(h.Events, Event{Type: Invoke, Process: 2, Op: Write, Value: "2"})
		h.Events = append(h.Events, done(3, Read, None, told("1"))...)
		h.Events = append(h.Events, done(3, Read, None, told("2"))...)
		h.Events = append(h.Events, done(4, Read, None, told("1"))...)
		h.Events = append(h.Events, Event{Type: Ok, Process: 2})
	}
	for i := range h.Events {
		h.Events[i].Line = i + 2
	}
	r, err := Check(t.Context(), h, Config{Spec: Register})
	if err != nil || r.Outcome != consistency.Violated || len(r.Findings) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if f := r.Findings[0]; f.Found || f.Explained > 0 || !strings.Contains(f.String(), "was not found in time") {
		t.Errorf("before it is explained: %v", f)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if r.Explain(stopped); r.Findings[0].Found {
		t.Errorf("nobody looked, and %v is blamed", r.Findings[0].Last)
	}
	if r.Explain(t.Context()); !r.Findings[0].Found || r.Findings[0].Last.Returned != 10 || len(r.Findings[0].States) == 0 {
		t.Errorf("%v", r.Findings[0])
	}
}
