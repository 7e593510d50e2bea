package cli

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestVerifyWaits makes sure that Ctrl-C ends a verify which waits for the rest of its input: nobody knows when that comes.
func TestVerifyWaits(t *testing.T) {
	path, err := exec.LookPath("paxos")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "verify", "-")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(time.Minute, func() {
		t.Error("it is still waiting")
		_ = cmd.Process.Kill()
	})
	defer late.Stop()
	// More than a pipe holds, so that it is reading for sure.
	fmt.Fprintln(stdin, `{"format":"synod.history/1","spec":"register"}`)
	for range 10_000 {
		if _, err := fmt.Fprintln(stdin, `{"type":"invoke","process":1,"op":"read"}`+"\n"+`{"type":"ok","process":1,"value":null}`); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("it ended as if its input had")
	}
}
