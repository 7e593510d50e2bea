package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"synod/internal/ports"
)

// spawned is a running paxos spawn.
type spawned struct {
	t         *testing.T
	cmd       *exec.Cmd
	greeting  string
	addresses []string // of its servers
	dir       string   // of its data, empty for none
	stderr    *buffer
	ended     chan error
	rest      chan string // what it prints after the greeting
}

// buffer is written by one goroutine and read by another.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

var (
	addressLine = regexp.MustCompile(`(?m)^  (\S+:\d+), id \d+$`)
	dataLine    = regexp.MustCompile(`(?m)^Data in (.*)$`)
)

// startSpawn runs paxos spawn with arguments, until it has said where its servers are. The test kills it at its end.
func startSpawn(t *testing.T, args ...string) *spawned {
	t.Helper()
	return startProgram(t, "paxos", append([]string{"spawn"}, args...)...)
}

func startProgram(t *testing.T, program string, args ...string) *spawned {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	s := &spawned{t: t, cmd: exec.Command(path, args...), stderr: new(buffer), ended: make(chan error, 1)}
	s.cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	s.cmd.Stderr = s.stderr
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1000)
	s.rest = lines
	go func() {
		scan := bufio.NewScanner(stdout)
		for scan.Scan() {
			lines <- scan.Text()
		}
		close(lines)
		s.ended <- s.cmd.Wait()
	}()
	t.Cleanup(s.kill)
	patience := time.After(time.Minute)
	for !strings.HasSuffix(s.greeting, "Ctrl-C stops.\n") {
		select {
		case line, ok := <-lines:
			if !ok {
				t.Fatalf("%s %s ended early: %s%s", program, strings.Join(args, " "), s.greeting, s.stderr)
			}
			s.greeting += line + "\n"
		case <-patience:
			t.Fatalf("no greeting but %q, %s", s.greeting, s.stderr)
		}
	}
	for _, m := range addressLine.FindAllStringSubmatch(s.greeting, -1) {
		s.addresses = append(s.addresses, m[1])
	}
	if m := dataLine.FindStringSubmatch(s.greeting); m != nil {
		s.dir = m[1]
	}
	return s
}

// kill ends the process at once, as a failing machine would.
func (s *spawned) kill() {
	if s.ended != nil {
		_ = s.cmd.Process.Kill()
		if err := <-s.ended; err == nil {
			s.t.Log("it had ended before it was killed")
		}
		s.ended = nil
	}
}

// stop asks the process to stop by a signal, and gives its exit code.
func (s *spawned) stop(sig os.Signal) int {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
	return s.wait()
}

// wait waits for the process to end by itself, and gives its exit code.
func (s *spawned) wait() int {
	s.t.Helper()
	select {
	case err := <-s.ended:
		s.ended = nil
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			s.t.Fatal(err)
		}
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(time.Minute):
		s.t.Fatalf("it does not stop: %s", s.stderr)
		return -1
	}
}

// ask sends a request to an address until an answer comes, for as long as it has patience.
func ask(t *testing.T, address, request string, patience time.Duration) string {
	t.Helper()
	conn, err := net.Dial("udp4", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answer := make([]byte, 1000)
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if _, err := conn.Write([]byte(request)); err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(min(patience, 200*time.Millisecond))); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(answer)
		if err == nil {
			return string(answer[:n])
		}
		if errors.Is(err, syscall.ECONNREFUSED) {
			time.Sleep(10 * time.Millisecond)
		}
	}
	return ""
}

// peers returns n addresses that nobody else takes until the test ends, also while no server is there.
func peers(t *testing.T, n int) []string {
	t.Helper()
	block, err := ports.Take(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = block.Close() })
	var all []string
	for _, address := range block.Addresses {
		all = append(all, address.String())
	}
	return all
}

// only starts one server of peers.
func only(t *testing.T, i int, peers []string, args ...string) *spawned {
	t.Helper()
	return startSpawn(t, append([]string{"--only", strconv.Itoa(i), "--peers", strings.Join(peers, ",")}, args...)...)
}

func request(t *testing.T, address, format string, args ...any) string {
	t.Helper()
	return ask(t, address, fmt.Sprintf(format, args...), time.Minute)
}
