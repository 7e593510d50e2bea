package cli

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"synod/internal/needs"
)

// TestSystemCalls watches the system calls of a server, from outside: between a message that changes what it must not
// forget and its answer there are a write to its file and, after it, a sync.
func TestSystemCalls(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("strace is of Linux")
	}
	needs.Program(t, "strace")
	trace := filepath.Join(t.TempDir(), "trace")
	out, err := exec.Command("strace", "-o", trace, "true").CombinedOutput()
	needs.That(t, err == nil, fmt.Sprintf("strace cannot trace here: %v, %s", err, out))
	addresses := peers(t, 3)
	peer, err := net.ListenPacket("udp4", addresses[0])
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	s := startProgram(t, "strace", "-f", "-s", "300", "-o", trace,
		"-e", "trace=pwrite64,fdatasync,fsync,msync,sendto,sendmsg,recvfrom,recvmsg",
		"paxos", "spawn", "--only", "1", "--peers", strings.Join(addresses, ","), "--data-dir", t.TempDir())
	stop := sync.OnceFunc(func() { s.stopTraced(t) })
	defer stop()
	// An unknown field names each message: the trace has its bytes.
	for _, message := range []string{
		`{"Internal":{"Prepare":{"ballot":[1,1],"name":"first"}}}`,
		`{"Internal":{"Accept":{"ballot":[1,1],"proposal":[5,6,"X"],"name":"second"}}}`,
	} {
		if got := say(t, peer, addresses[1], message); !strings.Contains(got, "ed") {
			t.Errorf("%s is answered %s", message, got)
		}
	}
	// Get is answered once it is decided, which is saved without an answer.
	decided := []byte(`{"Internal":{"Decided":{"ballot":[1,1],"proposal":[5,6,"X"]}}}`)
	if _, err := peer.WriteTo(decided, udpAddr(t, addresses[1])); err != nil {
		t.Fatal(err)
	}
	if got := say(t, peer, addresses[1], `{"Get":7}`); got != `{"GetOk":[7,"X"]}` {
		t.Errorf("get: %s", got)
	}
	stop()
	data, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	calls := order(string(data))
	t.Log(calls)
	// R is a receive, W a write to the log, S a sync, M the mark of what was saved, and A an answer.
	if !regexp.MustCompile(`R(W+SM)+AR(W+SM)+AR(W+SM)+RA$`).MatchString(calls) {
		t.Errorf("the calls are %s, in this trace:\n%s", calls, data)
	}
}

func udpAddr(t *testing.T, text string) net.Addr {
	t.Helper()
	addr, err := net.ResolveUDPAddr("udp4", text)
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// stopTraced stops the server under strace, which would leave it running if it were killed itself.
func (s *spawned) stopTraced(t *testing.T) {
	t.Helper()
	pid := s.cmd.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(children)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(child, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := s.wait(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr)
	}
}

// traced is a call that came to an end with success, begun on this line or an earlier one of the same thread.
var traced = regexp.MustCompile(`^(\d+) +(?:<\.\.\. )?(\w+)(\(| resumed>).*\) += \d+$`)

// begun is a call whose end is on a later line.
var begun = regexp.MustCompile(`^(\d+) +(\w+\(.*) <unfinished \.\.\.>$`)

// toMark is a write to where the mark of what was saved is.
var toMark = regexp.MustCompile(`pwrite64\(.*, 4096(\)|$)`)

// order returns the calls of a trace as letters, from the first message that was received.
func order(trace string) string {
	var b strings.Builder
	open := make(map[string]string) // by thread
	for line := range strings.SplitSeq(trace, "\n") {
		if m := begun.FindStringSubmatch(line); m != nil {
			open[m[1]] = m[2]
			continue
		}
		m := traced.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		call := line
		if m[3] != "(" {
			call = open[m[1]]
		}
		switch m[2] {
		case "recvfrom", "recvmsg":
			b.WriteByte('R')
		case "sendto", "sendmsg":
			b.WriteByte('A')
		case "pwrite64":
			if toMark.MatchString(call) {
				b.WriteByte('M')
			} else {
				b.WriteByte('W')
			}
		case "fdatasync", "fsync", "msync":
			b.WriteByte('S')
		}
	}
	calls := b.String()
	return calls[max(strings.IndexByte(calls, 'R'), 0):]
}
