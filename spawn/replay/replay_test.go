package replay_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"synod/catalog"
	shipped "synod/examples/catalog"
	"synod/spawn/machine"
	"synod/spawn/replay"
	"synod/storage"
)

// TestConfirmed replays runs of every program, with crashes, repeats, losses and timers.
func TestConfirmed(t *testing.T) {
	for _, model := range shipped.All().Spawnable() {
		for _, transport := range []string{"udp", "tcp", "grpc"} {
			t.Run(model+" "+transport, func(t *testing.T) {
				c := newCluster(t, model, transport, nil)
				for i := range 9 {
					c.ask(i%3, fmt.Sprintf(`{"Put":[%d,"X"]}`, i+1))
					c.ask((i+1)%3, fmt.Sprintf(`{"Get":%d}`, i+100))
					c.ask(0, "no request")
					if i%3 == 2 {
						c.crash(i/3, "")
						c.ask((i/3+1)%3, fmt.Sprintf(`{"Get":%d}`, i+200))
						c.start(i / 3)
					}
				}
				result := confirm(t, c.files()...)
				merged := confirm(t, c.merged.String())
				if result.Events != merged.Events || result.Events < 35 {
					t.Errorf("%d events in three files, %d in one", result.Events, merged.Events)
				}
				for _, s := range result.Servers {
					if s.Processes != 2 || s.Crashes != 1 || !s.Up {
						t.Errorf("%+v", s)
					}
				}
			})
		}
	}
}

func TestRetries(t *testing.T) {
	c := newCluster(t, "single-decree", "udp", catalog.Variant{"retry": "1s"})
	c.servers[1], c.servers[2] = nil, nil
	c.ask(0, `{"Put":[1,"X"]}`)
	c.wait()
	c.wait()
	confirm(t, c.files()...)
	text := c.lines[0].String()
	at := strings.Index(text, `"arm":[["singledecree.retry{}",`)
	if at < 0 {
		t.Fatal(text)
	}
	digits := text[at+len(`"arm":[["singledecree.retry{}",`):]
	digits = digits[:strings.Index(digits, "]")]
	early := strings.Replace(text, digits, "5", 1)
	deviates(t, "run0:3", "a timer due in 1s to 2s", early, c.files()[1], c.files()[2])
	lines := strings.SplitAfter(text, "\n")
	unset := strings.Join(slices.Delete(lines, 2, 3), "")
	unset = strings.Replace(unset, `"step":3`, `"step":2`, 1)
	deviates(t, "run0:3", "the timeout of a timer that is set", unset, c.files()[1], c.files()[2])
}

// TestRepeated lets messages of UDP come twice, and out of order; over TCP that must not be.
func TestRepeated(t *testing.T) {
	for _, transport := range []string{"udp", "tcp", "grpc"} {
		c := newCluster(t, "single-decree", transport, nil)
		if err := c.deliver(envelope{client, c.ids[0], []byte(`{"Put":[1,"X"]}`)}); err != nil {
			t.Fatal(err)
		}
		c.network = append(c.network, c.network[0])
		c.settle()
		if transport == "udp" {
			if r := confirm(t, c.files()...); r.Repeats != 1 {
				t.Errorf("%d repeats, want 1", r.Repeats)
			}
			continue
		}
		deviates(t, "run1:4", "was not received yet", c.files()...)
	}
}

// TestLost counts what never comes.
func TestLost(t *testing.T) {
	c := newCluster(t, "single-decree", "tcp", nil)
	if err := c.deliver(envelope{client, c.ids[0], []byte(`{"Put":[1,"X"]}`)}); err != nil {
		t.Fatal(err)
	}
	c.network = c.network[:1]
	c.settle()
	if r := confirm(t, c.files()...); r.Missing != 1 {
		t.Errorf("%d messages are missing, want a prepare", r.Missing)
	}
}

