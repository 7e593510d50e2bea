package consistency

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"
)

// ErrPending is returned by Invoke if the client's previous operation has not returned: a client has at most one
// outstanding operation.
var ErrPending = errors.New("an operation is pending")

// ErrNotPending is returned by Return if the client has no outstanding operation.
var ErrNotPending = errors.New("no operation is pending")

// Client identifies a sequential client by any number; histories list clients in ascending order. After a crash (see
// [History.Crash]), the operations of a client belong to another Client.
type Client uint64

// The number of a client that crashed during an operation is below lifeOne. Its later operations form a separate
// line, of a client whose number is greater by lifeOne, and so on after each further such crash.
const lifeOne Client = 1 << 48

// Name returns "client" and its number, and how often it crashed during an operation.
func (c Client) Name() string {
	if c < lifeOne || c/lifeOne >= maxLives {
		return fmt.Sprintf("client %d", uint64(c))
	}
	return fmt.Sprintf("client %d after crash %d", uint64(c%lifeOne), uint64(c/lifeOne))
}

// maxLives bounds how often a client can crash during an operation. Greater numbers belong to clients that never do.
const maxLives = 1 << 15

// Event is one step of a client: the invocation of an operation, or its return.
type Event[I, O any] struct {
	Client Client
	Invoke bool // an invocation with In; otherwise a return with Out
	In     I    // the input of an invocation; ignored for a return
	Out    O    // the output of a return; ignored for an invocation
}

// History is the happens-before order of the operations of some clients. Each operation records how many operations
// of every other client had returned when it was invoked, which determines the order: an operation precedes another
// if and only if both are of one client and it is the earlier one, or the other's record includes its return.
//
// The zero value is the empty history. A History is immutable: Invoke, Return and Advance return a new one and leave
// the receiver unchanged. The two share structure, so a new one takes space proportional to the number of clients and
// to the length of the one that moved. Equal histories have equal structure (reflect.DeepEqual), whatever
// interleaving they came from. Histories can be made in no other way, so each History is that of a real interleaving.
//
// Inputs and outputs are stored as passed: do not change what they point to.
type History[I, O any] struct {
	lines []line[I, O] // ascending by client; nil if there is none
}

// ProgramOrder is a history without happens-before between clients: it has each client's operations, in their order.
// This is all that sequential consistency depends on, and more executions are equal under it. Otherwise it is like
// [History].
type ProgramOrder[I, O any] struct {
	lines []line[I, O] // as in History, without knowledge of other clients
}

// line is the sequence of one client's operations, of which only the last can be pending. It is empty for a client
// that crashed during an operation and has invoked nothing since.
type line[I, O any] struct {
	client  Client
	entries []entry[I, O]
}

// entry is one operation. It is immutable once it is reachable from a history.
type entry[I, O any] struct {
	in      I
	out     O // zero while pending, so that equal entries have equal structure
	pending bool
	knew    []knowledge // ascending by client, excluding the operation's own; nil if empty
}

// knowledge is the number of operations of a client that had returned, at least one.
type knowledge struct {
	client   Client
	returned int
}

// Invoke returns the history after client c invokes an operation. It returns an error wrapping [ErrPending] if c's
// previous operation has not returned.
func (h History[I, O]) Invoke(c Client, in I) (History[I, O], error) {
	lines, err := invoke(h.lines, c, entry[I, O]{in: in, pending: true, knew: returns(h.lines, life(h.lines, c))})
	if err != nil {
		return h, err
	}
	return History[I, O]{lines}, nil
}

// Return returns the history after client c's pending operation returns out. It returns an error wrapping
// [ErrNotPending] if there is none.
func (h History[I, O]) Return(c Client, out O) (History[I, O], error) {
	lines, err := complete(h.lines, c, out)
	if err != nil {
		return h, err
	}
	return History[I, O]{lines}, nil
}

// Crash returns the history after client c crashes. Its pending operation, if any, stays pending for ever, since no
// one will learn whether it took effect; what c invokes next follows only its other operations. If c does return the
// pending operation before it invokes another one, it has resumed the operation, and the history is as if it had not
// crashed. It returns an error for a client whose number is 2^48 or more.
func (h History[I, O]) Crash(c Client) (History[I, O], error) {
	lines, err := crash(h.lines, c)
	return History[I, O]{lines}, err
}

