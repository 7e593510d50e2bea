package cli

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"synod/actor"
	"synod/examples/catalog"
	"synod/spawn"
)

// TestBeware makes sure that whoever binds more than this machine is told what that means. Nothing is bound here.
func TestBeware(t *testing.T) {
	for bound, warned := range map[string]bool{"127.0.0.1": false, "127.0.0.2": false, "0.0.0.0": true, "192.0.2.1": true} {
		var out bytes.Buffer
		f := new(spawnFlags)
		cmd := &cobra.Command{}
		f.add(cmd, catalog.All())
		f.host, f.ephemeral = bound, true
		p, err := f.plan(cmd.Flags(), catalog.Program)
		if err != nil {
			t.Fatal(err)
		}
		s := &process{spawnPlan: p, stdout: &out}
		for i := range s.members {
			s.members[i].name = reachable(s.members[i].bind)
			id, err := spawn.IDOf(s.members[i].name)
			if err != nil {
				t.Fatal(err)
			}
			s.ids = append(s.ids, id)
		}
		machine := s.program.New(s.ids[0], s.ids, false, nil)
		s.servers = []*runner{{address: s.members[0].name, Config: spawn.Config{Machine: machine}}}
		if err := s.greet(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "Beware"); got != warned {
			t.Errorf("bound to %s:\n%s", bound, out.String())
		}
	}
	if got := reachable(netip.MustParseAddrPort("0.0.0.0:3000")); got.String() != "127.0.0.1:3000" {
		t.Errorf("servers reach one another at %v", got)
	}
}

// TestResolve gives words for servers to the control socket.
func TestResolve(t *testing.T) {
	s := &process{spawnPlan: spawnPlan{members: []member{{name: netip.MustParseAddrPort("127.0.0.1:3000")}}}}
	if id, err := s.resolve("localhost:3000"); err != nil || id != actor.ID(139637976796088) {
		t.Errorf("localhost:3000 is %v, %v", id, err)
	}
	for _, text := range []string{"127.0.0.1:3001", "127.0.0.1", ""} {
		if id, err := s.resolve(text); err == nil {
			t.Errorf("%q is %v", text, id)
		}
	}
}
