package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"time"

	"synod/consistency"
	"synod/consistency/oplog"
	"synod/examples/chatroom"
	"synod/examples/chatroom/wire"
)

// Time limits of a test's actions.
const (
	ConnectPatience = 5 * time.Second
	GetPatience     = 10 * time.Second

	pause = 20 * time.Millisecond // between attempts to connect or to see the expected messages
)

// Verdict is the result of a run, in the order of the exit codes.
type Verdict int

// The verdicts.
const (
	Passed    Verdict = iota
	Violated          // answers to clients are wrong or not as expected
	Failed            // the test cannot be run as written, or a server ended by itself
	Undecided         // something did not happen in time, or the run was interrupted
)

// Config configures a run.
type Config struct {
	Test  Test
	World World
	Out   io.Writer // receives the output of the published harness; nil for none
	// Slack is added to ConnectPatience and GetPatience, for a busy machine.
	Slack time.Duration
}

// Outcome is the result of a run.
type Outcome struct {
	Verdict Verdict
	Reason  string // why it is not Passed
	History oplog.History
	Check   oplog.Result
}

// Run runs a test and checks the history. It does not close the world.
func Run(ctx context.Context, c Config) Outcome {
	if c.Out == nil {
		c.Out = io.Discard
	}
	r := &run{
		Config: c, servers: make(map[int]*place), network: Network{Delays: make(map[int]Span)}, process: 1,
		began: c.World.Now(), members: c.Test.members(),
	}
	err := r.steps(ctx, c.Test.Steps)
	if err == nil {
		err = r.agree(ctx, Step{})
	}
	return r.judge(ctx, err)
}

// place is a server and its client.
type place struct {
	start   Start
	up      bool
	paused  bool
	conn    Conn  // nil before Connect and after Disconnect
	process int64 // of the client, in the history
}

// run is the state of a run.
type run struct {
	Config
	servers map[int]*place // all that were ever started
	network Network
	members []int  // servers that vote, if that can be changed; otherwise nil
	number  uint64 // of the next command, counted over all clients as in the published harness
	process int64  // next process number of the history
	began   time.Duration
	events  []oplog.Event
}

// failure is the reason why a run ends early.
type failure struct {
	verdict Verdict
	text    string
}

func (f *failure) Error() string { return f.text }

// fail returns the error of a step.
func (r *run) fail(v Verdict, s Step, format string, args ...any) error {
	where := r.Test.Name + ": at the end"
	if s.Line > 0 {
		where = r.Test.at(s)
	}
	return &failure{v, where + ": " + fmt.Sprintf(format, args...)}
}

func (r *run) steps(ctx context.Context, steps []Step) error {
	for _, s := range steps {
		if _, err := fmt.Fprintf(r.Out, "Executing command %v\n", s.Command); err != nil {
			return err
		}
		if err := r.step(ctx, s); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return r.fail(Undecided, s, "interrupted")
		}
	}
	return nil
}

func (r *run) step(ctx context.Context, s Step) error {
	switch c := s.Command.(type) {
	case Start:
		return r.start(s, c)
	case Crash:
		return r.crash(s, c.ID)
	case Restart:
		p, err := r.known(s, c.ID)
		if err != nil {
			return err
		}
		if err := r.crash(s, c.ID); err != nil {
			return err
		}
		return r.start(s, p.start)
	case Connect:
		return r.connect(ctx, s, c.ID)
	case Disconnect:
		p, err := r.known(s, c.ID)
		if err == nil {
			p.disconnect()
		}
		return err
	case Get:
		messages, err := r.get(ctx, s, c.ID)
		if err == nil {
			_, err = fmt.Fprintf(r.Out, "Client %d received message log %s\n", c.ID, chatroom.List(messages))
		}
		return err
	case Put:
		return r.put(s, c)
	case Sleep:
		if r.World.Sleep(ctx, c.For) != nil {
			return r.fail(Undecided, s, "interrupted")
		}
		return nil
	case Expect:
		return r.expect(ctx, s, c)
	case ExpectSame:
		return r.agree(ctx, s)
	case Repeat:
		for range c.Times {
			if err := r.steps(ctx, c.Steps); err != nil {
				return err
			}
		}
		return nil
	case Pause:
		return r.stand(s, c.ID, true)
	case Resume:
		return r.stand(s, c.ID, false)
	case Partition:
		r.network.Groups = c.Groups
		return r.shape(s)
	case Delay:
		r.network.Delays[c.ID] = Span{c.Least, c.Most}
		if c.Most == 0 {
			delete(r.network.Delays, c.ID)
		}
		return r.shape(s)
	case Reconfigure:
		return r.reconfigure(ctx, s, c)
	case Heal:
		r.network = Network{Delays: make(map[int]Span)}
		return r.shape(s)
	}
	return nil
}

