package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"synod/examples/chatroom/server"
	"synod/trace"
)

// firstPort is where the first server of a converted path listens for clients.
const firstPort = 10_000

// settle is how long what was said has to get through before it is asked for, where a path says nothing of it.
const settle = 3 * time.Second

// Convert builds a test of a path that a check of Multi-Paxos found, as far as a test can say it: which servers clients
// ask for what, and which of them crash and come back, in the order of the path. The order of messages between servers
// is left to chance, so that the test is to be rehearsed with many seeds. Of a document it takes the first violation,
// or else the first path.
func Convert(d trace.Document) (Test, error) {
	t, ok := d.Primary()
	if !ok {
		return Test{}, errors.New("the document has no path")
	}
	servers, err := strconv.Atoi(d.Config["servers"])
	if err != nil || servers < 1 || servers > server.MaxServers {
		return Test{}, fmt.Errorf("a path of %s: must be one of Multi-Paxos with 1 to %d servers, as --model multi-paxos has",
			d.Model, server.MaxServers)
	}
	c := &conversion{servers: servers, seen: make(map[string]bool), down: make(map[int]bool)}
	for id := range servers {
		c.add(Start{id, firstPort + id, servers})
	}
	for id := range servers {
		c.add(Connect{id})
	}
	for _, s := range t.Steps {
		c.step(s)
	}
	c.end()
	return Test{Name: d.Model, Steps: c.steps}, nil
}

// conversion is a path of which a part is converted.
type conversion struct {
	servers int
	steps   []Step
	seen    map[string]bool // commands that were asked for
	down    map[int]bool
	reads   []read // without an answer so far
	parted  bool
}

// read is a read of a client at a server.
type read struct {
	client string
	id     int
}

func (c *conversion) add(command Command) { c.steps = append(c.steps, Step{Command: command}) }

// requests are how requests of the machines of package rsm are shown.
var (
	requests = regexp.MustCompile(`(?s)^Request\(id (\d+\.\d+), (?:op )?(.*?)(, end)?(?:, floor \d+)?\)$`)
	reads    = regexp.MustCompile(`^(read|get .*)$`)
	numbers  = regexp.MustCompile(`\d+`)
	appends  = regexp.MustCompile(`^append (".*")$`)
)

func (c *conversion) step(s trace.Step) {
	id, isServer := c.server(s.Actor)
	switch {
	case s.Kind == "crash" && isServer:
		c.down[id] = true
		c.add(Crash{id})
	case s.Kind == "recover" && isServer:
		c.restart(id)
	case s.Kind == "partition":
		c.part(s.Key)
	case s.Kind == "heal" && c.parted:
		c.parted = false
		c.add(Heal{})
	case s.Kind != "deliver":
	case isServer:
		c.request(s, id)
	default:
		c.answer(s)
	}
}

// part cuts off the servers that a key names.
func (c *conversion) part(key string) {
	var group []int
	for _, name := range numbers.FindAllString(key, -1) {
		if id, ok := c.server(name); ok {
			group = append(group, id)
		}
	}
	c.parted = true
	c.add(Partition{Groups: [][]int{group}})
}

// server returns the number of a server that an actor is, by its name or by its id.
func (c *conversion) server(name string) (int, bool) {
	id, err := strconv.Atoi(strings.TrimPrefix(name, "server "))
	return id, err == nil && id >= 0 && id < c.servers
}

func (c *conversion) restart(id int) {
	if c.down[id] {
		delete(c.down, id)
		c.add(Start{id, firstPort + id, c.servers})
		c.add(Connect{id})
	}
}

