//go:build unix

package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"synod/internal/ports"
)

// builder is a server of Paxos for System Builders in a process of its own.
type builder struct {
	cmd    *exec.Cmd
	stderr *buffer
}

// builders are those of a hostfile.
type builders struct {
	t        *testing.T
	hostfile string
	dir      string
	servers  []*builder
}

func startBuilders(t *testing.T, n int) *builders {
	t.Helper()
	b := placeBuilders(t, n)
	for i := range n {
		b.start(i)
	}
	return b
}

// placeBuilders makes a hostfile of servers, of which none is started.
func placeBuilders(t *testing.T, n int) *builders {
	t.Helper()
	block, err := ports.Take(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { block.Close() })
	b := &builders{t: t, dir: t.TempDir(), servers: make([]*builder, n)}
	b.hostfile = filepath.Join(b.dir, "hostfile")
	var lines strings.Builder
	for _, a := range block.Addresses {
		fmt.Fprintln(&lines, a)
	}
	if err := os.WriteFile(b.hostfile, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for i := range n {
			b.kill(i)
		}
	})
	return b
}

func (b *builders) start(i int, flags ...string) {
	b.t.Helper()
	s := &builder{stderr: new(buffer)}
	s.cmd = exec.Command("paxos", append([]string{
		"builders", "server", "-h", b.hostfile, "-i", fmt.Sprint(i), "--data-dir", b.dir,
	}, flags...)...)
	s.cmd.Stderr = s.stderr
	if err := s.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.servers[i] = s
}

// kill ends a server as a failing machine would.
func (b *builders) kill(i int) {
	if s := b.servers[i]; s != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait() // It was killed.
		b.servers[i] = nil
	}
}

func (b *builders) signal(i int, s syscall.Signal) {
	b.t.Helper()
	if err := b.servers[i].cmd.Process.Signal(s); err != nil {
		b.t.Fatal(err)
	}
}

var builtLine = regexp.MustCompile(`^Ordered update: (\d+), of client \d+ at \d+: (.*)$`)

// orderBy has lines ordered by one of the servers, which knows the others.
func (b *builders) orderBy(i int, lines ...string) (slots []string) {
	b.t.Helper()
	all, err := os.ReadFile(b.hostfile)
	if err != nil {
		b.t.Fatal(err)
	}
	only := filepath.Join(b.t.TempDir(), "hostfile")
	if err := os.WriteFile(only, []byte(strings.Split(string(all), "\n")[i]+"\n"), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return b.orderWith(only, lines...)
}

// order pipes lines into a client, and returns the slots in which they are.
func (b *builders) order(lines ...string) (slots []string) {
	b.t.Helper()
	return b.orderWith(b.hostfile, lines...)
}

// orderByEach has each server order one line. Then all of them take part: a new server that has not asked the others yet is like one
// that lost its file, and only one at a time may be.
func (b *builders) orderByEach(lines ...string) (slots []string) {
	b.t.Helper()
	for i, line := range lines {
		slots = append(slots, b.orderBy(i, line)...)
	}
	return slots
}

func (b *builders) orderWith(hostfile string, lines ...string) (slots []string) {
	b.t.Helper()
	cmd := exec.Command("paxos", "builders", "client", "-h", hostfile)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	printed := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(printed) != len(lines) {
		b.t.Fatalf("%v: %q\n%s", err, out, problems.String())
	}
	for i, line := range printed {
		m := builtLine.FindStringSubmatch(line)
		if m == nil || m[2] != lines[i] {
			b.t.Fatalf("update %q: %q", lines[i], line)
		}
		slots = append(slots, m[1])
	}
	return slots
}

// TestBuilders has updates ordered by three processes from a hostfile, kills each of them in turn and starts it again, and
// stops one: the others go on, and what was ordered stays.
func TestBuilders(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for elections")
	}
	b := startBuilders(t, 3)
	slots := b.orderByEach("a", "b", "c")
	for i := range b.servers {
		b.kill(i)
		slots = append(slots, b.order(fmt.Sprint("without ", i))...)
		b.start(i)
	}
	slots = append(slots, b.order("all are back")...)
	b.signal(1, syscall.SIGSTOP)
	slots = append(slots, b.order("one", "is", "stopped")...)
	b.signal(1, syscall.SIGCONT)
	slots = append(slots, b.order("and", "goes", "on")...)
	seen := make(map[string]bool)
	for _, s := range slots {
		if seen[s] {
			t.Errorf("slot %s has two updates: %v", s, slots)
		}
		seen[s] = true
	}
	for i, s := range b.servers {
		b.signal(i, syscall.SIGTERM)
		if err := s.cmd.Wait(); err != nil {
			t.Errorf("server %d: %v\n%s", i, err, s.stderr)
		}
		b.servers[i] = nil
	}
}

