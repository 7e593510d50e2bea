package multipaxos

import (
	"flag"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"synod/checker"
	"synod/examples/replicated"
	"synod/model"
	"synod/model/statespace"
	"synod/network"
	"synod/paxos/rsm"
)

var long = flag.Bool("long", false, "compare larger compositions too, which take minutes")

var threads = regexp.MustCompile(`client \d+`)

// clientsSee searches a system to its end, and returns every history that its clients can have, which are named by their
// place among clients, and the verdicts on what must never happen. The id of the first client is given.
func clientsSee(
	t *testing.T, sys *system[rsm.RegisterOp[Value]], first int,
) (histories []string, verdicts map[string]checker.Verdict) {
	t.Helper()
	seen := map[string]bool{}
	var mu sync.Mutex
	sys.Always("all histories", func(v model.View) bool {
		text := threads.ReplaceAllStringFunc(fmt.Sprint(sys.seen(v)), func(client string) string {
			thread, _ := strconv.ParseUint(strings.TrimPrefix(client, "client "), 10, 64)
			return fmt.Sprintf("command %d of client %d", uint32(thread), int(thread>>32)-first)
		})
		mu.Lock()
		defer mu.Unlock()
		seen[text] = true
		return true
	})
	r := checker.BFS(t.Context(), sys.System, checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	verdicts = map[string]checker.Verdict{}
	for _, p := range r.Properties {
		if p.Expect != statespace.Sometimes {
			verdicts[p.Name] = p.Verdict
		}
	}
	t.Logf("%d states, %d histories", r.Unique, len(seen))
	return slices.Sorted(maps.Keys(seen)), verdicts
}

// TestCompositionsAgree makes sure that roles that are separate actors and servers that have all of them come to the same
// verdicts, and show their clients the same histories: none more, and none less.
func TestCompositionsAgree(t *testing.T) {
	for _, c := range []struct {
		servers, leaders, clients, commands, ballots int
		network                                      network.Semantics
		long                                         bool
	}{
		{1, 1, 2, 2, 1, network.UnorderedNonDuplicating, false},
		{2, 1, 2, 1, 1, network.UnorderedNonDuplicating, false},
		{2, 1, 2, 1, 1, network.Ordered, false},
		{2, 1, 1, 2, 1, network.UnorderedDuplicating, false},
		{2, 2, 1, 1, 2, network.UnorderedNonDuplicating, false},
		{2, 2, 2, 1, 2, network.Ordered, false},
		{3, 1, 2, 1, 1, network.UnorderedNonDuplicating, true},
		{2, 2, 2, 1, 2, network.UnorderedNonDuplicating, true},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			if c.long && !*long {
				t.Skip("with -long only")
			}
			config := Config{
				Servers: c.servers, Clients: c.clients, Commands: c.commands, Ballots: c.ballots, Window: 2, Batch: 1,
			}
			config.Network = c.network
			servers, verdicts := clientsSee(t, compose(config, "register", rsm.Register[Value]{}, replicated.RegisterOps[Value]), c.servers)
			config.Servers, config.Replicas, config.Leaders, config.Acceptors = 0, c.servers, c.leaders, c.servers
			roles, others := clientsSee(t, composeRoles(config, "register", rsm.Register[Value]{}, replicated.RegisterOps[Value]),
				2*c.servers+c.leaders)
			if !maps.Equal(verdicts, others) {
				t.Errorf("servers %v, roles %v", verdicts, others)
			}
			if !slices.Equal(servers, roles) {
				t.Errorf("of servers:\n%s\nof roles:\n%s", strings.Join(servers, "\n"), strings.Join(roles, "\n"))
			}
		})
	}
}
