package wire_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"synod/actor"
	"synod/examples/multipaxos/wire"
	"synod/paxos/rsm"
	"synod/spawn"
)

// TestMembers names servers by places and by addresses, and refuses what names none.
func TestMembers(t *testing.T) {
	var servers []actor.ID
	for port := range 3 {
		id, err := spawn.IDOf(netip.MustParseAddrPort(fmt.Sprintf("127.0.0.1:300%d", port)))
		if err != nil {
			t.Fatal(err)
		}
		servers = append(servers, id)
	}
	for _, tt := range []struct{ text, want, wrong string }{
		{text: "0", want: "0"},
		{text: "2,0", want: "0 2"},
		{text: "127.0.0.1:3001,0", want: "0 1"},
		{text: "0,127.0.0.1:3000", wrong: "127.0.0.1:3000: each server must be named once"},
		{text: "3", wrong: "3: must be the place of one of 3 servers, counting from 0"},
		{text: "127.0.0.1:3003", wrong: "127.0.0.1:3003: is not the address of a server of the cluster"},
		{text: "", wrong: `"": must be the place of a server, counting from 0, or its address`},
		{text: "0,", wrong: `"": must be`},
		{text: "-1", wrong: `"-1": must be`},
	} {
		ids, err := wire.ParseMembers(tt.text, servers)
		var places []string
		for _, id := range ids {
			places = append(places, fmt.Sprint(id-servers[0]))
		}
		if got := strings.Join(places, " "); got != tt.want || (err == nil) != (tt.wrong == "") ||
			err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%q: %q, %v", tt.text, got, err)
		}
		changing := wire.Changing{Servers: servers}
		held := map[string]string{"k": "v"}
		held, result, _ := changing.Execute(1, held, rsm.StoreOp{Kind: rsm.SetMembers, Value: tt.text})
		if result.Done != (err == nil) || len(held) != 1 {
			t.Errorf("%q: %+v, %v", tt.text, result, held)
		}
	}
	for text, want := range map[string]bool{"0,1": true, "127.0.0.1:1": true, "": false, "0,0": false, "x": false} {
		if got := wire.ValidMembers(text); got != want {
			t.Errorf("%q is valid: %t", text, got)
		}
	}
	if _, err := wire.Store.Parse("members", []string{"localhost:3000,2"}); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"", "0,0", "x", "nowhere:port"} {
		if _, err := wire.Store.Parse("members", []string{text}); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