// TestEdited changes a record in one place.
func TestEdited(t *testing.T) {
	c := decided(t, "udp")
	files := c.files()
	edit := func(server, line int, from, to string) []string {
		lines := strings.SplitAfter(files[server], "\n")
		if !strings.Contains(lines[line-1], from) {
			t.Fatalf("%s has no %s", lines[line-1], from)
		}
		lines[line-1] = strings.Replace(lines[line-1], from, to, 1)
		all := slices.Clone(files)
		all[server] = strings.Join(lines, "")
		return all
	}
	leader := fmt.Sprint(uint64(first))
	for _, tt := range []struct {
		server, line   int
		from, to, want string
	}{
		{0, 3, `"ballot":[1,` + leader + `]}}}],["127.0.0.1:3002"`, `"ballot":[2,` + leader + `]}}}],["127.0.0.1:3002"`, "as message 1 to 127.0.0.1:3001"},
		{0, 3, `"save":[["ballot",[1,`, `"save":[["ballot",[2,`, "as save 1 ballot = [1,"},
		{1, 3, `"message":{"Internal":{"Prepare":{"ballot":[1,`, `"message":{"Internal":{"Prepare":{"ballot":[2,`, "a message that 127.0.0.1:3000 sent before"},
		{1, 3, `"state":"`, `"state":"0`, "16 hexadecimal digits"},
		{1, 4, `"event":"receive"`, `"event":"timeout"`, "the field timer is missing"},
		{1, 7, `["decided","true"]`, `["decided","false"]`, "the state "},
		{2, 1, `"model":"single-decree"`, `"model":"single"`, "a server of"},
		{2, 1, `"version":1`, `"version":2`, "a server of"},
		{2, 3, `"step":2`, `"step":3`, "step 2 of the server"},
		{2, 3, `"at":3000000`, `"at":0`, ""},
	} {
		edited := edit(tt.server, tt.line, tt.from, tt.to)
		if tt.want == "" {
			confirm(t, edited...)
			continue
		}
		deviates(t, fmt.Sprintf("run%d:%d", tt.server, tt.line), tt.want, edited...)
	}
	all := strings.ReplaceAll(strings.Join(files, ""), `"model":"single-decree"`, `"model":"double-decree"`)
	deviates(t, "run0:1", "a model that this program knows", all)
	all = strings.ReplaceAll(strings.Join(files, ""), `"version":1`, `"version":7`)
	deviates(t, "run0:1", "version 1 of single-decree", all)
}

// TestLines takes lines away, cuts them and lets them change places.
func TestLines(t *testing.T) {
	c := decided(t, "udp")
	lines := func(server int) []string { return strings.SplitAfter(c.files()[server], "\n") }
	with := func(server int, changed []string) []string {
		all := c.files()
		all[server] = strings.Join(changed, "")
		return all
	}
	deviates(t, "run1:3", "step 2 of the server, found step 3", with(1, slices.Delete(lines(1), 2, 3))...)
	// Without the gap in the numbers the state tells.
	renumbered := slices.Delete(lines(1), 2, 3)
	for i := 2; i < 4; i++ {
		renumbered[i] = strings.Replace(renumbered[i], fmt.Sprintf(`"step":%d`, i+1), fmt.Sprintf(`"step":%d`, i), 1)
	}
	if _, err := replayed(with(1, renumbered)...); err == nil {
		t.Error("a record without one of its receives is confirmed")
	}
	half := lines(1)
	half[3] = half[3][:len(half[3])/2] + "\n"
	deviates(t, "run1:4", "one that cannot be read", with(1, half)...)
	half = lines(1)
	half[3] = half[3][:5] + "\n"
	deviates(t, "run1:4", "one that cannot be read", with(1, half)...)
	swapped := lines(0)
	swapped[3], swapped[4] = swapped[4], swapped[3]
	deviates(t, "run0:4", "step 3 of the server, found step 4", with(0, swapped)...)
	deviates(t, "run0:4", "the records of all servers", c.files()[0], c.files()[2])
	deviates(t, "run1:1", "a header before the first event", with(1, lines(1)[1:])...)
	deviates(t, fmt.Sprintf("run0:%d", len(lines(0))), "one that cannot be read", c.files()[0]+"nonsense\n"+lines(0)[1])
	if _, err := replayed(); err == nil {
		t.Error("nothing at all is confirmed")
	}
}

