package replica_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"

	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
	"synod/spawn/replica"
)

// counter is a machine of one's own: operations are added to a number, which is the answer.
type counter struct{ rsm.JSON[int] }

func (counter) New() int { return 0 }

func (counter) Execute(_ rsm.Slot, held, add int) (next, result int, ok bool) {
	return held + add, held + add, true
}

// A lone server of a machine of one's own, and a client. With two more servers it would go on when one of them is lost.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "counter-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx, stop := context.WithCancel(context.Background())
	ready, done := make(chan netip.AddrPort, 1), make(chan error)
	config := replica.Config{ID: 0, Port: 0, Count: 1, Dir: dir, Ready: func(at netip.AddrPort) { ready <- at }}
	go func() { done <- replica.Run(ctx, config, counter{}) }()

	client, err := replica.NewClient[int, int]([]netip.AddrPort{<-ready})
	if err != nil {
		panic(err)
	}
	fmt.Println(client.Do(ctx, 2))
	fmt.Println(client.Do(ctx, 40))
	fmt.Println(client.End(ctx), client.Close())
	stop()
	fmt.Println(<-done)
	// Output:
	// 2 <nil>
	// 42 <nil>
	// <nil> <nil>
	// <nil>
}

// A step that decides a slot changes the record of that slot alone.
func ExampleRecords_Changes() {
	records, err := replica.NewRecords[string]()
	if err != nil {
		panic(err)
	}
	command := rsm.Command[string]{ID: rsm.ID{Client: 7, Local: 1}, Op: "hello"}
	var before multipaxos.Durable[string]
	before.Decisions = before.Decisions.With(1, rsm.BatchOf[string]())
	after := before
	after.Decisions = after.Decisions.With(2, rsm.BatchOf(command))
	changes, err := records.Changes(before, after)
	for _, r := range changes {
		fmt.Printf("%s: %s\n", r.Name, r.Data)
	}
	fmt.Println(err)
	// Output:
	// decision 00000000000000000002: [{"id":{"client":7,"local":1},"op":"hello","end":false,"floor":0}]
	// <nil>
}