// Latest returns the last operation that client c invoked. It returns false if c crashed while that operation was
// pending.
func (h History[I, O]) Latest(c Client) (Operation[I, O], bool) { return latest(h.lines, c) }

// Advance returns the history after one more event. Its errors are those of Invoke and Return.
func (h History[I, O]) Advance(e Event[I, O]) (History[I, O], error) {
	if e.Invoke {
		return h.Invoke(e.Client, e.In)
	}
	return h.Return(e.Client, e.Out)
}

// Clients yields the clients that have invoked anything, in ascending order.
func (h History[I, O]) Clients() iter.Seq[Client] { return clients(h.lines) }

// Operations yields all operations, by client in ascending order, and in order for each client.
func (h History[I, O]) Operations() iter.Seq[Operation[I, O]] { return operations(h.lines) }

// Len returns the number of operations, including pending ones.
func (h History[I, O]) Len() int { return count(h.lines) }

// Pending reports whether client c has a pending operation.
func (h History[I, O]) Pending(c Client) bool { return pending(h.lines, c) }

// String returns a line per client with its operations, each with the other clients' returns that precede it.
func (h History[I, O]) String() string { return text(h.lines) }

func (h History[I, O]) sequences() []line[I, O] { return h.lines }

// NewProgramOrder returns the program order of events. It takes time proportional to their number; repeated calls of
// Advance take time proportional to its square. It returns the errors of Advance.
func NewProgramOrder[I, O any](events []Event[I, O]) (ProgramOrder[I, O], error) {
	places := make(map[Client]int)
	var lines []line[I, O]
	for _, e := range events {
		at, found := places[e.Client]
		if !found {
			at = len(lines)
			places[e.Client] = at
			lines = append(lines, line[I, O]{client: e.Client})
		}
		l := &lines[at]
		switch last := len(l.entries) - 1; {
		case e.Invoke && l.pending():
			return ProgramOrder[I, O]{}, fmt.Errorf("client %d invokes: %w", e.Client, ErrPending)
		case e.Invoke:
			l.entries = append(l.entries, entry[I, O]{in: e.In, pending: true})
		case !l.pending():
			return ProgramOrder[I, O]{}, fmt.Errorf("client %d returns: %w", e.Client, ErrNotPending)
		default:
			l.entries[last].out, l.entries[last].pending = e.Out, false
		}
	}
	slices.SortFunc(lines, func(a, b line[I, O]) int { return cmp.Compare(a.client, b.client) })
	return ProgramOrder[I, O]{lines}, nil
}

// Invoke is like [History.Invoke].
func (p ProgramOrder[I, O]) Invoke(c Client, in I) (ProgramOrder[I, O], error) {
	lines, err := invoke(p.lines, c, entry[I, O]{in: in, pending: true})
	if err != nil {
		return p, err
	}
	return ProgramOrder[I, O]{lines}, nil
}

// Return is like [History.Return].
func (p ProgramOrder[I, O]) Return(c Client, out O) (ProgramOrder[I, O], error) {
	lines, err := complete(p.lines, c, out)
	if err != nil {
		return p, err
	}
	return ProgramOrder[I, O]{lines}, nil
}

// Crash is like [History.Crash]. Nothing orders the client's later operations after its earlier ones.
func (p ProgramOrder[I, O]) Crash(c Client) (ProgramOrder[I, O], error) {
	lines, err := crash(p.lines, c)
	return ProgramOrder[I, O]{lines}, err
}

// Latest is like [History.Latest].
func (p ProgramOrder[I, O]) Latest(c Client) (Operation[I, O], bool) { return latest(p.lines, c) }

// Advance is like [History.Advance].
func (p ProgramOrder[I, O]) Advance(e Event[I, O]) (ProgramOrder[I, O], error) {
	if e.Invoke {
		return p.Invoke(e.Client, e.In)
	}
	return p.Return(e.Client, e.Out)
}

