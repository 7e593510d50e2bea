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
// forget and its answer there are a write to its file and, after it, a sync. Messages that come together share these.
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
		"paxos", "spawn", "--only", "1", "--peers", strings.Join(addresses, ","), "--data-dir", t.TempDir(),
		"--heartbeat=0", "--retry=0", "--learn=false")
	stop := sync.OnceFunc(func() { s.stopTraced(t) })
	defer stop()
	talk := func(message string) {
		t.Helper()
		if got := say(t, peer, addresses[1], message); !strings.Contains(got, "ed") {
			t.Errorf("%s is answered %s", message, got)
		}
	}
	talk(`{"Internal":{"Prepare":{"ballot":[1,1]}}}`)
	// What comes while the server stands still is there together when it goes on.
	child := s.child(t)
	stand(t, child)
	const together = 5
	for n := range together {
		promise := fmt.Appendf(nil, `{"Internal":{"Prepare":{"ballot":[%d,1]}}}`, 2+n)
		if _, err := peer.WriteTo(promise, udpAddr(t, addresses[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Kill(child, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 1<<10)
	for n := range together {
		size, _, err := peer.ReadFrom(buffer)
		if want := fmt.Sprintf(`"ballot":[%d,1]`, 2+n); err != nil || !strings.Contains(string(buffer[:size]), want) {
			t.Fatalf("%s, %v; want an answer with %s", buffer[:size], err, want)
		}
	}
	talk(`{"Internal":{"Accept":{"ballot":[9,1],"proposal":[5,6,"X"]}}}`)
	// Get is answered once it is decided, which is saved without an answer.
	decided := []byte(`{"Internal":{"Decided":{"ballot":[9,1],"proposal":[5,6,"X"]}}}`)
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
	// R is a receive, W a write to the log, S a sync, M the mark of what was saved, and A an answer. The last request may
	// come before or after what it asks for is saved.
	if !regexp.MustCompile(`R(W+SM)+AR{5}W+SMA{5}R(W+SM)+A(R(W+SM)+R|RR(W+SM)+)A$`).MatchString(calls) {
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
	if err := syscall.Kill(s.child(t), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := s.wait(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr)
	}
}

// child returns the process id of the server under strace.
func (s *spawned) child(t *testing.T) int {
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
	return child
}

// stand makes a process stand still, and returns once all its threads do.
func stand(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for standing := false; !standing; {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
		if err != nil || len(threads) == 0 {
			t.Fatal(threads, err)
		}
		standing = true
		for _, name := range threads {
			text, _ := os.ReadFile(name) // A thread may end.
			if len(text) > 0 && !strings.Contains(string(text), "\nState:\tT") && !strings.Contains(string(text), "\nState:\tt") {
				standing = false
			}
		}
		runtime.Gosched()
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
