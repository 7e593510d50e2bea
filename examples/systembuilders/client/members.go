package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"text/tabwriter"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"synod/examples/systembuilders/hosts"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/paxospb"
	"synod/paxos/systembuilders/transportpb"
	"synod/spawn/secure"
)

// changePatience is how long to wait for a server to change the members before another one is asked.
const changePatience = 10 * time.Second

// Cluster is a cluster whose members may change. Hosts is required: some of its servers.
type Cluster struct {
	Hosts    hosts.List
	Identity *secure.Identity // nil for none
	Patience time.Duration    // how long to wait for an answer; 0 means 30 s
}

// ErrRefused is returned if the servers refuse a request: repeating it is useless.
var ErrRefused = errors.New("refused")

// ErrSilent is returned if no server answered in time. A change may still take effect.
var ErrSilent = errors.New("no server answered in time")

// refusals are the status codes with which any server would refuse the request.
var refusals = []codes.Code{codes.FailedPrecondition, codes.InvalidArgument, codes.Unimplemented, codes.AlreadyExists}

// Members returns the members as one of the servers knows them. If ordered is set, they are the members at a point in
// the order of updates that is not before this call.
func (c Cluster) Members(ctx context.Context, ordered bool) (*transportpb.MembersReply, error) {
	return c.ask(ctx, func(ctx context.Context, s transportpb.MembershipServiceClient) (*transportpb.MembersReply, error) {
		return s.Members(ctx, &transportpb.MembersRequest{Ordered: ordered})
	})
}

// Change changes the members, and returns them once the change has taken effect.
func (c Cluster) Change(ctx context.Context, change *paxospb.MemberChange) (*transportpb.MembersReply, error) {
	r := &transportpb.ChangeMembersRequest{
		ClientId:  node.ChangeClients + rand.Uint64N(node.OwnClients-node.ChangeClients),
		Timestamp: uint64(time.Now().UnixNano()), Change: change,
	}
	return c.ask(ctx, func(ctx context.Context, s transportpb.MembershipServiceClient) (*transportpb.MembersReply, error) {
		return s.ChangeMembers(ctx, r)
	})
}

// ask asks one server after the other until one answers.
func (c Cluster) ask(
	ctx context.Context,
	what func(context.Context, transportpb.MembershipServiceClient) (*transportpb.MembersReply, error),
) (*transportpb.MembersReply, error) {
	if c.Patience == 0 {
		c.Patience = 30 * time.Second
	}
	servers, err := connections(c.Hosts, c.Identity)
	if err != nil {
		return nil, err
	}
	defer closeAll(servers)
	whole, cancel := context.WithTimeout(ctx, c.Patience)
	defer cancel()
	problem := errors.New("nobody is there")
	for whole.Err() == nil {
		for _, to := range servers {
			attempt, stop := context.WithTimeout(whole, changePatience)
			reply, err := what(attempt, transportpb.NewMembershipServiceClient(to.conn))
			stop()
			switch code := status.Code(err); {
			case err == nil:
				return reply, nil
			case slices.Contains(refusals, code):
				return nil, fmt.Errorf("%w by the server at %v: %s", ErrRefused, to.host, status.Convert(err).Message())
			}
			if whole.Err() == nil {
				problem = fmt.Errorf("the server at %v: %s", to.host, status.Convert(err).Message())
			}
		}
		select {
		case <-time.After(5 * shortPause):
		case <-whole.Done():
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, fmt.Errorf("%w: %w", ErrSilent, problem)
}

// PrintMembers prints a line for each member.
func PrintMembers(w io.Writer, r *transportpb.MembersReply) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, m := range r.GetMembers() {
		leads := ""
		if r.GetLed() && r.GetLeader() == m.GetNodeId() {
			leads = "\tleads"
		}
		fmt.Fprintf(t, "%d\t%s%s\n", m.GetNodeId(), m.GetAddress(), leads)
	}
	if err := t.Flush(); err != nil || r.GetChanges() == 0 {
		return err
	}
	_, err := fmt.Fprintf(w, "%d changes have yet to take effect.\n", r.GetChanges())
	return err
}
