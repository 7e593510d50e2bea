package harness

import (
	"context"
	"maps"
	"slices"
	"time"

	"synod/examples/chatroom"
)

// expect repeats a request until a server has exactly the expected messages.
func (r *run) expect(ctx context.Context, s Step, c Expect) error {
	for end := r.World.Now() + GetPatience + r.Slack; ; {
		messages, err := r.get(ctx, s, c.ID)
		switch {
		case err != nil:
			return err
		case slices.Equal(messages, c.Messages):
			return nil
		case !prefix(messages, c.Messages) || r.World.Now() >= end:
			return r.fail(Violated, s, "server %d has %s, expected %s", c.ID, chatroom.List(messages), chatroom.List(c.Messages))
		}
		if r.World.Sleep(ctx, pause) != nil {
			return r.fail(Undecided, s, "interrupted")
		}
	}
}

// prefix reports whether a is a prefix of b.
func prefix(a, b []string) bool { return len(a) <= len(b) && slices.Equal(a, b[:len(a)]) }

// agree repeats requests to all running servers until they have the same messages. It does nothing if no majority is
// running or no client ever existed.
func (r *run) agree(ctx context.Context, s Step) error {
	ids, most := r.awake()
	if len(ids) == 0 || !r.quorum(ids, most) || !r.network.whole(ids, most) {
		if s.Line > 0 {
			return r.fail(Undecided, s, "%d of %d servers are up and hear one another: expected a majority", len(ids), most)
		}
		return nil
	}
	conns := make(map[int]Conn)
	defer func() {
		for _, conn := range conns {
			_ = conn.Close() // The connection is not used again.
		}
	}()
	end := r.World.Now() + GetPatience + r.Slack
	for {
		var logs [][]string
		for _, id := range ids {
			messages, err := r.fresh(ctx, s, id, conns, end-r.World.Now())
			if err != nil {
				return err
			}
			logs = append(logs, messages)
		}
		same := true
		for i, log := range logs {
			switch {
			case slices.Equal(log, logs[0]):
			case prefix(log, logs[0]) || prefix(logs[0], log):
				same = false // One server lags behind.
			default:
				return r.fail(Violated, s, "servers %d and %d disagree: %s and %s", ids[0], ids[i], chatroom.List(logs[0]), chatroom.List(log))
			}
		}
		if same {
			return nil
		}
		if r.World.Now() >= end {
			return r.fail(Undecided, s, "the servers did not come to the same messages within %v", GetPatience+r.Slack)
		}
		if r.World.Sleep(ctx, pause) != nil {
			return r.fail(Undecided, s, "interrupted")
		}
	}
}

// awake returns the running servers, and the size of their cluster.
func (r *run) awake() (ids []int, most int) {
	for _, id := range slices.Sorted(maps.Keys(r.servers)) {
		p := r.servers[id]
		most = max(most, p.start.Count)
		if p.up && !p.paused {
			ids = append(ids, id)
		}
	}
	return ids, most
}

// whole reports whether the given servers, out of count, can all hear one another.
func (n Network) whole(ids []int, count int) bool {
	for _, id := range ids {
		for _, other := range n.Cut(id, count) {
			if slices.Contains(ids, other) {
				return false
			}
		}
	}
	return true
}

// fresh asks a server over a separate connection, so that it cannot receive an answer that the test's own client
// still waits for.
func (r *run) fresh(ctx context.Context, s Step, id int, conns map[int]Conn, wait time.Duration) ([]string, error) {
	if conns[id] == nil {
		end := r.World.Now() + ConnectPatience + r.Slack
		for {
			conn, err := r.World.Dial(ctx, id)
			if err == nil {
				conns[id] = conn
				break
			}
			if ended := r.ended(s, id); ended != nil {
				return nil, ended
			}
			if r.World.Now() >= end {
				return nil, r.fail(Undecided, s, "no connection to server %d within %v: %v", id, ConnectPatience+r.Slack, err)
			}
			if r.World.Sleep(ctx, pause) != nil {
				return nil, r.fail(Undecided, s, "interrupted")
			}
		}
	}
	process := r.next()
	return r.ask(ctx, s, id, conns[id], &process, max(wait, pause))
}
