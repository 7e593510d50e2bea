package commands

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"synod/cli/extra"
	"synod/examples/systembuilders/client"
	"synod/examples/systembuilders/hosts"
	"synod/internal/command"
	"synod/paxos/systembuilders/paxospb"
	"synod/paxos/systembuilders/transportpb"
)

// buildersMembers returns the command that lists and changes the members of a cluster.
func buildersMembers(call *extra.Call) *cobra.Command {
	list := membersCommand(call, "members", "List or change the members of a cluster with --changing",
		func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("%q: must be add or remove, or nothing to list the members; see %s --help",
					args[0], cmd.CommandPath())
			}
			return nil
		}, nil)
	add := membersCommand(call, "add ID=HOST:PORT", "Add a server that was started with --join",
		oneArgument("ID=HOST:PORT"), func(arg string) (*paxospb.MemberChange, error) {
			m, err := parseMember(arg)
			return &paxospb.MemberChange{Add: []*paxospb.Member{m}}, err
		})
	remove := membersCommand(call, "remove ID", "Remove a server; it can never become a member again",
		oneArgument("ID"), func(arg string) (*paxospb.MemberChange, error) {
			id, err := parseMemberID(arg)
			return &paxospb.MemberChange{Remove: []uint64{id}}, err
		})
	list.AddCommand(add, remove)
	return list
}

// oneArgument returns an error unless a command has exactly one argument.
func oneArgument(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("%d arguments: must be one, %s; see %s --help", len(args), name, cmd.CommandPath())
		}
		return nil
	}
}

// membersCommand returns a command that changes the members if parse is not nil, and prints them.
func membersCommand(
	call *extra.Call, use, short string, args cobra.PositionalArgs, parse func(arg string) (*paxospb.MemberChange, error),
) *cobra.Command {
	var f builderFlags
	cmd := &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: func(_ *cobra.Command, args []string) error {
			ask := func(ctx context.Context, c client.Cluster) (*transportpb.MembersReply, error) {
				return c.Members(ctx, false)
			}
			if parse != nil {
				change, err := parse(args[0])
				if err != nil {
					return err
				}
				ask = func(ctx context.Context, c client.Cluster) (*transportpb.MembersReply, error) {
					return c.Change(ctx, change)
				}
			}
			all, err := f.hosts()
			if err != nil {
				return err
			}
			c := client.Cluster{Hosts: all}
			if c.Identity, err = f.tls.Identity(); err != nil {
				return err
			}
			ctx, stop := command.Interruptible()
			defer stop()
			reply, err := ask(ctx, c)
			if errors.Is(err, client.ErrSilent) || err != nil && ctx.Err() != nil {
				fmt.Fprintf(call.Stderr, "%s: %v\n", call.Name, err)
				call.Code = command.Failed
				return nil
			}
			if err != nil {
				return err
			}
			return client.PrintMembers(call.Stdout, reply)
		},
	}
	set := cmd.Flags()
	f.add(set)
	f.tls.Add(set)
	addHelp(set)
	return cmd
}

// parseMember parses ID=HOST:PORT.
func parseMember(text string) (*paxospb.Member, error) {
	name, place, found := strings.Cut(text, "=")
	if !found {
		return nil, fmt.Errorf("%q: must be ID=HOST:PORT, such as 3=127.0.0.1:2349", text)
	}
	id, err := parseMemberID(name)
	if err != nil {
		return nil, err
	}
	h, err := hosts.Parse(place)
	if err != nil {
		return nil, err
	}
	return &paxospb.Member{NodeId: id, Address: h.String()}, nil
}

func parseMemberID(text string) (uint64, error) {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil || id >= hosts.MaxServers {
		return 0, fmt.Errorf("server %q: must be an id, 0 to %d", text, hosts.MaxServers-1)
	}
	return id, nil
}