// TestBuildersLost kills a process, deletes its file, and starts it again. Once it has had an update ordered it takes part
// again, so that the others order with it while one of them is stopped.
func TestBuildersLost(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for elections")
	}
	b := startBuilders(t, 3)
	slots := b.orderByEach("a", "b", "c")
	b.kill(2)
	if err := os.Remove(filepath.Join(b.dir, "2.paxos")); err != nil {
		t.Fatal(err)
	}
	slots = append(slots, b.order("without a file and its server")...)
	b.start(2)
	slots = append(slots, b.orderBy(2, "it is back")...)
	b.signal(0, syscall.SIGSTOP)
	slots = append(slots, b.order("with it")...)
	b.signal(0, syscall.SIGCONT)
	if got := fmt.Sprint(slots); got != "[1 2 3 4 5 6]" {
		t.Errorf("the updates are in slots %s", got)
	}
}

// hosts makes a hostfile of the first servers.
func (b *builders) hosts(n int) string {
	b.t.Helper()
	all, err := os.ReadFile(b.hostfile)
	if err != nil {
		b.t.Fatal(err)
	}
	first := filepath.Join(b.t.TempDir(), "hostfile")
	lines := strings.SplitAfter(string(all), "\n")[:n]
	if err := os.WriteFile(first, []byte(strings.Join(lines, "")), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return first
}

// members runs a command about the members, and returns their ids, and which of them leads; −1 for none.
func (b *builders) members(args ...string) (ids []string, leader int) {
	b.t.Helper()
	out, err := exec.Command("paxos", append([]string{"builders", "members", "-h", b.hostfile}, args...)...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		b.t.Fatalf("members %q: %v, %s", args, err, exit.Stderr)
	}
	leader = -1
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if ids = append(ids, fields[0]); len(fields) == 3 {
			leader = len(ids) - 1
		}
	}
	if leader >= 0 {
		if leader, err = strconv.Atoi(ids[leader]); err != nil {
			b.t.Fatal(err)
		}
	}
	return ids, leader
}

// place is ID=HOST:PORT of a server.
func (b *builders) place(i int) string {
	b.t.Helper()
	all, err := os.ReadFile(b.hostfile)
	if err != nil {
		b.t.Fatal(err)
	}
	return fmt.Sprintf("%d=%s", i, strings.Split(string(all), "\n")[i])
}

// TestBuildersMembers changes the members of three processes while a client has updates ordered: a fourth one joins, one
// that was killed is replaced, and the leader is removed. Each update has a slot of its own, also after all were killed.
func TestBuildersMembers(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts many processes")
	}
	b := placeBuilders(t, 5)
	three := b.hosts(3)
	for i := range 3 {
		b.start(i, "-h", three, "--changing", "--new")
	}
	var slots []string
	var loaded sync.WaitGroup
	changed := make(chan struct{})
	loaded.Go(func() {
		for {
			slots = append(slots, b.order("under way", "again", "and again")...)
			select {
			case <-changed:
				return
			default:
			}
		}
	})

	b.start(3, "--join")
	expect := func(want string, got []string, _ int) {
		t.Helper()
		if fmt.Sprint(got) != want {
			t.Fatalf("the members are %v: want %s", got, want)
		}
	}
	add := func(i int, want string) {
		t.Helper()
		ids, leader := b.members("add", b.place(i))
		expect(want, ids, leader)
	}
	add(3, "[0 1 2 3]")
	b.kill(2)
	ids, _ := b.members("remove", "2")
	expect("[0 1 3]", ids, 0)
	b.start(4, "--join")
	add(4, "[0 1 3 4]")
	_, leader := b.members()
	for leader < 0 {
		_, leader = b.members()
	}
	left := slices.DeleteFunc([]int{0, 1, 3, 4}, func(i int) bool { return i == leader })
	ids, _ = b.members("remove", fmt.Sprint(leader))
	expect(fmt.Sprint(left), ids, 0)
	close(changed)
	loaded.Wait()

	for _, i := range []int{0, 1, 3, 4} {
		b.kill(i)
	}
	for _, i := range left {
		b.start(i)
	}
	slots = append(slots, b.order("after that")...)
	seen := make(map[string]bool)
	for _, s := range slots {
		if seen[s] {
			t.Errorf("slot %s has two updates", s)
		}
		seen[s] = true
	}
	out, err := exec.Command("paxos", "builders", "members", "-h", b.hostfile, "add", b.place(2)).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), "server 2 was a member") {
		t.Errorf("a server that was removed is added: %v, %s", err, out)
	}
}

// TestBuildersRefused starts a server by itself, and another one at its port.
func TestBuildersRefused(t *testing.T) {
	b := startBuilders(t, 1)
	if slots := b.order("alone"); fmt.Sprint(slots) != "[1]" {
		t.Errorf("slots %v", slots)
	}
	out, err := exec.Command("paxos", "builders", "server", "-h", b.hostfile, "--data-dir", t.TempDir()).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), "is in use") {
		t.Errorf("a busy port: %v, %s", err, out)
	}
}
