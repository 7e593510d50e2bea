// Command etcd loads a running etcd, servers of "paxos spawn --model multi-paxos" with puts or gets of 100 bytes, or servers of
// "paxos builders server" with updates of as many, and prints how many were answered in a second, and how long they took. It is a module of its own, so that nothing else depends on etcd's
// client.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// attempt is how long a client waits for an answer.
const attempt = time.Second

func main() {
	servers := flag.String("servers", "127.0.0.1:2379", "addresses of the servers for clients, with commas between them")
	clients := flag.Int("clients", 64, "how many clients ask at once, one request each")
	duration := flag.Duration("duration", 10*time.Second, "how long")
	gets := flag.Bool("gets", false, "get instead of put")
	ours := flag.Bool("paxos", false, "the servers are those of paxos spawn instead of etcd's")
	updates := flag.Bool("builders", false, "the servers are those of paxos builders server instead of etcd's")
	flag.Parse()
	open := openEtcd
	switch {
	case *updates && *gets || *updates && *ours:
		fmt.Fprintln(os.Stderr, "-builders: must be without -gets and -paxos")
		os.Exit(2)
	case *updates:
		open = openBuilders
	case *ours:
		open = openPaxos
	}
	if err := run(open, strings.Split(*servers, ","), *clients, *duration, *gets); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// store is a client of a key-value store. Each is used by one goroutine.
type store interface {
	put(ctx context.Context, key, value string) error
	get(ctx context.Context, key string) error
	close() error
}

// client is what one client saw.
type client struct {
	times  []time.Duration // of each request that was answered
	pause  time.Duration   // the longest time between two answers
	failed int             // requests without an answer
}

func run(
	open func(servers []string) (store, error), servers []string, clients int, duration time.Duration, gets bool,
) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), duration)
	defer cancel()
	all := make([]client, clients)
	var wait sync.WaitGroup
	begin := time.Now()
	for i := range all {
		// Each begins with the server whose turn it is.
		first := i % len(servers)
		s, opened := open(slices.Concat(servers[first:], servers[:first]))
		if opened != nil {
			err = opened
			break
		}
		defer func() { err = errors.Join(err, s.close()) }()
		wait.Go(func() { all[i].load(ctx, s, i, gets) })
	}
	wait.Wait()
	if err != nil {
		return err
	}
	return report(all, time.Since(begin))
}

// load asks until the context ends.
func (c *client) load(ctx context.Context, s store, number int, gets bool) {
	value := strings.Repeat("v", 100)
	last := time.Now()
	for n := 0; ctx.Err() == nil; n++ {
		key := fmt.Sprintf("key-%d-%d", number, n%100)
		began := time.Now()
		var err error
		if gets {
			err = s.get(ctx, key)
		} else {
			err = s.put(ctx, key, value)
		}
		now := time.Now()
		switch {
		case err == nil:
			c.times = append(c.times, now.Sub(began))
			c.pause, last = max(c.pause, now.Sub(last)), now
		case ctx.Err() == nil:
			c.failed++
		}
	}
}

func report(all []client, took time.Duration) error {
	var times []time.Duration
	var pause time.Duration
	failed := 0
	for _, c := range all {
		times, pause, failed = append(times, c.times...), max(pause, c.pause), failed+c.failed
	}
	if len(times) == 0 {
		return errors.New("nothing was answered: are there servers?")
	}
	slices.Sort(times)
	at := func(share float64) time.Duration {
		return times[int(share*float64(len(times)-1))].Round(10 * time.Microsecond)
	}
	fmt.Printf("%.0f/s, p50 %v, p99 %v, longest pause of a client %v, %d without an answer\n",
		float64(len(times))/took.Seconds(), at(0.5), at(0.99), pause.Round(time.Millisecond), failed)
	return nil
}
