package around_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"synod/catalog/around"
	"synod/examples/catalog"
	"synod/spawn"
	"synod/spawn/record"
	"synod/spawn/rehearse"
	"synod/spawn/replay"
)

// A server runs for a second of virtual time and is recorded. What can follow the third event of that with one more client?
func Example() {
	dir, err := os.MkdirTemp("", "around")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	entry, err := catalog.All().Find("single-copy")
	if err != nil {
		panic(err)
	}
	run := rehearse.Config{
		Program: entry.Servers.Program(nil), Service: entry.Servers.Service, Servers: 1, Clients: 2, Length: time.Second,
	}
	schedule, err := run.Schedule(1)
	if err != nil {
		panic(err)
	}
	if _, err := run.Write(ctx, dir, 1, schedule, record.Header{}); err != nil {
		panic(err)
	}
	records, err := replay.Open(filepath.Join(dir, rehearse.RecordName(0)))
	if err != nil {
		panic(err)
	}
	defer records.Close()

	x, err := around.Config{
		Event: 3, Steps: 10, Clients: 1, Puts: 1,
		Program: func(h *record.Header) (spawn.Program, error) { return catalog.All().Program(h.Model, h.Config) },
	}.Explore(ctx, catalog.All(), records)
	if err != nil {
		panic(err)
	}
	defer x.Close()
	x.WriteText(os.Stdout)
	fmt.Println(x.Verdict())
	// Output:
	// Event 3 of single-copy: 2 requests, 0 messages between servers.
	// holds       always "linearizable", in all that can follow with these clients
	// holds
}
