package harness_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"synod/examples/chatroom/harness"
	"synod/trace"
)

// Every test is written so that it is read as it was.
func TestWrite(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	told := func(test harness.Test) string {
		var b strings.Builder
		for _, s := range test.Steps {
			fmt.Fprintln(&b, s.Command)
		}
		return b.String()
	}
	written := func(test harness.Test) harness.Test {
		t.Helper()
		var b strings.Builder
		if err := test.Write(&b); err != nil {
			t.Fatal(err)
		}
		again, err := harness.Parse("again", []byte(b.String()))
		if err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
		return again
	}
	for _, file := range files {
		test := read(t, filepath.Base(file))
		if got, want := told(written(test)), told(test); got != want {
			t.Errorf("%s became\n%s\nwant\n%s", file, got, want)
		}
	}
	if got := written(harness.Test{}); len(got.Steps) != 0 {
		t.Errorf("an empty test has %d commands", len(got.Steps))
	}
}

// TestConvert makes a test of a path with a crash, a partition and a command that is sent again.
func TestConvert(t *testing.T) {
	request := func(client, command, op string, server string) trace.Step {
		return trace.Step{
			Kind: "deliver", From: client, Actor: server, Message: fmt.Sprintf("Request(id %s, %s)", command, op),
		}
	}
	d := trace.Document{
		Model: "multi-paxos", Config: map[string]string{"servers": "2"},
		Traces: []trace.Trace{{Kind: trace.Violation, Property: "p", Steps: []trace.Step{
			{Kind: "deliver", From: "server 0", Actor: "server 1", Message: "P1a(ballot 1.0, slot 0)"},
			request("client 2", "2.1", `append "A"`, "server 0"),
			request("client 2", "2.1", `append "A"`, "server 1"),
			request("client 3", "3.1", "read", "server 1"),
			{Kind: "crash", Actor: "server 0"},
			{Kind: "recover", Actor: "server 0"},
			{Kind: "partition", Key: "partition 1", Actor: "network"},
			request("client 4", "4.1", "put k B", "server 0"),
			{Kind: "deliver", From: "server 1", Actor: "client 3", Message: "Reply(...)"},
			request("client 5", "5.1", "get k", "server 0"),
			{Kind: "crash", Actor: "server 1"},
		}}},
	}
	test, err := harness.Convert(d)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, s := range test.Steps {
		fmt.Fprintln(&b, s.Command)
	}
	const want = `Start { id: 0, port: 10000, count: 2 }
Start { id: 1, port: 10001, count: 2 }
Connect { id: 0 }
Connect { id: 1 }
Put { id: 0, message: "A" }
Crash { id: 0 }
Start { id: 0, port: 10000, count: 2 }
Connect { id: 0 }
Partition { groups: [[1]] }
Put { id: 0, message: "put k B" }
Get { id: 1 }
Crash { id: 1 }
Heal
Start { id: 1, port: 10001, count: 2 }
Connect { id: 1 }
Sleep { ms: 3000 }
Get { id: 0 }
Expect { same: true }
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	d.Config = map[string]string{"servers": "2", "changes": "1", "members": "1", "next-members": "2"}
	d.Traces[0].Steps = []trace.Step{
		request("client 3", "3.1", "members 0, 1", "server 0"),
		{Kind: "crash", Actor: "server 1"},
		{Kind: "deliver", From: "server 0", Actor: "client 3", Message: "Reply(...)"},
	}
	if test, err = harness.Convert(d); err != nil {
		t.Fatal(err)
	}
	changed := fmt.Sprint(test.Steps[1].Command, test.Steps[5].Command)
	if changed != "Start { id: 1, port: 10001, count: 2, members: [0] } Reconfigure { id: 0, members: [0, 1] }" {
		t.Errorf("got %s of %v", changed, test.Steps)
	}
	d.Config = nil
	if _, err := harness.Convert(d); err == nil || !strings.Contains(err.Error(), "must be one of Multi-Paxos") {
		t.Errorf("a path of something else: %v", err)
	}
	if _, err := harness.Convert(trace.Document{}); err == nil {
		t.Error("a document without a path is converted")
	}
}