// TestMerged lets neighbouring lines of different servers in a merged file change places, each pair once.
func TestMerged(t *testing.T) {
	c := decided(t, "udp")
	lines := strings.SplitAfter(c.merged.String(), "\n")
	want := confirm(t, c.merged.String()).Events
	swaps := 0
	for i := range len(lines) - 2 {
		if lines[i][:26] == lines[i+1][:26] {
			continue
		}
		swapped := slices.Clone(lines)
		swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		if got := confirm(t, strings.Join(swapped, "")).Events; got != want {
			t.Errorf("%d events, want %d", got, want)
		}
		swaps++
	}
	if swaps < 10 {
		t.Errorf("%d swaps", swaps)
	}
}

// zeros are what a process that is killed may leave behind its last line.
var zeros = strings.Repeat("\x00", 100)

// TestZeros finds zeros between lines, and within one.
func TestZeros(t *testing.T) {
	files := decided(t, "udp").files()
	want := confirm(t, files...).Events
	spaced := strings.ReplaceAll(files[0], "\n", "\n"+zeros)
	if got := confirm(t, spaced, files[1]+zeros, zeros+"\n"+files[2]).Events; got != want {
		t.Errorf("%d events, want %d", got, want)
	}
	at := strings.Index(files[0], `"event"`)
	deviates(t, fmt.Sprintf("run0:%d", strings.Count(files[0][:at], "\n")+1), "one that cannot be read",
		files[0][:at]+zeros+files[0][at:], files[1], files[2])
}

// TestTorn tears the last line, at the end and before a restart, at every byte.
func TestTorn(t *testing.T) {
	c := decided(t, "udp")
	files := c.files()
	last := strings.LastIndex(strings.TrimSpace(files[2]), "\n") + 1
	for n := last; n < len(files[2])-1; n++ {
		// What was torn did not happen, and its server is heard of no more.
		for _, end := range []string{"", zeros} {
			if r := confirm(t, files[0], files[1], files[2][:n]+end); n > last && r.Torn != 1 {
				t.Fatalf("%d bytes: %d torn lines", n, r.Torn)
			}
		}
	}
	line := `{"server":"127.0.0.1:3001","step":5,"at":1,"wall":1,"event":"start","state":"0000000000000000"}`
	for n := 1; n < len(line); n++ {
		c := newCluster(t, "single-decree", "udp", nil)
		c.ask(0, `{"Put":[1,"X"]}`)
		tail := ""
		if n%2 == 0 {
			tail = zeros
		}
		c.crash(1, line[:n]+tail)
		c.start(1)
		c.ask(1, `{"Get":2}`)
		for _, run := range [][]string{c.files(), {c.merged.String()}} {
			if r := confirm(t, run...); r.Torn != 1 {
				t.Fatalf("%d bytes: %d torn lines", n, r.Torn)
			}
		}
	}
}

// TestUnsaved lets a server die after it has written a line and before what the step keeps is saved.
func TestUnsaved(t *testing.T) {
	for _, point := range []storage.Point{storage.BeforeWrite, storage.AfterSync} {
		c := newCluster(t, "single-decree", "udp", nil)
		c.stores[1].At = func(p storage.Point) error {
			if p == point {
				return fmt.Errorf("the disk is gone")
			}
			return nil
		}
		if err := c.deliver(envelope{client, c.ids[0], []byte(`{"Put":[1,"X"]}`)}); err != nil {
			t.Fatal(err)
		}
		if err := c.deliver(c.network[0]); err == nil {
			t.Fatal("a server goes on that cannot save")
		}
		c.network = c.network[1:]
		c.stores[1].At = nil
		c.start(1)
		c.ask(1, `{"Get":2}`)
		result := confirm(t, c.files()...)
		if s := result.Servers[1]; (s.Undone == 1) != (point == storage.BeforeWrite) {
			t.Errorf("at %v: %+v", point, s)
		}
		if !strings.Contains(c.lines[1].String(), `"event":"stop","error":"`) {
			t.Errorf("no stop in %s", c.lines[1])
		}
	}
}

