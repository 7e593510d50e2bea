package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	shipped "synod/examples/catalog"
)

// asks runs paxos client in this process.
func asks(t *testing.T, args ...string) (stdout string, code int) {
	t.Helper()
	var out, problems bytes.Buffer
	code = run(append([]string{"client"}, args...), strings.NewReader(""), &out, &problems)
	if problems.Len() > 0 {
		t.Logf("%q: %s", args, problems.String())
	}
	return out.String(), code
}

// TestClient puts and gets, over every transport, at servers that are killed and come back.
func TestClient(t *testing.T) {
	for _, transport := range []string{"udp", "tcp", "grpc"} {
		t.Run(transport, func(t *testing.T) {
			addresses := peers(t, 3)
			args := []string{"--model", "durable-abd", "--transport", transport, "--data-dir", t.TempDir()}
			var all []*spawned
			for i := range addresses {
				all = append(all, only(t, i, addresses, args...))
			}
			common := []string{"--transport", transport, "--servers", strings.Join(addresses, ","), "--retries", "400", "--timeout", "250ms"}
			client := func(args ...string) (string, int) { return asks(t, append(args, common...)...) }

			if out, code := client("get"); code != 0 || out != "none\n" {
				t.Errorf("get: %q, exit code %d", out, code)
			}
			if out, code := client("put", "é", "--server", "1"); code != 0 || out != addresses[1]+" has stored é.\n" {
				t.Errorf("put: %q, exit code %d", out, code)
			}
			for i := range all {
				all[i].kill()
			}
			for i := range 2 { // a majority
				all[i] = only(t, i, addresses, args...)
			}
			if out, code := client("get", "--server", "2"); code != 0 || out != "é\n" {
				t.Errorf("get from who is left: %q, exit code %d", out, code)
			}
			if out, code := client("put", "X", "--server", "0"); code != 0 {
				t.Errorf("put: %q, exit code %d", out, code)
			}
			if out, code := client("get", "--server", "1"); code != 0 || out != "X\n" {
				t.Errorf("get: %q, exit code %d", out, code)
			}
			out, code := client("bench", "--operations", "100", "--duration", "5m", "--clients", "4", "--server", "0", "--json")
			var report struct{ Puts, Gets, Unknown int }
			if err := json.Unmarshal([]byte(out), &report); err != nil || code != 0 || report.Puts+report.Gets != 100 {
				t.Errorf("bench: %q, exit code %d, %v", out, code, err)
			}
			for _, s := range all[:2] {
				if code := s.stop(os.Interrupt); code != 0 {
					t.Errorf("exit code %d\n%s", code, s.stderr)
				}
			}
		})
	}
}

// TestRetry decides under heavy losses, with servers that try again.
func TestRetry(t *testing.T) {
	s := startSpawn(t, "--port", "0", "--retry=50ms", "--drop", "0.3", "--duplicate", "0.1", "--delay", "0ms..5ms",
		"--reorder", "0.1", "--seed", "3")
	common := []string{"--servers", strings.Join(s.addresses, ","), "--retries", "1000", "--timeout", "100ms"}
	if out, code := asks(t, append([]string{"put", "X", "--server", "0"}, common...)...); code != 0 {
		t.Fatalf("put: %q, exit code %d\n%s", out, code, s.stderr)
	}
	if out, code := asks(t, append([]string{"get"}, common...)...); code != 0 || out != "X\n" {
		t.Errorf("get: %q, exit code %d", out, code)
	}
}

// TestReachable makes sure that a client with servers here and elsewhere can ask all of them, whatever their order.
func TestReachable(t *testing.T) {
	for _, servers := range []string{"127.0.0.1:9,192.0.2.1:9", "192.0.2.1:9,127.0.0.1:9"} {
		f := &clientFlags{entries: shipped.All()}
		cmd := new(cobra.Command)
		f.add(cmd)
		set := cmd.Flags()
		f.servers = servers
		at, err := f.target(set)
		if err != nil {
			t.Fatal(err)
		}
		if bound := at.local(); !bound.Addr().IsUnspecified() {
			t.Errorf("for %s it binds %v", servers, bound)
		}
	}
}

// TestOneServer makes sure that a server alone is a cluster too.
func TestOneServer(t *testing.T) {
	for _, model := range []string{"durable-abd", "single-decree"} {
		s := startSpawn(t, "--port", "0", "--servers", "1", "--model", model)
		if got := request(t, s.addresses[0], `{"Put":[1,"X"]}`); got != `{"PutOk":1}` {
			t.Errorf("%s, put: %q", model, got)
		}
		if got := request(t, s.addresses[0], `{"Get":2}`); got != `{"GetOk":[2,"X"]}` {
			t.Errorf("%s, get: %q", model, got)
		}
	}
}
