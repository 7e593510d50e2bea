package hosts_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"synod/examples/systembuilders/hosts"
)

func TestRead(t *testing.T) {
	all, err := hosts.Read(strings.NewReader("a:1024\n b.example \r\n192.0.2.1:65535"), 2346)
	if err != nil || all.String() != "a:1024,b.example:2346,192.0.2.1:65535" {
		t.Errorf("%v, %v", all, err)
	}
}

func TestRefused(t *testing.T) {
	for text, why := range map[string]string{
		"":                            "it is empty",
		"a\n\nb\n":                    "line 2: it is blank",
		"\n":                          "line 1: it is blank",
		"a\na:2346":                   "line 2: a:2346 is there already, in line 1",
		"A:3000\nb\na:3000":           "line 3: a:3000 is there already, in line 1",
		"a:1023":                      `line 1: port "1023": must be 1024 to 65535`,
		"a:65536":                     `line 1: port "65536"`,
		"a:":                          `line 1: port ""`,
		"a:+3000":                     `line 1: port "+3000"`,
		":3000":                       `line 1: host ""`,
		"a b:3000":                    `line 1: host "a b"`,
		"::1":                         "line 1: \"::1\": must be host or host:port, and an address IPv4",
		strings.Repeat("x", 5000):     "line 1 is too long",
		many(hosts.MaxServers + 1):    "there are more than 64 lines",
		many(hosts.MaxServers) + "a,": `line 65: host "a,"`,
	} {
		_, err := hosts.Read(strings.NewReader(text), 2346)
		if why == "" && err != nil || why != "" && (err == nil || !strings.HasPrefix(err.Error(), why)) {
			t.Errorf("%.20q: %v, want %s", text, err, why)
		}
	}
	missing := filepath.Join(t.TempDir(), "hostfile")
	if _, err := hosts.ReadFile(missing, 2346); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a file that is missing: %v", err)
	}
	if err := os.WriteFile(missing, []byte("a:1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := hosts.ReadFile(missing, 2346); err == nil || !strings.Contains(err.Error(), missing+": line 1") {
		t.Errorf("a bad file: %v", err)
	}
}

// many is a file of so many hosts.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("h" + strings.Repeat("x", i) + "\n")
	}
	return b.String()
}

func TestSelf(t *testing.T) {
	m := hosts.Machine{Name: "box.example", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.7")}}
	for _, tt := range []struct {
		lines string
		asked int
		id    int
		why   string
	}{
		{"a\nbox.example\nc", -1, 1, ""},
		{"a\nBOX\nc", -1, 1, ""},
		{"a\nb\n192.0.2.7", -1, 2, ""},
		{"a\n127.0.0.1\nc", -1, 1, ""},
		{"localhost", -1, 0, ""},
		{"127.0.0.1:3000\n127.0.0.1:3001", 1, 1, ""},
		{"127.0.0.1:3000\n127.0.0.1:3001", -1, 0, "this machine, box.example, is in the lines of server 0 and of server 1"},
		{"a\nb", -1, 0, "this machine, box.example, is in no line"},
		{"a\nb", 0, 0, ""},
		{"a\nb", 2, 0, "id 2: must be 0 to 1, as there are 2 servers"},
	} {
		all, err := hosts.Read(strings.NewReader(tt.lines), 2346)
		if err != nil {
			t.Fatal(err)
		}
		id, err := all.Self(m, tt.asked)
		if tt.why == "" && (err != nil || id != tt.id) || tt.why != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.why)) {
			t.Errorf("%q, %d: server %d, %v; want %d, %s", tt.lines, tt.asked, id, err, tt.id, tt.why)
		}
	}
	if m, err := hosts.This(); err != nil || m.Name == "" || len(m.Addresses) == 0 {
		t.Errorf("this machine: %+v, %v", m, err)
	}
}

// FuzzRead reads any text: hosts that are read are read again as they are written.
func FuzzRead(f *testing.F) {
	f.Add("a:1024\nb\n")
	f.Add("192.0.2.1:65535")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := hosts.Read(strings.NewReader(text), 2346)
		if err != nil {
			return
		}
		again, err := hosts.Read(strings.NewReader(strings.ReplaceAll(all.String(), ",", "\n")), 1024)
		if err != nil || again.String() != all.String() {
			t.Errorf("%q became %q, %v", all, again, err)
		}
	})
}
