//go:build unix

package torture_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"synod/actor"
	"synod/examples/catalog"
	"synod/spawn"
	"synod/spawn/faults"
	"synod/spawn/nemesis"
	"synod/spawn/torture"
	"synod/spawn/udp"
	"synod/storage"
)

// TestMain is a server, or a cluster, if it is called as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "serve" {
		if err := serve(os.Args[2], os.Args[3:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) == 3 && os.Args[1] == "cluster" {
		if _, err := torture.Start(context.Background(), torture.Config{Servers: 3, Dir: os.Args[2], Command: command}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("started")
		time.Sleep(time.Minute)
		return
	}
	goleak.VerifyTestMain(m)
}

// command calls this test as a server.
func command(m torture.Member) *exec.Cmd {
	args := []string{"serve", m.Dir, m.Addresses[m.Place].String()}
	for _, a := range m.Addresses {
		args = append(args, a.String())
	}
	return exec.Command(os.Args[0], args...)
}

// serve is a server of durable ABD, at the first of the addresses.
func serve(dir string, addresses []string) error {
	var ids []actor.ID
	for _, a := range addresses {
		id, err := spawn.IDOf(netip.MustParseAddrPort(a))
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	self := ids[0]
	ids = actor.Others(ids[1:], ^actor.ID(0))
	socket, err := udp.Listen(netip.MustParseAddrPort(addresses[0]))
	if err != nil {
		return err
	}
	program, err := catalog.Program("durable-abd", nil)
	if err != nil {
		return err
	}
	file, err := storage.Open(dir, storage.Identity{Model: program.Model, Version: program.Version, Actor: self})
	if err != nil {
		return err
	}
	random := rand.NewPCG(1, uint64(self))
	transport := faults.Wrap(socket, ids, faults.Plan{}, random)
	store := faults.WrapStore(file, &transport.Counts, rand.NewPCG(2, 2))
	resolve := func(text string) (actor.ID, error) {
		addr, err := netip.ParseAddrPort(text)
		if err != nil {
			return 0, err
		}
		return spawn.IDOf(addr)
	}
	control, err := faults.Serve(filepath.Join(dir, self.String()+".control"),
		&faults.Injector{Transport: transport, Store: store, Resolve: resolve})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err = spawn.Run(ctx, spawn.Config{
		Machine: program.New(self, ids, true, rand.NewPCG(3, 3)), Transport: transport, Store: store,
	})
	return errors.Join(err, control.Close(), file.Close())
}

func start(t *testing.T, servers int) *torture.Cluster {
	t.Helper()
	c, err := torture.Start(t.Context(), torture.Config{Servers: servers, Dir: t.TempDir(), Command: command})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// ask writes at a server until the test ends, without looking at answers, so that there is something to go wrong.
func ask(t *testing.T, c *torture.Cluster) {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 1; ctx.Err() == nil; n++ {
			to := c.Addresses[n%len(c.Addresses)]
			_, _ = conn.WriteTo(fmt.Appendf(nil, `{"Put":[%d,"X"]}`, n), net.UDPAddrFromAddrPort(to))
			time.Sleep(time.Millisecond)
		}
	}()
	t.Cleanup(func() { stop(); <-done; conn.Close() })
}

// TestFaults makes sure that every kind of fault really happens, and that all is well afterwards.
func TestFaults(t *testing.T) {
	c := start(t, 3)
	ask(t, c)
	for _, f := range []nemesis.Fault{
		{Kind: nemesis.Drop, Servers: []int{0}, Probability: 0.5},
		{Kind: nemesis.Duplicate, Servers: []int{0, 1, 2}, Probability: 0.5},
		{Kind: nemesis.Delay, Servers: []int{1}, Least: time.Millisecond, Most: 2 * time.Millisecond},
		{Kind: nemesis.Reorder, Servers: []int{1}, Probability: 0.5},
		{Kind: nemesis.Partition, Servers: []int{0}},
		{Kind: nemesis.Partition, Servers: []int{0, 1}, Deaf: true},
		{Kind: nemesis.Kill, Servers: []int{0, 1, 2}},
		{Kind: nemesis.Pause, Servers: []int{2}},
		{Kind: nemesis.DiskFull, Servers: []int{1}},
		{Kind: nemesis.DiskFailing, Servers: []int{2}},
		{Kind: nemesis.Corrupt, Servers: []int{0, 1, 2}, Harm: nemesis.Harm{Damage: nemesis.Bit}},
		{Kind: nemesis.Corrupt, Servers: []int{1}, Harm: nemesis.Harm{Damage: nemesis.Tail, Where: 0.9}},
		{Kind: nemesis.Corrupt, Servers: []int{1}, Harm: nemesis.Harm{Damage: nemesis.Sector, Where: 0.999}},
	} {
		happens(t, c, f)
	}
	tally := c.Tally()
	for k, want := range map[nemesis.Kind]uint64{nemesis.Kill: 3, nemesis.Pause: 1, nemesis.DiskFull: 1, nemesis.DiskFailing: 1, nemesis.Corrupt: 5} {
		if tally[k] != want {
			t.Errorf("%v happened %d times, want %d", k, tally[k], want)
		}
	}
	before := tally
	if err := c.Obey(t.Context(), nemesis.Schedule{Servers: 3, Duration: 100 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	if tally = c.Tally(); tally != before {
		t.Errorf("something still goes wrong: %v, before it was %v", &tally, &before)
	}
}

// happens lets a fault affect a cluster again and again until something came of it, as it may meet nothing while the machine
// has no time for the servers.
func happens(t *testing.T, c *torture.Cluster, f nemesis.Fault) {
	t.Helper()
	f.At, f.For = 10*time.Millisecond, 250*time.Millisecond
	s := nemesis.Schedule{Servers: 3, Duration: 300 * time.Millisecond, Faults: []nemesis.Fault{f}}
	before := c.Tally()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if err := c.Obey(t.Context(), s); err != nil {
			t.Fatalf("%v: %v", f, err)
		}
		if now := c.Tally(); now[f.Kind] > before[f.Kind] {
			return
		}
	}
	now := c.Tally()
	t.Fatalf("%v never happened, but %v", f, &now)
}

// TestMeetings lets faults of several kinds meet at the same servers, as seeds have it.
func TestMeetings(t *testing.T) {
	c := start(t, 3)
	ask(t, c)
	s, err := nemesis.Generate(nemesis.Config{
		Servers: 3, Duration: 2 * time.Second, Every: 15 * time.Millisecond,
		Least: time.Millisecond, Most: 100 * time.Millisecond,
	}, rand.NewPCG(5, 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Obey(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if tally := c.Tally(); tally[nemesis.Kill] < 5 || tally[nemesis.Pause] < 5 {
		t.Errorf("of %d faults happened %v", len(s.Faults), &tally)
	}
}

// TestInterrupted makes sure that the end of the context ends the work, at any moment of it.
func TestInterrupted(t *testing.T) {
	c := start(t, 2)
	s, err := nemesis.Generate(nemesis.Config{
		Servers: 2, Duration: time.Minute, Kinds: []nemesis.Kind{nemesis.Kill, nemesis.Pause},
		Every: 5 * time.Millisecond, Least: time.Millisecond, Most: 20 * time.Millisecond,
	}, rand.NewPCG(5, 0))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := c.Obey(ctx, s); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it ends with %v", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
	if err := c.Obey(t.Context(), nemesis.Schedule{Servers: 5, Duration: time.Second}); err == nil {
		t.Error("a schedule for other servers is obeyed")
	}
}

// TestStopped makes sure that a server that ends by itself is noticed, with its last words.
func TestStopped(t *testing.T) {
	c := start(t, 2)
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(files) == 0 {
		t.Skip("there is no list of processes here")
	}
	for _, pid := range processes(t, c.Addresses[0].String()) {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	err = c.Obey(t.Context(), nemesis.Schedule{Servers: 2, Duration: 200 * time.Millisecond})
	if !errors.Is(err, torture.ErrStopped) {
		t.Errorf("it ends with %v", err)
	}
}

// TestNoStart makes sure that servers that cannot start are an error that says why.
func TestNoStart(t *testing.T) {
	broken := func(m torture.Member) *exec.Cmd { return exec.Command("sh", "-c", "echo no luck >&2; exit 7") }
	_, err := torture.Start(t.Context(), torture.Config{Servers: 2, Dir: t.TempDir(), Command: broken})
	if !errors.Is(err, torture.ErrStopped) || !strings.Contains(err.Error(), "no luck") {
		t.Errorf("it says %v", err)
	}
	long := filepath.Join(t.TempDir(), strings.Repeat("x", 100))
	_, err = torture.Start(t.Context(), torture.Config{Servers: 1, Dir: long, Command: command})
	if err == nil || !strings.Contains(err.Error(), "shorter") {
		t.Errorf("in a long folder: %v", err)
	}
	missing := func(m torture.Member) *exec.Cmd { return exec.Command(filepath.Join(m.Dir, "nothing")) }
	if _, err := torture.Start(t.Context(), torture.Config{Servers: 2, Dir: t.TempDir(), Command: missing}); err == nil {
		t.Error("a program that is not there was started")
	}
}

// TestOrphans makes sure that servers end with the process that started them, even if that is killed, and even those that
// stand still.
func TestOrphans(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("children outlive their parents here")
	}
	dir := t.TempDir()
	parent := exec.Command(os.Args[0], "cluster", dir)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, len("started\n"))
	if _, err := io.ReadFull(out, line); err != nil || string(line) != "started\n" {
		t.Fatalf("%q, %v", line, err)
	}
	children := processes(t, filepath.Join(dir, "server-"))
	if len(children) != 3 {
		t.Errorf("%d servers run, want 3", len(children))
	}
	for _, pid := range children[:1] {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // It was killed.
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		left := processes(t, filepath.Join(dir, "server-"))
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			for _, pid := range left {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
			t.Fatalf("%d servers still run", len(left))
		}
	}
}

// processes returns those with a word in an argument that stands before all addresses.
func processes(t *testing.T, word string) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // It has ended meanwhile.
		}
		args := strings.Split(string(text), "\x00")
		var pid int
		if len(args) < 4 || args[1] != "serve" ||
			!slices.ContainsFunc(args[2:4], func(a string) bool { return strings.HasPrefix(a, word) }) {
			continue
		}
		if _, err := fmt.Sscanf(name, "/proc/%d/", &pid); err != nil {
			t.Fatal(err)
		}
		all = append(all, pid)
	}
	return all
}
