//go:build unix

package torture_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"synod/spawn/nemesis"
	"synod/spawn/torture"
)

// Three processes, of which one is killed and started again, and another one stands still for a while. The command is
// this test itself, which serves when it is told to.
func Example() {
	dir, err := os.MkdirTemp("", "torture-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	cluster, err := torture.Start(ctx, torture.Config{Servers: 3, Dir: dir, Command: command})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = cluster.Obey(ctx, nemesis.Schedule{Servers: 3, Duration: 50 * time.Millisecond, Faults: []nemesis.Fault{
		{Kind: nemesis.Kill, At: 0, For: 10 * time.Millisecond, Servers: []int{0}},
		{Kind: nemesis.Pause, At: 20 * time.Millisecond, For: 10 * time.Millisecond, Servers: []int{1}},
	}})
	tally := cluster.Tally()
	fmt.Println(len(cluster.Addresses), "servers:", &tally, err)
	fmt.Println(cluster.Close())
	// Output:
	// 3 servers: kill 1, pause 1 <nil>
	// <nil>
}
