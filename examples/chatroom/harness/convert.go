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

// firstPort is the client port of the first server of a converted path.
const firstPort = 10_000

// settle is the time for messages to get through before a read, where the path does not specify one.
const settle = 3 * time.Second

// Convert converts a path found by a check of Multi-Paxos to a test, as far as a test can express it: the requests of
// clients, and the crashes and restarts of servers, in the order of the path. A test does not determine the order of
// messages between servers, so rehearse it with many seeds. Convert uses the first violation of a document, or else
// the first path.
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
	if changes := d.Config["changes"]; changes != "" && changes != "0" {
		members, err := strconv.Atoi(d.Config["members"])
		if err != nil || members < 1 || members > servers {
			return Test{}, fmt.Errorf("a path with %q members: must be 1 to %d", d.Config["members"], servers)
		}
		for id := range members {
			c.members = append(c.members, id)
		}
	}
	for id := range servers {
		c.start(id)
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

// conversion is the state of a conversion.
type conversion struct {
	servers int
	steps   []Step
	seen    map[string]bool // commands already requested
	down    map[int]bool
	members []int  // servers that vote initially; nil if all always vote
	reads   []read // without an answer so far
	parted  bool
}

// read is a client's read at a server, or another command whose answer a test waits for.
type read struct {
	client  string
	id      int
	command Command
}

func (c *conversion) add(command Command) { c.steps = append(c.steps, Step{Command: command}) }

// requests matches the text of requests of the machines of package rsm.
var (
	requests = regexp.MustCompile(`(?s)^Request\(id (\d+\.\d+), (?:op )?(.*?)(, end)?(?:, floor \d+)?\)$`)
	reads    = regexp.MustCompile(`^(read|get .*)$`)
	members  = regexp.MustCompile(`^members ([\d, ]+)$`)
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

// part partitions the servers named by a key from the others.
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

// server returns the number of the server with an actor's name or id, and whether there is one.
func (c *conversion) server(name string) (int, bool) {
	id, err := strconv.Atoi(strings.TrimPrefix(name, "server "))
	return id, err == nil && id >= 0 && id < c.servers
}

func (c *conversion) restart(id int) {
	if c.down[id] {
		delete(c.down, id)
		c.start(id)
		c.add(Connect{id})
	}
}

func (c *conversion) start(id int) {
	c.add(Start{ID: id, Port: firstPort + id, Count: c.servers, Members: c.members})
}

// request adds a client request. Retransmissions and ends of sessions are not commands.
func (c *conversion) request(s trace.Step, id int) {
	m := requests.FindStringSubmatch(s.Message)
	if m == nil || c.seen[m[1]] || m[3] != "" {
		return
	}
	c.seen[m[1]] = true
	if reads.MatchString(m[2]) {
		c.reads = append(c.reads, read{s.From, id, Get{id}})
		return
	}
	if m := members.FindStringSubmatch(m[2]); m != nil && c.members != nil {
		change := Reconfigure{ID: id}
		for _, word := range numbers.FindAllString(m[1], -1) {
			if member, ok := c.server(word); ok {
				change.Members = append(change.Members, member)
			}
		}
		c.reads = append(c.reads, read{s.From, id, change})
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

// answer adds a read that is answered at this point, because a test waits for answers.
func (c *conversion) answer(s trace.Step) {
	for i, r := range c.reads {
		if from, ok := c.server(s.From); r.client == s.Actor && ok && from == r.id {
			c.add(r.command)
			c.reads = append(c.reads[:i:i], c.reads[i+1:]...)
			return
		}
	}
}

// end restarts all servers, heals the network, and reads from all servers.
func (c *conversion) end() {
	if c.parted {
		c.add(Heal{})
	}
	for id := range c.servers {
		c.restart(id)
	}
	c.add(Sleep{settle})
	for _, r := range c.reads {
		c.add(r.command)
	}
	c.add(ExpectSame{})
}

// Write writes the test in the format that Parse reads.
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

// fields returns the representation of a command in a file.
func fields(c Command) any {
	type one struct {
		Type string `json:"type"`
		ID   int    `json:"id"`
	}
	switch c := c.(type) {
	case Start:
		return struct {
			one
			Port    int   `json:"port"`
			Count   int   `json:"count"`
			Members []int `json:"members,omitempty"`
		}{one{"Start", c.ID}, c.Port, c.Count, c.Members}
	case Reconfigure:
		return struct {
			one
			Members []int `json:"members"`
		}{one{"Reconfigure", c.ID}, c.Members}
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