// request adds what a client asks for. What is sent again is no other command, and the end of a session not one of our commands.
func (c *conversion) request(s trace.Step, id int) {
	m := requests.FindStringSubmatch(s.Message)
	if m == nil || c.seen[m[1]] || m[3] != "" {
		return
	}
	c.seen[m[1]] = true
	if reads.MatchString(m[2]) {
		c.reads = append(c.reads, read{s.From, id})
		return
	}
	message := m[2]
	if text := appends.FindStringSubmatch(message); text != nil {
		if unquoted, err := strconv.Unquote(text[1]); err == nil {
			message = unquoted
		}
	}
	c.add(Put{id, message})
}

// answer adds a read that is answered now: a test waits for it.
func (c *conversion) answer(s trace.Step) {
	for i, r := range c.reads {
		if from, ok := c.server(s.From); r.client == s.Actor && ok && from == r.id {
			c.add(Get{r.id})
			c.reads = append(c.reads[:i:i], c.reads[i+1:]...)
			return
		}
	}
}

// end lets all servers come back and hear one another, and asks them.
func (c *conversion) end() {
	if c.parted {
		c.add(Heal{})
	}
	for id := range c.servers {
		c.restart(id)
	}
	c.add(Sleep{settle})
	for _, r := range c.reads {
		c.add(Get{r.id})
	}
	c.add(ExpectSame{})
}

// Write writes the test as a file that Parse reads.
func (t Test) Write(out io.Writer) error {
	for i, s := range t.Steps {
		line, err := json.Marshal(fields(s.Command))
		if err != nil {
			return err
		}
		before := ",\n"
		if i == 0 {
			before = "[\n"
		}
		if _, err := fmt.Fprintf(out, "%s    %s", before, line); err != nil {
			return err
		}
	}
	end := "\n]\n"
	if len(t.Steps) == 0 {
		end = "[]\n"
	}
	_, err := io.WriteString(out, end)
	return err
}

// fields returns the form of a command in a file.
func fields(c Command) any {
	type one struct {
		Type string `json:"type"`
		ID   int    `json:"id"`
	}
	switch c := c.(type) {
	case Start:
		return struct {
			one
			Port  int `json:"port"`
			Count int `json:"count"`
		}{one{"Start", c.ID}, c.Port, c.Count}
	case Connect:
		return one{"Connect", c.ID}
	case Disconnect:
		return one{"Disconnect", c.ID}
	case Get:
		return one{"Get", c.ID}
	case Crash:
		return one{"Crash", c.ID}
	case Pause:
		return one{"Pause", c.ID}
	case Resume:
		return one{"Resume", c.ID}
	case Restart:
		return one{"Restart", c.ID}
	case Put:
		return struct {
			one
			Message string `json:"message"`
		}{one{"Put", c.ID}, c.Message}
	case Sleep:
		return struct {
			Type string `json:"type"`
			MS   int64  `json:"ms"`
		}{"Sleep", c.For.Milliseconds()}
	case Expect:
		return struct {
			one
			Messages []string `json:"messages"`
		}{one{"Expect", c.ID}, append([]string{}, c.Messages...)}
	case ExpectSame:
		return struct {
			Type string `json:"type"`
			Same bool   `json:"same"`
		}{"Expect", true}
	case Partition:
		groups := make([][]int, 0, len(c.Groups))
		for _, g := range c.Groups {
			groups = append(groups, append([]int{}, g...))
		}
		return struct {
			Type   string  `json:"type"`
			Groups [][]int `json:"groups"`
		}{"Partition", groups}
	case Heal:
		return struct {
			Type string `json:"type"`
		}{"Heal"}
	case Delay:
		return struct {
			one
			MS   int64 `json:"ms"`
			Most int64 `json:"most"`
		}{one{"Delay", c.ID}, c.Least.Milliseconds(), c.Most.Milliseconds()}
	case Repeat:
		commands := make([]any, len(c.Steps))
		for i, s := range c.Steps {
			commands[i] = fields(s.Command)
		}
		return struct {
			Type     string `json:"type"`
			Times    int    `json:"times"`
			Commands []any  `json:"commands"`
		}{"Repeat", c.Times, commands}
	}
	return nil
}