// known returns a server that was started.
func (r *run) known(s Step, id int) (*place, error) {
	p := r.servers[id]
	if p == nil {
		return nil, r.fail(Failed, s, "server %d was never started", id)
	}
	return p, nil
}

func (r *run) start(s Step, c Start) error {
	p := r.servers[c.ID]
	if p == nil {
		p = &place{process: r.next()}
		r.servers[c.ID] = p
	}
	if p.up {
		return r.fail(Failed, s, "server %d runs already; Crash it first, or Restart it", c.ID)
	}
	if err := r.World.Start(c); err != nil {
		return r.fail(Failed, s, "%v", err)
	}
	p.start, p.up, p.paused = c, true, false
	return nil
}

func (r *run) crash(s Step, id int) error {
	p, err := r.known(s, id)
	if err != nil || !p.up {
		return err // A second crash does nothing.
	}
	if err := r.World.Crash(id); err != nil {
		return r.fail(Failed, s, "%v", err)
	}
	p.up, p.paused = false, false
	return nil
}

// stand pauses or resumes a server.
func (r *run) stand(s Step, id int, paused bool) error {
	act := r.World.Resume
	if paused {
		act = r.World.Pause
	}
	p, err := r.known(s, id)
	switch {
	case err != nil:
		return err
	case !p.up:
		return r.fail(Failed, s, "server %d does not run", id)
	case p.paused == paused:
		return nil
	}
	if err := act(id); err != nil {
		return r.fail(Failed, s, "%v", err)
	}
	p.paused = paused
	return nil
}

// shape applies the current network conditions.
func (r *run) shape(s Step) error {
	n := r.network
	n.Delays = maps.Clone(n.Delays)
	if err := r.World.Shape(n); err != nil {
		return r.fail(Failed, s, "%v", err)
	}
	return nil
}

// ended returns the error for a server that ended by itself.
func (r *run) ended(s Step, id int) error {
	if err := r.World.Ended(id); err != nil {
		return r.fail(Failed, s, "server %d ended by itself: %v", id, err)
	}
	return nil
}

func (r *run) connect(ctx context.Context, s Step, id int) error {
	p, err := r.known(s, id)
	if err != nil {
		return err
	}
	p.disconnect()
	for end := r.World.Now() + ConnectPatience + r.Slack; ; {
		if !p.up {
			return r.fail(Undecided, s, "server %d does not run", id)
		}
		if err := r.ended(s, id); err != nil {
			return err
		}
		if p.conn, err = r.World.Dial(ctx, id); err == nil {
			return nil
		}
		p.conn = nil
		if r.World.Now() >= end {
			return r.fail(Undecided, s, "no connection to server %d within %v: %v", id, ConnectPatience+r.Slack, err)
		}
		if r.World.Sleep(ctx, pause) != nil {
			return r.fail(Undecided, s, "interrupted")
		}
	}
}

func (p *place) disconnect() {
	if p.conn != nil {
		_ = p.conn.Close() // The connection is not used again.
		p.conn = nil
	}
}

// next returns an unused process number for the history.
func (r *run) next() int64 {
	r.process++
	return r.process - 1
}

// note adds an event to the history.
func (r *run) note(e oplog.Event) {
	e.Time, e.Line = r.World.Now()-r.began, len(r.events)+2 // line number as in a file, whose first line is the header
	r.events = append(r.events, e)
}

