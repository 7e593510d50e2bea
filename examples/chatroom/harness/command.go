// Package harness runs tests of a chatroom. A test is a file that lists the servers to start, the messages of
// clients, and the faults of servers and network. The harness checks that the answers to clients are linearizable,
// and that at the end all running servers agree. The commands are those of the published harness, and a few more.
package harness

import (
	"fmt"
	"strings"
	"time"

	"synod/examples/chatroom"
)

// Command is a command of a test.
//
//sumtype:decl
type Command interface {
	// String returns the command in the format of the published harness, which is Rust's Debug format.
	String() string
	command()
}

// The commands of the published harness. A server and its client are identified by the server's id.
type (
	// Start starts a server of a cluster of Count servers. It listens for clients at Port. Members, which the published
	// harness lacks, are the servers that vote initially, if Reconfigure can change them; nil if all servers always
	// vote.
	Start struct {
		ID, Port, Count int
		Members         []int
	}
	// Connect connects the client of a server.
	Connect struct{ ID int }
	// Disconnect closes the connection.
	Disconnect struct{ ID int }
	// Get requests all messages and waits for the answer.
	Get struct{ ID int }
	// Put appends a message. It has no answer.
	Put struct {
		ID      int
		Message string
	}
	// Crash kills a server, if it is running.
	Crash struct{ ID int }
	// Sleep waits.
	Sleep struct{ For time.Duration }
)

// The additional commands.
type (
	// Expect repeats a request until a server has exactly these messages.
	Expect struct {
		ID       int
		Messages []string
	}
	// ExpectSame repeats requests to all running servers until they have the same messages.
	ExpectSame struct{}
	// Partition separates servers into groups that cannot hear each other. The servers not listed form a group of their
	// own.
	Partition struct{ Groups [][]int }
	// Heal ends partitions and delays.
	Heal struct{}
	// Pause stops a server without killing it.
	Pause struct{ ID int }
	// Resume continues a paused server.
	Resume struct{ ID int }
	// Delay delays each message that a server sends to other servers.
	Delay struct {
		ID          int
		Least, Most time.Duration
	}
	// Repeat runs commands several times.
	Repeat struct {
		Times int
		Steps []Step
	}
	// Restart kills a server and starts it again with the same settings.
	Restart struct{ ID int }
	// Reconfigure asks a server to change which servers vote, and waits until the former members are no longer needed.
	Reconfigure struct {
		ID      int
		Members []int
	}
)

func (Start) command()      {}
func (Connect) command()    {}
func (Disconnect) command() {}
func (Get) command()        {}
func (Put) command()        {}
func (Crash) command()      {}
func (Sleep) command()      {}
func (Expect) command()     {}
func (ExpectSame) command() {}
func (Partition) command()  {}
func (Heal) command()       {}
func (Pause) command()      {}
func (Resume) command()     {}
func (Delay) command()      {}
func (Repeat) command()     {}
func (Restart) command()    {}

func (Reconfigure) command() {}

func (c Start) String() string {
	members := ""
	if c.Members != nil {
		members = ", members: " + idsText(c.Members)
	}
	return fmt.Sprintf("Start { id: %d, port: %d, count: %d%s }", c.ID, c.Port, c.Count, members)
}

func (c Reconfigure) String() string {
	return fmt.Sprintf("Reconfigure { id: %d, members: %s }", c.ID, idsText(c.Members))
}

// idsText returns "[0, 1]".
func idsText(ids []int) string {
	return "[" + strings.Trim(strings.ReplaceAll(fmt.Sprint(ids), " ", ", "), "[]") + "]"
}

func (c Connect) String() string    { return named("Connect", c.ID) }
func (c Disconnect) String() string { return named("Disconnect", c.ID) }
func (c Get) String() string        { return named("Get", c.ID) }
func (c Crash) String() string      { return named("Crash", c.ID) }
func (c Pause) String() string      { return named("Pause", c.ID) }
func (c Resume) String() string     { return named("Resume", c.ID) }
func (c Restart) String() string    { return named("Restart", c.ID) }
func (Heal) String() string         { return "Heal" }
func (ExpectSame) String() string   { return "Expect { same: true }" }

func (c Put) String() string {
	return fmt.Sprintf("Put { id: %d, message: %s }", c.ID, chatroom.Quote(c.Message))
}

func (c Sleep) String() string { return fmt.Sprintf("Sleep { ms: %d }", c.For.Milliseconds()) }

func (c Expect) String() string {
	return fmt.Sprintf("Expect { id: %d, messages: %s }", c.ID, chatroom.List(c.Messages))
}

func (c Partition) String() string {
	groups := make([]string, len(c.Groups))
	for i, g := range c.Groups {
		groups[i] = idsText(g)
	}
	return "Partition { groups: [" + strings.Join(groups, ", ") + "] }"
}

func (c Delay) String() string {
	return fmt.Sprintf("Delay { id: %d, ms: %d, most: %d }", c.ID, c.Least.Milliseconds(), c.Most.Milliseconds())
}

func (c Repeat) String() string {
	steps := make([]string, len(c.Steps))
	for i, s := range c.Steps {
		steps[i] = s.Command.String()
	}
	return fmt.Sprintf("Repeat { times: %d, commands: [%s] }", c.Times, strings.Join(steps, ", "))
}

func named(word string, id int) string { return fmt.Sprintf("%s { id: %d }", word, id) }

// Step is a command with its position.
type Step struct {
	Command      Command
	Line, Column int // from 1
}

// Test is a parsed test file.
type Test struct {
	Name  string
	Steps []Step
}

// Servers returns the size of the largest cluster of the test; 0 if it starts none.
func (t Test) Servers() int {
	most := 0
	t.walk(func(s Step) {
		if c, ok := s.Command.(Start); ok {
			most = max(most, c.Count)
		}
	})
	return most
}

// members returns the servers that vote initially; nil if all servers always vote.
func (t Test) members() (members []int) {
	t.walk(func(s Step) {
		if c, ok := s.Command.(Start); ok && members == nil {
			members = c.Members
		}
	})
	return members
}

// walk calls visit for every step. Repeated steps are visited once.
func (t Test) walk(visit func(Step)) {
	var all func([]Step)
	all = func(steps []Step) {
		for _, s := range steps {
			visit(s)
			if r, ok := s.Command.(Repeat); ok {
				all(r.Steps)
			}
		}
	}
	all(t.Steps)
}

// at returns the position of a step.
func (t Test) at(s Step) string { return fmt.Sprintf("%s:%d:%d", t.Name, s.Line, s.Column) }