// Clients is like [History.Clients].
func (p ProgramOrder[I, O]) Clients() iter.Seq[Client] { return clients(p.lines) }

// Operations is like [History.Operations]. No operation records the returns of other clients.
func (p ProgramOrder[I, O]) Operations() iter.Seq[Operation[I, O]] { return operations(p.lines) }

// Len is like [History.Len].
func (p ProgramOrder[I, O]) Len() int { return count(p.lines) }

// Pending is like [History.Pending].
func (p ProgramOrder[I, O]) Pending(c Client) bool { return pending(p.lines, c) }

// String returns a line per client with its operations.
func (p ProgramOrder[I, O]) String() string { return text(p.lines) }

func (p ProgramOrder[I, O]) sequences() []line[I, O] { return p.lines }

// Operation is an operation of a history.
type Operation[I, O any] struct {
	Client  Client
	Index   int // its index among the client's operations, from 0
	In      I
	Out     O // the zero value while Pending
	Pending bool
	knew    []knowledge
}

// Knew yields, in ascending order, the other clients of which any operation had returned when this one was invoked,
// with the number of those operations.
func (o Operation[I, O]) Knew() iter.Seq2[Client, int] {
	return func(yield func(Client, int) bool) {
		for _, k := range o.knew {
			if !yield(k.client, k.returned) {
				return
			}
		}
	}
}

// Returned returns the number of operations of client c that had returned when this one was invoked.
func (o Operation[I, O]) Returned(c Client) int {
	if c == o.Client {
		return o.Index
	}
	for _, k := range o.knew {
		if k.client == c {
			return k.returned
		}
	}
	return 0
}

// Precedes reports whether o had returned when p was invoked. Both must be operations of one history.
func (o Operation[I, O]) Precedes(p Operation[I, O]) bool {
	return p.Returned(o.Client) > o.Index
}

// String returns the input and the output: "write A -> ok", or "read -> ?" while the operation is pending.
func (o Operation[I, O]) String() string {
	return describe(&entry[I, O]{in: o.In, out: o.Out, pending: o.Pending})
}

// returned returns how many of the line's operations have returned.
func (l line[I, O]) returned() int {
	if l.pending() {
		return len(l.entries) - 1
	}
	return len(l.entries)
}

func (l line[I, O]) pending() bool {
	return len(l.entries) > 0 && l.entries[len(l.entries)-1].pending
}

func find[I, O any](lines []line[I, O], c Client) (int, bool) {
	at := sort.Search(len(lines), func(i int) bool { return lines[i].client >= c })
	return at, at < len(lines) && lines[at].client == c
}

// life returns the client that identifies the line of c's next operations.
func life[I, O any](lines []line[I, O], c Client) Client {
	for next := c + lifeOne; c < lifeOne*maxLives; next += lifeOne {
		if _, found := find(lines, next); !found {
			break
		}
		c = next
	}
	return c
}

// latest returns the last operation in the line of a client.
func latest[I, O any](lines []line[I, O], c Client) (o Operation[I, O], ok bool) {
	at, found := find(lines, life(lines, c))
	if !found || len(lines[at].entries) == 0 {
		return o, false
	}
	l := lines[at]
	i := len(l.entries) - 1
	return l.operation(i), true
}

// crash starts another line for a client whose operation is pending.
func crash[I, O any](lines []line[I, O], c Client) ([]line[I, O], error) {
	if c >= lifeOne {
		return lines, fmt.Errorf("client %d crashes: its number must be below %d", c, lifeOne)
	}
	at, found := find(lines, life(lines, c))
	if !found || !lines[at].pending() {
		return lines, nil
	}
	next := lines[at].client + lifeOne
	if next/lifeOne >= maxLives {
		return lines, fmt.Errorf("client %d crashes: the limit of %d crashes is reached", c, maxLives)
	}
	at, _ = find(lines, next)
	return insert(lines, at, line[I, O]{client: next}), nil
}

