package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"synod/actor"
	"synod/examples/chatroom"
	"synod/examples/chatroom/server"
	"synod/examples/chatroom/wire"
	"synod/paxos/rsm"
	"synod/spawn"
	"synod/spawn/faults"
	"synod/spawn/machine"
	"synod/spawn/nemesis"
	"synod/spawn/rehearse/stage"
)

// Rehearsal is a World on virtual time: the same servers, with simulated network, disks and clocks. All randomness
// comes from a seed, so a run can be repeated.
type Rehearsal struct {
	play       *stage.Play
	chance     *stage.Source
	room       chatroom.Config // of every server, except for its id
	count      int
	receptions []*chatroom.Reception // of the current or last process of each server
}

// The first client id, and the names of random streams that differ from those of the stage.
const (
	firstClient = actor.ID(1) << 48
	forSteps    = 1 << 40
)

// NewRehearsal returns a world for a test, whose servers must all belong to one cluster.
func NewRehearsal(t Test, seed uint64) (*Rehearsal, error) {
	r := &Rehearsal{chance: stage.NewSource(seed, forSteps), count: t.Servers()}
	var mixed error
	t.walk(func(s Step) {
		if c, ok := s.Command.(Start); ok && c.Count != r.count && mixed == nil {
			mixed = fmt.Errorf("%s: a cluster of %d servers beside one of %d: a rehearsal has one", t.at(s), c.Count, r.count)
		}
	})
	if mixed != nil {
		return nil, mixed
	}
	if r.count == 0 {
		return nil, fmt.Errorf("%s starts no server: there is nothing to rehearse", t.Name)
	}
	for _, id := range t.members() {
		r.room.Members = append(r.room.Members, actor.ID(id))
	}
	r.room.Servers, r.room.Timeout = actor.IDs(r.count), server.DefaultTimeout
	r.receptions = make([]*chatroom.Reception, r.count)
	var err error
	r.play, err = stage.NewPlay(stage.Config{
		Program: rehearsed(r.room), Servers: r.room.Servers, Client: firstClient, Seed: seed, Streams: true,
	})
	return r, err
}

// rehearsed returns the program of the servers.
func rehearsed(room chatroom.Config) spawn.Program {
	return spawn.Program{
		Model: chatroom.Model, Version: chatroom.Version,
		New: func(self actor.ID, servers []actor.ID, durable bool, random machine.Random) spawn.Inspected {
			room.ID, room.Servers, room.Durable = self, servers, durable
			return room.Machine(random)
		},
	}
}

// longestStep is the maximum duration of a step of a test, random so that the next step occurs at different stages of
// its effects.
const longestStep = 3 * time.Millisecond

// pass advances the time by the duration of a step.
func (r *Rehearsal) pass() {
	r.play.Advance(r.play.Now()+time.Duration(r.chance.Uint64()%uint64(longestStep+1)), nil)
}

// Now implements World.
func (r *Rehearsal) Now() time.Duration { return r.play.Now() }

// Sleep implements World.
func (r *Rehearsal) Sleep(ctx context.Context, d time.Duration) error {
	r.play.Advance(r.play.Now()+d, nil)
	return context.Cause(ctx)
}

// Start implements World.
func (r *Rehearsal) Start(c Start) error {
	r.receptions[c.ID] = r.room.Reception(r.chance.Uint64())
	r.play.Start(c.ID)
	r.pass()
	return nil
}

// Crash implements World.
func (r *Rehearsal) Crash(id int) error {
	r.play.Kill(id)
	r.pass()
	return nil
}

// Pause implements World.
func (r *Rehearsal) Pause(id int) error {
	r.play.Pause(id, true)
	r.pass()
	return nil
}

// Resume implements World.
func (r *Rehearsal) Resume(id int) error {
	r.play.Pause(id, false)
	r.pass()
	return nil
}

// Shape implements World.
func (r *Rehearsal) Shape(n Network) error {
	for id := range r.count {
		span := n.Delays[id]
		r.play.Shape(id, nemesis.Condition{
			Network: faults.Plan{DelayMin: span.Least, DelayMax: span.Most}, Cut: n.Cut(id, r.count),
		})
	}
	r.pass()
	return nil
}

// Ended implements World.
func (r *Rehearsal) Ended(id int) error {
	all := r.play.Violations()
	i := slices.IndexFunc(all, func(v stage.Violation) bool { return v.Server == id })
	if i < 0 {
		return nil
	}
	return errors.New(all[i].String())
}

// Close implements World.
func (r *Rehearsal) Close() error { return nil }

// Dial implements World.
func (r *Rehearsal) Dial(_ context.Context, id int) (Conn, error) {
	c := &rehearsedConn{world: r, reception: r.receptions[id]}
	var err error
	if c.caller, err = r.play.Dial(id, c.hear); err != nil {
		return nil, err
	}
	r.pass()
	return c, nil
}

// rehearsedConn is a connection on virtual time.
type rehearsedConn struct {
	world     *Rehearsal
	caller    *stage.Caller
	reception *chatroom.Reception // of the process at the other end
	answers   []wire.Answer
	err       error // error of an invalid answer
	closed    bool
}

// Send implements Conn.
func (c *rehearsedConn) Send(command wire.Command) error {
	defer c.world.pass()
	said, err := c.reception.Command(command)
	if err != nil {
		return err
	}
	data, err := chatroom.Messages.Append(nil, rsm.Request[chatroom.Op]{Command: said})
	if err != nil {
		return err
	}
	return c.caller.Send(data)
}

// hear handles a message from the server.
func (c *rehearsedConn) hear(data []byte) {
	msg, err := chatroom.Messages.Decode(data)
	reply, ok := msg.(rsm.Reply[chatroom.Result])
	if err != nil || !ok {
		c.err = errors.Join(err, fmt.Errorf("a server answers with %T", msg))
		return
	}
	if answer, tell := c.reception.Answer(reply.Answer); tell && !c.closed {
		c.answers = append(c.answers, answer)
	}
}

// Answer implements Conn.
func (c *rehearsedConn) Answer(ctx context.Context, wait time.Duration) (wire.Answer, error) {
	over := func() bool { return len(c.answers) > 0 || c.Gone() || c.err != nil || ctx.Err() != nil }
	if !over() {
		c.world.play.Advance(c.world.play.Now()+wait, over)
	}
	switch {
	case ctx.Err() != nil:
		return wire.Answer{}, context.Cause(ctx)
	case len(c.answers) > 0:
		a := c.answers[0]
		c.answers = c.answers[1:]
		return a, nil
	case c.err != nil:
		return wire.Answer{}, c.err
	case c.Gone():
		return wire.Answer{}, errors.New("the connection broke")
	}
	return wire.Answer{}, ErrLate
}

// Gone implements Conn.
func (c *rehearsedConn) Gone() bool { return c.closed || c.caller.Gone() }

// Close implements Conn.
func (c *rehearsedConn) Close() error {
	c.closed = true
	return nil
}
