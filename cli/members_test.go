//go:build unix

package cli

import (
	"bytes"
	"strings"
	"testing"
)

// TestMembers changes which of five processes vote: one joins, a dead one is replaced by one that starts then, and the leader
// is removed. What was stored stays.
func TestMembers(t *testing.T) {
	at := peers(t, 5)
	servers := make([]*spawned, len(at))
	start := func(i int) {
		servers[i] = only(t, i, at, "--model", "multi-paxos", "--members", strings.Join(at[:3], ","), "--data-dir", t.TempDir())
	}
	for i := range 4 {
		start(i)
	}
	client := func(want string, args ...string) {
		t.Helper()
		all := append(args, "--model", "multi-paxos", "--servers", at[1]+","+at[3], "--server", "0", "--timeout", "1s", "--retries", "59")
		if out, code := asks(t, all...); code != 0 || !strings.HasSuffix(out, want+"\n") {
			t.Fatalf("%v: exit code %d: %s", args, code, out)
		}
	}
	members := func(places ...int) {
		t.Helper()
		var names []string
		for _, i := range places {
			names = append(names, at[i])
		}
		client("are to vote.", "members", strings.Join(names, ","))
	}
	client("has stored it.", "put", "k", "three")
	var out, problems bytes.Buffer
	refused := []string{"client", "members", "0,7", "--model", "multi-paxos", "--servers", at[1], "--timeout", "1s", "--retries", "59"}
	code := run(refused, strings.NewReader(""), &out, &problems)
	if code != 1 || out.Len() > 0 || !strings.Contains(problems.String(), "not changed: all servers vote, or there are no such servers\n") {
		t.Fatalf("members of which one does not exist: exit code %d: %s%s", code, &out, &problems)
	}
	members(0, 1, 2, 3)
	client("three", "get", "k")
	client("has stored it.", "put", "k", "four")
	servers[2].kill()
	start(4)
	members(0, 1, 3, 4)
	client("four", "get", "k")
	members(1, 3, 4)
	client("has stored it.", "put", "k", "without the leader")
	servers[0].kill()
	client("without the leader", "get", "k")
	servers[4].kill()
	client("has stored it.", "put", "k", "two of three")
	client("two of three", "get", "k")
}
