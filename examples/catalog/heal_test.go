package catalog_test

import (
	"context"
	"strings"
	"testing"

	"synod/checker"
	shipped "synod/examples/catalog"
)

// TestHealThenProgress asks whether every client is served once what may go wrong has gone wrong: a message is lost, and a server
// crashes and comes back; or a server is cut off for a while.
func TestHealThenProgress(t *testing.T) {
	const (
		crashes    = "lossy=explicit max-drops=1 max-down=1 max-crashes=1 fair=deliveries,strong-timeouts,recoveries"
		partitions = "max-partitions=1 fair=deliveries,strong-timeouts,heals"
	)
	for _, c := range []struct {
		model, with string
		crashes     int // unique states
		partitions  int
	}{
		{"single-decree", "servers=2 clients=1 retry=1 learn=1", 24756, 1671},
		{"durable-abd", "servers=2 clients=1", 590, 326},
		{"multi-paxos", "servers=2 clients=1 resends=1 ballots=2", 3290, 2975},
		{"multi-paxos", "servers=3 clients=1 resends=1 ballots=1", 26033, 95165},
		{"multi-paxos-roles", "leaders=1 replicas=2 acceptors=1 clients=1 resends=1 ballots=2", 8011, 0},
		{"system-builders", "servers=2 clients=1 resends=1 views=1", 11678, 5519},
		{"system-builders", "servers=2 clients=1 resends=1 views=2", 28941, 5519},
	} {
		for _, faults := range []struct {
			words  string
			unique int
		}{{crashes, c.crashes}, {partitions, c.partitions}} {
			words := c.with + " timers-last=on one-copy=on " + faults.words
			t.Run(c.model+" "+words, func(t *testing.T) {
				if testing.Short() && faults.unique > 10_000 {
					t.Skip("takes seconds")
				}
				r := checkWords(t, c.model, words)
				defer r.Close()
				r.Require(t)
				if !served(r) {
					t.Error("no property demands that clients are served")
				}
				if faults.unique > 0 && r.Unique != faults.unique {
					t.Errorf("%d states, expected %d", r.Unique, faults.unique)
				}
			})
		}
	}
}

// TestNotHealed asks the same where a server that is down need not come back, or one that is cut off stays so: then nobody has to be served.
func TestNotHealed(t *testing.T) {
	for _, faults := range []string{
		"max-down=1 max-crashes=1 lossy=explicit max-drops=1", "max-partitions=1",
	} {
		r := checkWords(t, "durable-abd", "servers=2 clients=1 timers-last=on one-copy=on fair=deliveries,strong-timeouts "+faults)
		defer r.Close()
		if got := r.Properties[0]; r.Err != nil || got.Verdict != checker.Violated {
			t.Errorf("%s: %s is %v, %v", faults, got.Name, got.Verdict, r.Err)
		}
	}
}

// checkWords checks a model of the catalogue, configured in words.
func checkWords(t testing.TB, name, words string) *checker.Result {
	t.Helper()
	e, err := shipped.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	config := make(map[string]string)
	for word := range strings.FieldsSeq(words) {
		key, value, _ := strings.Cut(word, "=")
		config[key] = value
	}
	_, src, err := e.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	return checker.BFS(context.Background(), src, checker.Options{FinishWhen: checker.Exhausted})
}

// served reports whether it was asked that every client is served.
func served(r *checker.Result) bool {
	for _, p := range r.Properties {
		if p.Name == "every client is served" && p.Verdict == checker.Holds {
			return true
		}
	}
	return false
}
