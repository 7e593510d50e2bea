// Package client is a client of servers of "Paxos for System Builders" for people and scripts: it reads lines, has
// each ordered as an update by any of the servers, and prints its position in the order. It uses the published client
// protocol.
package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
	rpc "google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	"synod/examples/systembuilders/hosts"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/paxospb"
	"synod/paxos/systembuilders/transportpb"
	"synod/spawn/grpc"
	"synod/spawn/secure"
)

// The bounds of a client.
const (
	maxLine = 32 << 10 // bytes
	// askPatience is how long the client waits for a server before it sends the update to another one; it is ordered
	// only once.
	askPatience = 3 * time.Second
	shortPause  = 20 * time.Millisecond // before the next server is asked, if one refused at once
)

// prompt is printed before each line, on a terminal.
const prompt = "Enter an update: "

// Settings configures a client. Hosts, In and Out are required.
type Settings struct {
	Hosts    hosts.List
	Identity *secure.Identity // nil for none
	ID       uint64           // below node.OwnClients; 0 means a random one
	// First is the timestamp of the first update; 0 means nanoseconds since 1970. Servers treat an update with a
	// timestamp that its client has used before as the same update, so it must be greater than in earlier runs.
	First    uint64
	In       io.Reader // lines; there is a prompt if it is a terminal
	Out, Err io.Writer // for ordered updates, and for servers that cannot be reached
	// Patience is how long to wait for an update to be ordered; 0 means 30 s.
	Patience time.Duration
	// Connect is how long to wait initially for servers that cannot be reached; 0 means 2 s.
	Connect time.Duration
}

// ErrNotOrdered is returned if an update was not ordered in time. It may still be ordered later.
var ErrNotOrdered = errors.New("an update was not ordered in time, and may still be")

// server is a server of the cluster.
type server struct {
	host hosts.Host
	conn *rpc.ClientConn
}

// dialogue is a running client.
type dialogue struct {
	Settings
	servers  []server
	next     uint64
	prompted bool
}

// Run reads lines until the end of the input, or until the context ends. It skips empty lines, and continues
// after an update that was not ordered.
func Run(ctx context.Context, o Settings) error {
	s := &dialogue{Settings: o, next: o.First}
	for s.ID == 0 {
		s.ID = rand.Uint64N(node.ChangeClients)
	}
	if s.next == 0 {
		s.next = uint64(time.Now().UnixNano())
	}
	if s.Patience == 0 {
		s.Patience = 30 * time.Second
	}
	if s.Connect == 0 {
		s.Connect = 2 * time.Second
	}
	if file, ok := o.In.(*os.File); ok {
		s.prompted = term.IsTerminal(int(file.Fd()))
	}
	defer func() { closeAll(s.servers) }()
	if err := s.connect(ctx); err != nil {
		return err
	}
	return s.lines(ctx)
}

// connections returns connections to all servers, which connect on first use.
func connections(all hosts.List, who *secure.Identity) (servers []server, err error) {
	_, dials := grpc.Credentials(who)
	for _, h := range all {
		conn, err := grpc.Connect(h.String(), dials, grpc.Anybodys)
		if err != nil {
			closeAll(servers)
			return nil, err
		}
		servers = append(servers, server{h, conn})
	}
	return servers, nil
}

func closeAll(servers []server) {
	for _, to := range servers {
		_ = to.conn.Close() // Nothing is in flight.
	}
}

// connect connects to all servers, and prints which of them cannot be reached.
func (s *dialogue) connect(ctx context.Context) error {
	var err error
	if s.servers, err = connections(s.Hosts, s.Identity); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.Connect)
	defer cancel()
	away := make([]bool, len(s.servers))
	var done sync.WaitGroup
	for i, to := range s.servers {
		to.conn.Connect()
		done.Go(func() {
			for state := to.conn.GetState(); state != connectivity.Ready; state = to.conn.GetState() {
				if state == connectivity.TransientFailure || !to.conn.WaitForStateChange(ctx, state) {
					away[i] = true
					return
				}
			}
		})
	}
	done.Wait()
	for i, is := range away {
		if is {
			fmt.Fprintf(s.Err, "Server %d at %v cannot be reached.\n", i, s.servers[i].host)
		}
	}
	return nil
}

