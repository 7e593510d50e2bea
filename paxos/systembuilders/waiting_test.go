package systembuilders_test

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"synod/internal/intern"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// TestWaiting makes sure that what waits is a map that is a value: it agrees with a Go map after every step, and none
// changes once it was made.
func TestWaiting(t *testing.T) {
	type (
		pending = systembuilders.Pending[string]
		waiting = systembuilders.Waiting[string]
	)
	if _, _, ok := intern.PersistentMap(reflect.TypeFor[waiting]()); !ok {
		t.Fatal("to a checker it is not a map that never changes")
	}
	rapid.Check(t, func(t *rapid.T) {
		type version struct {
			is   waiting
			want map[rsm.ID]pending
		}
		versions := []version{{waiting{}, map[rsm.ID]pending{}}}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			last := versions[len(versions)-1]
			next := version{last.is, maps.Clone(last.want)}
			id := rsm.ID{
				Client: rsm.Client(rapid.IntRange(0, 3).Draw(t, "client")), Local: rsm.Local(rapid.IntRange(0, 3).Draw(t, "local")),
			}
			if rapid.Bool().Draw(t, "adds") {
				p := pending{Client: 9, Command: rsm.Command[string]{ID: id, Op: rapid.StringN(0, 1, 4).Draw(t, "op")}}
				next.is, next.want[id] = next.is.With(id, p), p
			} else {
				next.is = next.is.Without(id)
				delete(next.want, id)
			}
			versions = append(versions, next)
		}
		for _, v := range versions {
			if got := maps.Collect(v.is.All()); !maps.Equal(got, v.want) || v.is.Len() != len(v.want) {
				t.Fatalf("%v, %d of them: want %v", got, v.is.Len(), v.want)
			}
			var names, own []rsm.ID
			for id := range v.is.All() {
				names = append(names, id)
				if p, ok := v.is.Get(id); !ok || p != v.want[id] {
					t.Fatalf("%v is %v, %v: want %v", id, p, ok, v.want[id])
				}
			}
			for client := range rsm.Client(4) {
				own = slices.AppendSeq(own, v.is.Of(client))
			}
			if !slices.Equal(own, names) {
				t.Fatalf("%v by client, %v in all", own, names)
			}
		}
		first := versions[rapid.IntRange(0, len(versions)-1).Draw(t, "first")]
		second := versions[rapid.IntRange(0, len(versions)-1).Draw(t, "second")]
		changed := slices.Collect(first.is.Changes(second.is))
		for client := range rsm.Client(4) {
			for local := range rsm.Local(4) {
				id := rsm.ID{Client: client, Local: local}
				a, had := first.want[id]
				b, has := second.want[id]
				if (had != has || a != b) && !slices.Contains(changed, id) {
					t.Fatalf("%v is not among the changes, %v", id, changed)
				}
				if !had && !has && slices.Contains(changed, id) {
					t.Fatalf("%v is among the changes, but in neither", id)
				}
			}
		}
	})
}