// TestAmnesia lets a server start as if it had never run, and another one recover from older records.
func TestAmnesia(t *testing.T) {
	c := newCluster(t, "single-decree", "udp", nil)
	c.ask(0, `{"Put":[1,"X"]}`)
	c.crash(1, "")
	*c.stores[1] = storage.Memory{}
	c.start(1)
	deviates(t, "run1:7", "a recovery of what was saved", c.files()...)
	// A promise that is taken back, although it was sent.
	c = newCluster(t, "single-decree", "udp", nil)
	before, err := c.stores[1].Load()
	if err != nil {
		t.Fatal(err)
	}
	c.ask(0, `{"Put":[1,"X"]}`)
	c.crash(1, "")
	*c.stores[1] = storage.Memory{}
	if err := c.stores[1].Save(before); err != nil {
		t.Fatal(err)
	}
	c.start(1)
	deviates(t, "run1:7", "what was saved", c.files()...)
}

// TestReplyBeforeSave lets a server send before it saves: what it says is known to others, and it does not know it.
func TestReplyBeforeSave(t *testing.T) {
	c := newCluster(t, "single-decree", "udp", nil)
	c.stores[1].At = func(storage.Point) error { return fmt.Errorf("killed") }
	if err := c.deliver(envelope{client, c.ids[0], []byte(`{"Put":[1,"X"]}`)}); err != nil {
		t.Fatal(err)
	}
	if err := c.deliver(c.network[0]); err == nil {
		t.Fatal("a server goes on that cannot save")
	}
	// The promise that it did not save reaches the first server all the same.
	if err := c.deliver(envelope{
		c.ids[1], c.ids[0], fmt.Appendf(nil, `{"Internal":{"Prepared":{"ballot":[1,%d],"last_accepted":null}}}`, first),
	}); err != nil {
		t.Fatal(err)
	}
	c.stores[1].At = nil
	c.start(1)
	deviates(t, "run0:4", "a message that 127.0.0.1:3001 sent before", c.files()...)
}

// TestGlobal looks at the state of all after every event.
func TestGlobal(t *testing.T) {
	c := decided(t, "udp")
	var records replay.Records
	records.Add("run", c.merged.Bytes())
	most, downs := 0, 0
	var last *replay.Global
	result, err := records.Run(replay.Config{Program: program, Visit: func(e *replay.Event, r *replay.Run) error {
		g, err := r.Global()
		if err != nil {
			return err
		}
		if g.Event != e.Number {
			return fmt.Errorf("event %d is %d", e.Number, g.Event)
		}
		at, err := records.At(replay.Config{Program: program}, e.Number)
		if err != nil || !reflect.DeepEqual(at.Flying, g.Flying) || !reflect.DeepEqual(at.Servers, g.Servers) {
			return fmt.Errorf("event %d: %v, %w", e.Number, at, err)
		}
		most = max(most, len(g.Flying))
		if s := g.Servers[1]; s.Started && !s.Up {
			downs++
			if s.State != nil || s.KeptValue == nil {
				return fmt.Errorf("event %d: %+v", e.Number, s)
			}
		}
		last = g
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if most != 3 || downs != 1 || len(last.Flying) != 0 {
		t.Errorf("at most %d messages under way, %d events while one is down, %d messages at the end", most, downs, len(last.Flying))
	}
	for _, bad := range []int{0, result.Events + 1} {
		if _, err := records.At(replay.Config{Program: program}, bad); err == nil {
			t.Errorf("there is an event %d", bad)
		}
	}
}

// TestForged sends a message in the name of a server, and one that nobody may send.
func TestForged(t *testing.T) {
	c := newCluster(t, "single-decree", "udp", nil)
	forged := fmt.Appendf(nil, `{"Internal":{"Prepare":{"ballot":[9,%d]}}}`, first)
	if err := c.deliver(envelope{client, c.ids[1], forged}); err != nil {
		t.Fatal(err)
	}
	if err := c.deliver(envelope{client, c.ids[1], make([]byte, machine.MaxMessage+1)}); err != nil {
		t.Fatal(err)
	}
	confirm(t, c.files()...)
	if err := c.deliver(envelope{c.ids[0], c.ids[1], forged}); err != nil {
		t.Fatal(err)
	}
	deviates(t, "run1:5", "a message that 127.0.0.1:3000 sent before", c.files()...)
}
