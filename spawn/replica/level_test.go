package replica_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"synod/actor"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
	"synod/spawn/replica"
	"synod/storage"
)

var puts = flag.Int("missed", 2_000, "commands that a server misses")

// missed is what servers keep that decided so many puts, one in each slot.
func missed(t *testing.T, puts int) []storage.Record {
	t.Helper()
	records, err := replica.NewRecords[rsm.StoreOp]()
	if err != nil {
		t.Fatal(err)
	}
	var kept multipaxos.Durable[rsm.StoreOp]
	kept.Acceptor.Ballot = multipaxos.Ballot{Round: 1}
	votes := kept.Acceptor.Accepted.Map
	for i := range puts {
		local := rsm.Local(i + 1)
		b := rsm.BatchOf(rsm.Command[rsm.StoreOp]{
			ID: rsm.ID{Client: 1, Local: local}, Floor: local,
			Op: rsm.StoreOp{Kind: rsm.Put, Key: fmt.Sprint(i % 100), Value: strings.Repeat("v", 100)},
		})
		kept.Decisions = kept.Decisions.With(rsm.Slot(i+1), b)
		votes = votes.With(rsm.Slot(i+1), actor.ListOf(multipaxos.Vote[rsm.StoreOp]{Ballot: kept.Acceptor.Ballot, Batch: b}))
	}
	kept.Acceptor.Accepted.Map = votes
	all, err := records.Split(kept)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestLevel starts a server that knows nothing beside two that decided many puts, and tells how long it takes until it
// has executed them all. They have collected most of them by then, so that it goes on from a snapshot.
func TestLevel(t *testing.T) {
	c := stoppedCluster(t, 3, time.Second)
	all := missed(t, *puts)
	names := make([]string, len(c.config.Peers))
	for i, p := range c.config.Peers {
		names[i] = p.String()
	}
	open := func(i int) *storage.File {
		t.Helper()
		file, err := storage.Open(c.config.Dir, storage.Identity{
			Model: fmt.Sprintf("%T", rsm.Store{}), Version: replica.Version, Actor: actor.ID(i), Cluster: strings.Join(names, ","),
		})
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	for i := range 2 {
		file := open(i)
		for from := 0; from < len(all); from += 1_000 {
			if err := file.Save(all[from:min(from+1_000, len(all))]); err != nil {
				t.Fatal(err)
			}
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		c.start(i)
	}
	first := time.Now()
	ask := func(first, end int) {
		t.Helper()
		client, err := replica.NewClient[rsm.StoreOp, rsm.StoreResult](c.at[first:end])
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		got, err := client.Do(t.Context(), rsm.StoreOp{Key: "0"})
		if err != nil || !got.Found {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	ask(0, 2)
	t.Logf("two servers answer after %v", time.Since(first))
	began := time.Now()
	c.start(2)
	ask(2, 3)
	t.Logf("%d commands in %v", *puts, time.Since(began))
	c.stop(2)
	file := open(2)
	defer file.Close()
	records, err := file.Load()
	if err != nil {
		t.Fatal(err)
	}
	bySnapshot := slices.ContainsFunc(records, func(r storage.Record) bool { return r.Name == "snapshot" })
	if !bySnapshot || len(records) > 2_000 {
		t.Errorf("it keeps %d records, with a snapshot: %t; want one, and few others", len(records), bySnapshot)
	}
}
