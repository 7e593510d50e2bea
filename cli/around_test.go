package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"synod/actor"
	"synod/catalog/around"
	"synod/checker/report"
	"synod/examples/abd"
	"synod/examples/catalog"
	"synod/internal/reference"
	"synod/register"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/record"
	"synod/spawn/replay"
	"synod/trace"
)

// recorded is a cluster of servers that are recorded, between which a test carries the messages.
type recorded struct {
	t       *testing.T
	ids     []actor.ID
	program spawn.Program
	servers []*spawn.Server
	records []*bytes.Buffer
	post    []post // that nobody carried yet
}

type post struct {
	from, to actor.ID
	data     string
}

// carrier is the transport of a server.
type carrier struct {
	spawn.Transport
	self actor.ID
	c    *recorded
}

func (s carrier) Send(to actor.ID, data []byte) error {
	s.c.post = append(s.c.post, post{s.self, to, string(data)})
	return nil
}

const firstServer, someClient = 139637976796088, 139637976797088

func startRecorded(t *testing.T, name string, n int) *recorded {
	t.Helper()
	p, err := catalog.Program(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &recorded{t: t}
	for i := range n {
		c.ids = append(c.ids, actor.ID(firstServer+i))
	}
	c.program = p
	c.records, c.servers = make([]*bytes.Buffer, n), make([]*spawn.Server, n)
	for i := range n {
		c.records[i] = new(bytes.Buffer)
		c.start(i)
	}
	return c
}

// start begins a process of a server, which keeps nothing.
func (c *recorded) start(i int) {
	c.t.Helper()
	id, p := c.ids[i], c.program
	recorder, err := record.New(c.records[i], record.Header{
		Server: id, Servers: c.ids, Model: p.Model, Version: p.Version, Transport: "udp",
	}, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	c.servers[i] = spawn.NewServer(spawn.Config{
		Machine: p.New(id, c.ids, false, rand.NewPCG(1, 1)), Transport: carrier{self: id, c: c}, Record: recorder,
	})
	if err := c.servers[i].Begin(); err != nil {
		c.t.Fatal(err)
	}
}

// deliver lets a server receive something.
func (c *recorded) deliver(from actor.ID, server int, data string) {
	c.t.Helper()
	if err := c.servers[server].Step(machine.Event{Kind: machine.Receive, From: from, Data: []byte(data)}); err != nil {
		c.t.Fatal(err)
	}
}

// carry delivers the first message in flight to a server.
func (c *recorded) carry(server int) {
	c.t.Helper()
	at := slices.IndexFunc(c.post, func(p post) bool { return p.to == c.ids[server] })
	if at < 0 {
		c.t.Fatal("nothing is under way to server", server)
	}
	p := c.post[at]
	c.post = slices.Delete(c.post, at, at+1)
	c.deliver(p.from, server, p.data)
}

// files writes the records.
func (c *recorded) files() []string {
	c.t.Helper()
	var all []string
	for i, r := range c.records {
		name := filepath.Join(c.t.TempDir(), fmt.Sprint(i))
		if err := os.WriteFile(name, r.Bytes(), 0o600); err != nil {
			c.t.Fatal(err)
		}
		all = append(all, name)
	}
	return all
}

// explore runs the command around the last event.
func (c *recorded) explore(event int, args ...string) (int, string) {
	c.t.Helper()
	var stdout, stderr bytes.Buffer
	all := append([]string{"replay", "--explore-around", fmt.Sprint(event), "--timeout", "1m", "--memory-limit", "4GB"}, args...)
	code := run(append(all, c.files()...), strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String() + stderr.String()
}

// document runs the command as explore does, and reads its document and the traces that it writes.
func (c *recorded) document(event int, args ...string) (around.Document, trace.Document) {
	c.t.Helper()
	var stdout, stderr bytes.Buffer
	out := filepath.Join(c.t.TempDir(), "trace.json")
	all := append([]string{"replay", "--explore-around", fmt.Sprint(event), "--json", "--trace-out", out}, args...)
	code := run(append(all, c.files()...), strings.NewReader(""), &stdout, &stderr)
	var d around.Document
	if err := json.Unmarshal(stdout.Bytes(), &d); err != nil {
		c.t.Fatalf("%v\n%s%s", err, &stdout, &stderr)
	}
	if d.Exit != code {
		c.t.Errorf("exit code %d, in the document it is %d", code, d.Exit)
	}
	file, err := os.Open(out)
	if errors.Is(err, fs.ErrNotExist) && strings.Contains(stderr.String(), "Nothing was found") {
		return d, trace.Document{}
	}
	if err != nil {
		c.t.Fatalf("%v\n%s", err, &stderr)
	}
	defer file.Close()
	traces, err := trace.ReadJSON(file)
	if err != nil {
		c.t.Fatal(err)
	}
	return d, traces
}

// TestAroundDocument makes sure that the document says what the text does, and that the trace is the path that it tells of.
func TestAroundDocument(t *testing.T) {
	c := startRecorded(t, "single-copy", 2)
	c.deliver(someClient, 0, `{"Put":[1,"X"]}`)
	readers := []string{"--clients", "0", "--readers", "2"}
	d, traces := c.document(3, append(readers, "--steps", "2")...)
	want := around.Document{
		Schema: "synod.around/1", Model: "single-copy", Event: 3, Steps: 2, Requests: 1, Exit: 1, Verdict: "violated",
	}
	check := d.Check
	d.Check, want.Complete = nil, d.Complete
	if !reflect.DeepEqual(d, want) || check == nil || check.Schema != report.DocumentSchema || check.Model.Name != "single-copy" {
		t.Errorf("%+v, %+v, want %+v", d, check, want)
	}
	if check.Properties[0].Name != "linearizable" || check.Properties[0].Verdict != "violated" {
		t.Errorf("%+v", check.Properties)
	}
	if len(traces.Traces) == 0 || !reflect.DeepEqual(&traces.Traces[0], check.Properties[0].Trace) ||
		len(traces.Traces[0].Steps) != 2 {
		t.Errorf("the traces are not those of the document: %d", len(traces.Traces))
	}
	if d, traces = c.document(3, append(readers, "--steps", "1")...); d.Exit != 0 || d.Verdict != "holds" || !d.Complete ||
		len(traces.Traces) != 1 || traces.Traces[0].Kind != "example" {
		t.Errorf("%+v", d)
	}
	if d, _ = c.document(3, append(readers, "--steps", "6", "--max-states", "2")...); d.Exit != 3 || d.Verdict != "undecided" ||
		d.Complete {
		t.Errorf("%+v", d)
	}
	c.deliver(someClient+1, 1, `{"Get":2}`)
	if d, traces = c.document(4); d.Exit != 1 || d.Verdict != "violated" || !strings.HasPrefix(d.Before, "event 4: ") ||
		d.Check != nil || len(traces.Traces) > 0 {
		t.Errorf("%+v", d)
	}
	for _, args := range [][]string{{"--events", "1..2"}, {"--trace-out", "x_test.go"}, {"--trace-out", "missing/x.json"}} {
		if code, out := c.explore(3, args...); code != 2 || !strings.HasPrefix(out, "paxos: ") {
			t.Errorf("%v: exit code %d\n%s", args, code, out)
		}
	}
}

// A value that only one of two servers knows: the next reader may miss it, which takes two steps.
func TestExploreFindsWhatIsNear(t *testing.T) {
	c := startRecorded(t, "single-copy", 2)
	c.deliver(someClient, 0, `{"Put":[1,"X"]}`)
	for _, tt := range []struct {
		steps, want int
		text        string
	}{
		{1, 0, `holds       always "linearizable", within 1 step`},
		{2, 1, `violated    always "linearizable", 2 actions`},
		{3, 1, `violated    always "linearizable", 2 actions`},
	} {
		code, out := c.explore(3, "--steps", fmt.Sprint(tt.steps), "--clients", "0", "--readers", "2")
		if code != tt.want || !strings.Contains(out, tt.text) {
			t.Errorf("%d steps: exit code %d, want %d\n%s", tt.steps, code, tt.want, out)
		}
	}
	// Before the put there is nothing to miss.
	if code, out := c.explore(2, "--steps", "9", "--clients", "0"); code != 0 || !strings.Contains(out, "in all that can follow") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	// And after a get that missed it, it is too late.
	c.deliver(someClient+1, 1, `{"Get":2}`)
	const blame = "violated    always \"linearizable\", up to that event: no order explains\n" +
		"  event 4: 127.0.0.1:3001 answers request 2 of 127.0.0.1:4001, the read of event 4: none; " +
		"after all that was answered before, the register held 'X'\n"
	if code, out := c.explore(4); code != 1 || !strings.Contains(out, blame) {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if code, out := c.explore(3, "--steps", "6", "--max-states", "2"); code != 3 || !strings.Contains(out, "undecided") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	for _, args := range [][]string{{"--steps", "0"}, {"--clients", "0", "--readers", "0"}, {"--clients", "99"}, {"--network", "x"}} {
		if code, out := c.explore(3, args...); code != 2 || !strings.HasPrefix(out, "paxos: ") {
			t.Errorf("%v: exit code %d\n%s", args, code, out)
		}
	}
	if code, out := c.explore(99); code != 2 || !strings.Contains(out, "expected one of the 4 events") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

// What is not judged is no success: many writes that nobody answered, and a timeout that is over before the exploration begins.
func TestExploreUnjudged(t *testing.T) {
	c := startRecorded(t, "abd", 3)
	for i := range around.MaxPending + 1 {
		c.deliver(someClient+actor.ID(i), i%3, fmt.Sprintf(`{"Put":[%d,"X"]}`, i+1))
	}
	begins := 3 + around.MaxPending + 1
	code, out := c.explore(begins, "--steps", "1", "--clients", "0")
	if code != 3 || !strings.Contains(out, `unchecked   always "linearizable": 17 writes before were never answered`) ||
		strings.Contains(out, "holds") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if code, out = c.explore(begins-1, "--steps", "1", "--clients", "0"); code != 0 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	c = startRecorded(t, "single-copy", 1)
	c.deliver(someClient, 0, `{"Put":[1,"X"]}`)
	c.deliver(someClient, 0, `{"Get":2}`)
	code, out = c.explore(3, "--timeout", "1ns")
	if code != 3 || !strings.Contains(out, `unchecked   always "linearizable": the earlier client history could not be checked`) {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

// A server that keeps nothing has crashed, and is still down: when it comes back, what was acknowledged is lost.
func TestExploreWhileAServerIsDown(t *testing.T) {
	c := startRecorded(t, "single-copy", 1)
	c.deliver(someClient, 0, `{"Put":[1,"X"]}`)
	c.start(0)
	for steps, want := range map[int]int{2: 0, 3: 1} { // the recovery, the get, and its answer
		code, out := c.explore(3, "--steps", fmt.Sprint(steps), "--clients", "0")
		if code != want || want == 1 && !strings.Contains(out, `violated    always "linearizable", 3 actions`) {
			t.Errorf("%d steps: exit code %d\n%s", steps, code, out)
		}
	}
}

// A put is in progress, with what it made the servers say, when the model takes over. The plain search begins in the same
// state, to which it goes by itself, and counts the same.
func TestExploreAgainstReference(t *testing.T) {
	c := startRecorded(t, "abd", 3)
	c.deliver(someClient, 0, `{"Put":[5,"X"]}`)
	c.carry(1)
	c.carry(2)
	const event, steps = 6, 7
	var records replay.Records
	for i, r := range c.records {
		records.Add(fmt.Sprint(i), r.Bytes())
	}
	program := func(h *record.Header) (spawn.Program, error) { return catalog.Program(h.Model, nil) }
	begin, err := records.At(replay.Config{Program: program}, event)
	if err != nil {
		t.Fatal(err)
	}
	sys := &reference.System[register.Message]{Observers: []reference.Observer[register.Message]{
		reference.Watch(register.Linearizable()),
	}}
	for _, id := range c.ids {
		sys.Actors = append(sys.Actors, reference.Erase(id, abd.New(actor.Others(c.ids, id))))
	}
	waiting := register.Client{Servers: c.ids}.New()
	waiting.Start = func(_ actor.ID, out *actor.Out[register.Message]) register.ClientState {
		out.Send(c.ids[0], register.Put{Request: 5, Value: 'X'})
		return register.ClientState{Awaiting: 5, Requests: 1}
	}
	sys.Actors = append(sys.Actors, reference.Erase(someClient, waiting))
	const first = 1 << 50
	sys.Actors = append(sys.Actors,
		reference.Erase(first, register.Client{Servers: c.ids, Puts: 1}.New()),
		reference.Erase(first+1, register.Client{Servers: c.ids, Gets: 2}.New()))
	plain := sys.Model()
	at := plain.Initial[0]
	same := func(s *reference.State[register.Message]) bool {
		for i, l := range begin.Servers {
			if local, _, _, _ := s.Actor(i); !reflect.DeepEqual(local, l.State) {
				return false
			}
		}
		for _, e := range s.InFlight() {
			if slices.Contains(c.ids, e.From) && e.To != c.ids[0] { // only the two answers are in flight
				return false
			}
		}
		return true
	}
	queue := []*reference.State[register.Message]{at}
	for depth := 0; !same(at); depth++ {
		if depth == 4 {
			t.Fatal("the plain search does not come to the state of the run")
		}
		var next []*reference.State[register.Message]
		for _, s := range queue {
			next = append(next, plain.Next(s)...)
		}
		queue = next
		if i := slices.IndexFunc(queue, same); i >= 0 {
			at = queue[i]
		}
	}
	plain.Initial[0] = at
	want := reference.Search(plain, reference.Options{MaxDepth: steps + 1, FinishWhen: reference.Exhausted})
	code, out := c.explore(event, "--steps", fmt.Sprint(steps))
	counts := regexp.MustCompile(`states=(\d+), unique=(\d+), depth=(\d+)`).FindString(out)
	if text := fmt.Sprintf("states=%d, unique=%d, depth=%d", want.Generated, want.Unique, want.Depth); code != 0 || counts != text {
		t.Errorf("exit code %d, want %s\n%s", code, text, out)
	}
}

// Processes that were spawned and killed: what their records lead to is explored by the command itself.
func TestExploreSpawned(t *testing.T) {
	paxos := func(args ...string) (int, string) {
		out, err := exec.Command("paxos", args...).CombinedOutput()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return exit.ExitCode(), string(out)
		}
		if err != nil {
			t.Fatal(err)
		}
		return 0, string(out)
	}
	for _, tt := range []struct {
		model, transport string
		args             []string
		want             int
		text             string
	}{
		{"single-copy", "udp", nil, 1, `violated    always "linearizable", 2 actions`},
		{"durable-abd", "udp", []string{"--crashes", "1"}, 0, `holds       always "linearizable", within 3 steps`},
		{"single-decree", "tcp", nil, 0, `holds       always "agreement", within 3 steps`},
	} {
		file := filepath.Join(t.TempDir(), "record")
		s := startSpawn(t, "--port", "0", "--servers", "3", "--model", tt.model, "--transport", tt.transport, "--record", file)
		code, out := paxos("client", "put", "X", "--servers", strings.Join(s.addresses, ","), "--server", "0",
			"--transport", tt.transport, "--timeout", "20s")
		if code != 0 {
			t.Fatalf("%s: put ended with %d: %s", tt.model, code, out)
		}
		s.kill()
		// The server that answered did so in an event from 4 on; of single-copy it is the fourth.
		args := append([]string{"replay", file, "--explore-around", "4", "--steps", "3", "--readers", "2"}, tt.args...)
		if code, out = paxos(args...); code != tt.want || !strings.Contains(out, tt.text) {
			t.Errorf("%s: exit code %d, want %d and %s\n%s", tt.model, code, tt.want, tt.text, out)
		}
	}
}
