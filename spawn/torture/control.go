package torture

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"synod/spawn/faults"
	"synod/spawn/nemesis"
)

// control is a connection to the injector of a process.
type control struct {
	conn  net.Conn
	lines *bufio.Reader
}

// dial connects to an injector and makes sure that it answers.
func dial(path string) (*control, error) {
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return nil, err
	}
	c := &control{conn, bufio.NewReader(conn)}
	if _, err := c.status(); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *control) close() { c.conn.Close() }

// do sends commands and returns their answers. An answer that reports an error is returned as an error.
func (c *control) do(commands ...string) ([]string, error) {
	if len(commands) == 0 {
		return nil, nil
	}
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := c.conn.Write([]byte(strings.Join(commands, "\n") + "\n")); err != nil {
		return nil, err
	}
	var answers []string
	for _, command := range commands {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("%s: %w", command, err)
		}
		if text, bad := strings.CutPrefix(line, "error: "); bad {
			return nil, errors.New(strings.TrimSpace(text))
		}
		answers = append(answers, line)
	}
	return answers, nil
}

func (c *control) status() (faults.Status, error) {
	var s faults.Status
	answers, err := c.do("status")
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(answers[0]), &s)
}

// change changes the network and disk faults of a process from one condition to another.
func (c *control) change(from, to nemesis.Condition, addresses []netip.AddrPort) error {
	_, err := c.do(commands(from, to, addresses)...)
	return err
}

// commands returns the injector commands for a change. Links are first healed and then cut again: a link that stays
// cut is open for less time than a message takes.
func commands(from, to nemesis.Condition, addresses []netip.AddrPort) []string {
	var all []string
	for _, setting := range faults.Settings() {
		if is := setting.Text(to.Network); is != setting.Text(from.Network) {
			all = append(all, setting.Word+" "+cmp.Or(is, "0"))
		}
	}
	links := nemesis.Condition{Cut: to.Cut, Deaf: to.Deaf}
	if !links.Equal(nemesis.Condition{Cut: from.Cut, Deaf: from.Deaf}) {
		if len(from.Cut)+len(from.Deaf) > 0 {
			all = append(all, "heal")
		}
		if len(to.Cut) > 0 {
			all = append(all, "cut"+list(to.Cut, addresses))
		}
		if len(to.Deaf) > 0 {
			all = append(all, "deaf"+list(to.Deaf, addresses))
		}
	}
	if to.Disk != from.Disk {
		all = append(all, "disk "+to.Disk.String())
	}
	return all
}

func list(places []int, addresses []netip.AddrPort) string {
	var b strings.Builder
	for _, p := range places {
		fmt.Fprintf(&b, " %v", addresses[p])
	}
	return b.String()
}
