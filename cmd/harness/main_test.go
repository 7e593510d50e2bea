package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"synod/internal/ports"
)

// TestPublishedNames builds the programs with the published names, and lets them work together: a harness with servers of its
// own, one with servers of another program, and a client.
func TestPublishedNames(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles")
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, "synod/cmd/...").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	block, err := ports.Take(2)
	if err != nil {
		t.Fatal(err)
	}
	defer block.Close()
	clients, peers := block.Addresses[0].Port(), block.Addresses[1]
	test := filepath.Join(bin, "test.json")
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write(test, fmt.Sprintf(`[{"type":"Start","id":0,"port":%d,"count":1},{"type":"Connect","id":0},
		{"type":"Put","id":0,"message":"hello"},{"type":"Expect","id":0,"messages":["hello"]},{"type":"Get","id":0}]`, clients), 0o600)
	// Other tests may have the usual ports for servers.
	wrapper := filepath.Join(bin, "wrapper")
	write(wrapper, fmt.Sprintf("#!/bin/sh\nexec %s/chatroom-server \"$@\" --peers %v\n", bin, peers), 0o700)
	for _, args := range [][]string{{"-f", test, "--free-ports"}, {"-f", test, "-s", wrapper}} {
		out, err := exec.Command(filepath.Join(bin, "harness"), args...).CombinedOutput()
		if err != nil || !strings.HasSuffix(string(out), "Client 0 received message log [\"hello\"]\n") {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
	}
	client := exec.Command(filepath.Join(bin, "chatroom-client"), "-i", "0")
	client.Stdin = strings.NewReader("get\n")
	if out, err := client.CombinedOutput(); err != nil || string(out) != "> [ERROR]: not connected to a server\n> \n" {
		t.Errorf("%v\n%s", err, out)
	}
}