// errLong is returned for a line that is too long.
var errLong = fmt.Errorf("a line has more than %d bytes, which is the most that an update may have", maxLine)

// lines has each line ordered, one after the other.
func (s *dialogue) lines(ctx context.Context) error {
	in := bufio.NewReaderSize(s.In, maxLine+2)
	var failed error
	for ctx.Err() == nil {
		if s.prompted {
			fmt.Fprint(s.Out, prompt)
		}
		line, err := in.ReadSlice('\n')
		text := strings.TrimRight(string(line), "\r\n")
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			if err := skipLine(in); err != nil {
				return errors.Join(errLong, err)
			}
			text, failed = "", errLong
			fmt.Fprintf(s.Err, "%v.\n", errLong)
		case err != nil && !errors.Is(err, io.EOF):
			return err
		}
		if text != "" {
			if err := s.order(ctx, text); err != nil {
				if !errors.Is(err, ErrNotOrdered) {
					return err
				}
				failed = err
				fmt.Fprintf(s.Err, "Not ordered: %q.\n", text)
			}
		}
		if errors.Is(err, io.EOF) {
			if s.prompted {
				fmt.Fprintln(s.Out)
			}
			return failed
		}
	}
	return failed
}

// skipLine reads the rest of a line.
func skipLine(in *bufio.Reader) error {
	for {
		_, err := in.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// order has an update ordered by one of the servers, and sends it to another one if that does not answer.
func (s *dialogue) order(ctx context.Context, text string) error {
	u := &paxospb.ClientUpdate{ClientId: s.ID, Timestamp: s.next, Update: []byte(text)}
	s.next++
	whole, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	last := -1
	for whole.Err() == nil {
		last = s.choose(last)
		u.NodeId = uint64(last)
		attempt, stop := context.WithTimeout(whole, askPatience)
		o, err := transportpb.NewClientServiceClient(s.servers[last].conn).ClientUpdate(attempt, u)
		stop()
		switch code := status.Code(err); {
		case err == nil:
			_, err := fmt.Fprintln(s.Out, "Ordered update: "+describe(o))
			return err
		case code == codes.AlreadyExists:
			_, err := fmt.Fprintf(s.Err, "Ordered before, and where is no longer known: %s\n", printable(text))
			return err
		case code == codes.InvalidArgument || code == codes.Unimplemented:
			return fmt.Errorf("server %d refuses: %s", last, status.Convert(err).Message())
		}
		select {
		case <-time.After(shortPause):
		case <-whole.Done():
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return ErrNotOrdered
}

// describe formats the position of an update, its client and its text.
func describe(o *paxospb.GloballyOrderedUpdate) string {
	u := o.GetUpdate()
	return fmt.Sprintf("%d, of client %d at %d: %s",
		o.GetSeq(), u.GetClientId(), u.GetTimestamp(), printable(string(u.GetUpdate())))
}

// printable returns the text, or quotes it if it is not a single printable line.
func printable(text string) string {
	for _, r := range text {
		if !strconv.IsPrint(r) {
			return strconv.Quote(text)
		}
	}
	return text
}

// choose returns a random server: not the last one, and a connected one if possible.
func (s *dialogue) choose(last int) int {
	var there, others []int
	for i, to := range s.servers {
		if i == last {
			continue
		}
		others = append(others, i)
		if to.conn.GetState() == connectivity.Ready {
			there = append(there, i)
		} else {
			to.conn.Connect() // It may be up again.
		}
	}
	switch {
	case len(there) > 0:
		return there[rand.IntN(len(there))]
	case len(others) > 0:
		return others[rand.IntN(len(others))]
	}
	return last
}