// returns returns the operations of other clients that precede one invoked now by client c. It omits clients none of
// whose operations has returned, so that the representation is unique.
func returns[I, O any](lines []line[I, O], c Client) []knowledge {
	n := 0
	for _, l := range lines {
		if l.client != c && l.returned() > 0 {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	knew := make([]knowledge, 0, n)
	for _, l := range lines {
		if l.client != c && l.returned() > 0 {
			knew = append(knew, knowledge{l.client, l.returned()})
		}
	}
	return knew
}

// insert, invoke and complete copy what they change into slices without spare capacity: a later append can then never write
// into memory that another history sees.
func insert[I, O any](lines []line[I, O], at int, l line[I, O]) []line[I, O] {
	moved := make([]line[I, O], len(lines)+1)
	copy(moved, lines[:at])
	moved[at] = l
	copy(moved[at+1:], lines[at:])
	return moved
}

func invoke[I, O any](lines []line[I, O], c Client, e entry[I, O]) ([]line[I, O], error) {
	at, found := find(lines, life(lines, c))
	if !found {
		return insert(lines, at, line[I, O]{client: c, entries: []entry[I, O]{e}}), nil
	}
	if lines[at].pending() {
		return nil, fmt.Errorf("client %d invokes: %w", c, ErrPending)
	}
	old := lines[at].entries
	entries := make([]entry[I, O], len(old)+1)
	copy(entries, old)
	entries[len(old)] = e
	return replace(lines, at, entries), nil
}

func complete[I, O any](lines []line[I, O], c Client, out O) ([]line[I, O], error) {
	now := life(lines, c)
	at, found := find(lines, now)
	if found && len(lines[at].entries) == 0 { // The client resumed the operation.
		fewer := make([]line[I, O], len(lines)-1)
		copy(fewer, lines[:at])
		copy(fewer[at:], lines[at+1:])
		lines = fewer
		at, found = find(lines, now-lifeOne)
	}
	if !found || !lines[at].pending() {
		return nil, fmt.Errorf("client %d returns: %w", c, ErrNotPending)
	}
	old := lines[at].entries
	entries := make([]entry[I, O], len(old))
	copy(entries, old)
	last := &entries[len(old)-1]
	last.out, last.pending = out, false
	return replace(lines, at, entries), nil
}

func replace[I, O any](lines []line[I, O], at int, entries []entry[I, O]) []line[I, O] {
	moved := make([]line[I, O], len(lines))
	copy(moved, lines)
	moved[at].entries = entries
	return moved
}

func clients[I, O any](lines []line[I, O]) iter.Seq[Client] {
	return func(yield func(Client) bool) {
		for _, l := range lines {
			if len(l.entries) > 0 && !yield(l.client) {
				return
			}
		}
	}
}

func operations[I, O any](lines []line[I, O]) iter.Seq[Operation[I, O]] {
	return func(yield func(Operation[I, O]) bool) {
		for _, l := range lines {
			for i := range l.entries {
				if !yield(l.operation(i)) {
					return
				}
			}
		}
	}
}

func (l line[I, O]) operation(i int) Operation[I, O] {
	e := l.entries[i]
	return Operation[I, O]{Client: l.client, Index: i, In: e.in, Out: e.out, Pending: e.pending, knew: e.knew}
}

func count[I, O any](lines []line[I, O]) int {
	n := 0
	for _, l := range lines {
		n += len(l.entries)
	}
	return n
}

func pending[I, O any](lines []line[I, O], c Client) bool {
	at, found := find(lines, life(lines, c))
	return found && lines[at].pending()
}

func describe[I, O any](e *entry[I, O]) string {
	if e.pending {
		return fmt.Sprintf("%v -> ?", e.in)
	}
	return fmt.Sprintf("%v -> %v", e.in, e.out)
}

func text[I, O any](lines []line[I, O]) string {
	var b strings.Builder
	for _, l := range lines {
		if len(l.entries) == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l.client.Name() + ":")
		for k := range l.entries {
			if k > 0 {
				b.WriteByte(';')
			}
			b.WriteByte(' ')
			b.WriteString(describe(&l.entries[k]))
			for j, known := range l.entries[k].knew {
				b.WriteString([]string{" after ", ", "}[min(j, 1)])
				fmt.Fprintf(&b, "%d of %s", known.returned, known.client.Name())
			}
		}
	}
	return b.String()
}
