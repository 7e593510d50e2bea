package spawn_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"synod/actor"
	"synod/examples/catalog"
	"synod/spawn"
	"synod/storage"
)

// crash describes where a server dies: at its nth point, counted over the points of its saves, and before and after
// each message that it sends.
type crash struct {
	server int
	point  int
	lucky  bool // the disk got to what was not synced
}

// cluster is three servers of single-decree Paxos in memory, one of which dies once.
type cluster struct {
	t       *testing.T
	wires   *wires
	ids     []actor.ID
	stores  []*storage.Memory
	watched []*versions
	crash   crash
	dead    []chan bool // tells how a server ended
	found   []string    // what is wrong
}

const client actor.ID = 1000

// scenario lets a client put at one server, perhaps in vain, restarts who has died, lets it put at another one, and get
// from all. It tells whether the server died at all, and what is wrong.
func scenario(t *testing.T, c crash, lies bool) (happened bool, found []string) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &cluster{t: t, ids: []actor.ID{1, 2, 3}, crash: c}
		s.wires = newWires(append(s.ids, client)...)
		for i := range s.ids {
			s.stores = append(s.stores, &storage.Memory{Lies: lies})
			s.watched = append(s.watched, nil)
			s.dead = append(s.dead, nil)
			s.start(ctx, i, true)
		}
		synctest.Wait()
		s.wires.send(client, 1, []byte(`{"Put":[1,"X"]}`))
		synctest.Wait()
		select {
		case happened = <-s.dead[c.server]:
			s.recover()
			s.start(ctx, c.server, false)
		default:
		}
		synctest.Wait()
		s.wires.send(client, 2, []byte(`{"Put":[2,"Y"]}`))
		synctest.Wait()
		for i, id := range s.ids {
			s.wires.send(client, id, []byte(fmt.Sprintf(`{"Get":%d}`, 10+i)))
		}
		synctest.Wait()
		s.judge()
		cancel()
		for i := range s.ids {
			<-s.dead[i]
		}
		found = s.found
	})
	return happened, found
}

// start starts a server, the first time one that may die.
func (s *cluster) start(ctx context.Context, i int, mortal bool) {
	program, err := catalog.Program("single-decree", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	end := s.wires.end(s.ids[i])
	v := &versions{
		Machine: program.New(s.ids[i], s.ids, true, random()), all: [][]storage.Record{nil},
	}
	points := 0
	point := func() {
		if points++; mortal && i == s.crash.server && points == s.crash.point {
			panic(died{})
		}
	}
	s.stores[i].At = func(storage.Point) error { point(); return nil }
	end.at = func() { v.sent = len(v.all) - 1; point() }
	s.watched[i] = v
	ended := make(chan bool, 1)
	s.dead[i] = ended
	config := spawn.Config{Machine: v, Transport: end, Store: s.stores[i]}
	go func() {
		dead, err := run(ctx, config)
		if err != nil {
			s.t.Error(err)
		}
		ended <- dead
	}()
}

// recover looks at what the crash left: the records as some step wanted them, not before the last step that a message
// was sent after.
func (s *cluster) recover() {
	i := s.crash.server
	s.stores[i].Crash(s.crash.lucky)
	left, err := s.stores[i].Load()
	if err != nil {
		s.t.Fatal(err)
	}
	v := s.watched[i]
	if !slices.ContainsFunc(v.all[v.sent:], func(records []storage.Record) bool {
		return slices.EqualFunc(records, left, func(a, b storage.Record) bool {
			return a.Name == b.Name && bytes.Equal(a.Data, b.Data)
		})
	}) {
		s.found = append(s.found, fmt.Sprintf("a message was sent after %v, but %v was left", v.all[v.sent], left))
	}
}

// judge looks at the answers.
func (s *cluster) judge() {
	var values []string
	put := ""
	inbox := s.wires.inbox(client)
	for _, answer := range inbox {
		if _, value, ok := strings.Cut(answer, `,"`); ok {
			values = append(values, value[:1])
		}
		if strings.Contains(answer, `{"PutOk":1}`) {
			put = "X"
		}
	}
	slices.Sort(values)
	if different := slices.Compact(slices.Clone(values)); len(different) > 1 || put != "" && len(different) > 0 && different[0] != put {
		s.found = append(s.found, fmt.Sprintf("answers %v", inbox))
	}
	if len(values) == 0 {
		s.found = append(s.found, "no answer")
	}
}

// TestCrashes lets each server die at every point there is, and wants what was sent to be kept.
func TestCrashes(t *testing.T) {
	crashes := 0
	for server := range 3 {
		for point, alive := 1, false; !alive; point++ {
			for _, lucky := range []bool{false, true} {
				c := crash{server, point, lucky}
				happened, found := scenario(t, c, false)
				if len(found) > 0 {
					t.Errorf("%+v: %s", c, found)
				}
				alive = !happened
				if happened {
					crashes++
				}
			}
		}
	}
	if crashes < 60 {
		t.Errorf("only %d crashes", crashes)
	}
	t.Logf("%d crashes", crashes)
}

// TestLyingDisk makes sure that TestCrashes would find a disk that does not sync.
func TestLyingDisk(t *testing.T) {
	for point := 1; ; point++ {
		happened, found := scenario(t, crash{server: 1, point: point}, true)
		if len(found) > 0 {
			t.Logf("caught at point %d: %s", point, found)
			return
		}
		if !happened {
			t.Fatal("a disk that does not sync was not caught")
		}
	}
}