// put appends a message. Its outcome is unknown because it has no answer.
func (r *run) put(s Step, c Put) error {
	p, err := r.known(s, c.ID)
	if err != nil {
		return err
	}
	if len(c.Message) > chatroom.MaxMessage {
		return r.fail(Failed, s, "a message of %d bytes: at most %d are served", len(c.Message), chatroom.MaxMessage)
	}
	invoked := oplog.Event{Type: oplog.Invoke, Op: oplog.Append, Process: p.process, Value: oplog.Text(c.Message)}
	r.note(invoked)
	number := r.number
	r.number++
	how := oplog.Fail
	if p.conn != nil {
		how = oplog.Unknown
		// A message that is known not to have been sent may be treated as lost.
		_ = p.conn.Send(wire.Command{Client: uint64(c.ID), Number: number, Mode: wire.Put, Message: c.Message})
	}
	r.note(oplog.Event{Type: how, Op: oplog.Append, Process: p.process})
	if how == oplog.Unknown {
		p.process = r.next()
	}
	return nil
}

// get requests all messages over the connection of the client.
func (r *run) get(ctx context.Context, s Step, id int) ([]string, error) {
	p, err := r.known(s, id)
	switch {
	case err != nil:
		return nil, err
	case p.conn == nil:
		return nil, r.fail(Failed, s, "client %d is not connected", id)
	}
	return r.ask(ctx, s, id, p.conn, &p.process, GetPatience+r.Slack)
}

// ask requests all messages.
func (r *run) ask(
	ctx context.Context, s Step, id int, conn Conn, process *int64, wait time.Duration,
) ([]string, error) {
	r.note(oplog.Event{Type: oplog.Invoke, Op: oplog.Read, Process: *process})
	err := conn.Send(wire.Command{Client: uint64(id), Number: r.number})
	r.number++
	var a wire.Answer
	if err == nil {
		a, err = conn.Answer(ctx, wait)
	}
	if err == nil && a.Kind != wire.Messages {
		err = fmt.Errorf("answered with something else: %+v", a)
	}
	if err != nil {
		r.note(oplog.Event{Type: oplog.Fail, Op: oplog.Read, Process: *process}) // An unanswered read has no effect.
		if ended := r.ended(s, id); ended != nil {
			return nil, ended
		}
		return nil, r.fail(Undecided, s, "client %d got no messages: %v", id, err)
	}
	list := make([]oplog.Value, len(a.Messages))
	for i, m := range a.Messages {
		list[i] = oplog.Text(m)
	}
	r.note(oplog.Event{Type: oplog.Ok, Op: oplog.Read, Process: *process, Told: true, List: list})
	return a.Messages, nil
}

// judge checks the history and returns the outcome. A violation takes precedence over an undecided result.
func (r *run) judge(ctx context.Context, err error) Outcome {
	o := Outcome{History: oplog.History{Header: oplog.Header{Spec: oplog.Log}, Events: r.events}}
	var failed *failure
	switch {
	case errors.As(err, &failed):
		o.Verdict, o.Reason = failed.verdict, failed.text
	case err != nil:
		o.Verdict, o.Reason = Failed, err.Error()
	}
	if ctx.Err() != nil {
		return o
	}
	checked, err := oplog.Check(ctx, o.History, oplog.Config{Spec: oplog.Log})
	if err != nil {
		o.Verdict, o.Reason = Failed, fmt.Sprintf("%s: the history: %v", r.Test.Name, err)
		return o
	}
	o.Check = checked
	switch {
	case o.Verdict == Violated:
	case checked.Outcome == consistency.Violated:
		o.Check.Explain(ctx)
		o.Verdict, o.Reason = Violated, fmt.Sprintf("%s: what clients were told is not linearizable: %v", r.Test.Name, o.Check.Findings)
	case checked.Outcome == consistency.Undecided && o.Verdict == Passed:
		o.Verdict, o.Reason = Undecided, fmt.Sprintf("%s: the history is undecided: %s", r.Test.Name, checked.Reason)
	}
	return o
}
