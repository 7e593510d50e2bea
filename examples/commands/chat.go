package commands

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"synod/cli/extra"
	"synod/examples/chatroom"
	"synod/examples/chatroom/client"
	"synod/examples/chatroom/server"
	"synod/internal/command"
	"synod/spawn"
)

// Chat returns the command that runs servers of a chatroom, or uses them.
func Chat(c *extra.Call) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "chat",
		Short: "Run or use a chatroom replicated by Multi-Paxos",
		Args:  command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fmt.Errorf("expected server or client; %s --help lists them", cmd.CommandPath())
		},
	}
	cmd.AddCommand(ChatServer(c), ChatClient(c))
	return cmd
}

// chatServerFlags are the flags of a server, with the letters of the published program.
type chatServerFlags struct {
	id, count, port, timeout, verbose int
	host, peers, control              string
	dir, members                      string
	fresh                             bool
}

// ChatServer returns the stand-alone server command of a chatroom, with the flags of the published program.
func ChatServer(call *extra.Call) *cobra.Command {
	var f chatServerFlags
	cmd := &cobra.Command{
		Use:   "server",
		Short: "Run a server of a chatroom",
		Args:  command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.config(cmd.Flags())
			if err != nil {
				return err
			}
			c.Log = server.NewLog(call.Stdout, f.id, server.Level(f.verbose))
			ctx, stop := command.Serving()
			defer stop()
			if err := server.Run(ctx, c); err != nil {
				fmt.Fprintf(call.Stderr, "%s: server %d: %v\n", call.Name, f.id, err)
				call.Code = command.Failed
			}
			return nil
		},
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.IntVarP(&f.count, "count", "c", 0, "number of `servers` in the cluster")
	set.IntVarP(&f.id, "id", "i", 0, "index of this server, counting from 0")
	set.IntVarP(&f.port, "port", "p", 0, "port for clients")
	set.IntVarP(&f.timeout, "timeout", "t", int(server.DefaultTimeout.Milliseconds()),
		"`milliseconds` without a message from the leader after which another server tries to lead")
	set.CountVarP(&f.verbose, "verbose", "v", "log to standard output; -vv logs messages, too; -vvv timers and saves, too")
	set.Lookup("verbose").NoOptDefVal = "+1"
	set.StringVar(&f.host, "host", "127.0.0.1", "IPv4 `address` for clients")
	set.StringVar(&f.peers, "peers", "", fmt.Sprintf(
		"addresses of the servers for each other, as `host:port,…` (default 127.0.0.1, ports from %d on)", server.FirstPeerPort))
	set.StringVar(&f.dir, "data-dir", "", "`folder` of the server's file, ID.paxos (default the working directory)")
	set.BoolVar(&f.fresh, "fresh", false, "delete the server's file first")
	set.StringVar(&f.members, "members", "",
		"`ids` of the servers that vote at first, such as 0,1,2; clients can change them then (default: all always vote)")
	set.StringVar(&f.control, "control", "", "path of a `socket` that accepts commands to change faults")
	return cmd
}

func (f *chatServerFlags) config(set *pflag.FlagSet) (server.Config, error) {
	c := server.Config{ID: f.id, Count: f.count, Dir: f.dir, Fresh: f.fresh, Control: f.control}
	if err := command.Required(set, "count", "id", "port"); err != nil {
		return c, err
	}
	if f.port < 1 || f.port > 65535 {
		return c, fmt.Errorf("--port %d: must be 1 to 65535", f.port)
	}
	if f.timeout < 1 || f.timeout > 3_600_000 {
		return c, fmt.Errorf("--timeout %d: must be 1 to 3600000 milliseconds", f.timeout)
	}
	c.Timeout = time.Duration(f.timeout) * time.Millisecond
	host, err := spawn.ResolveHost(f.host)
	if err != nil {
		return c, fmt.Errorf("--host %q: %w", f.host, err)
	}
	c.Clients = netip.AddrPortFrom(host, uint16(f.port))
	if set.Changed("peers") {
		for _, text := range strings.Split(f.peers, ",") {
			at, err := spawn.ResolveAddress(text)
			if err != nil {
				return c, fmt.Errorf("--peers %q: %w", text, err)
			}
			c.Peers = append(c.Peers, at)
		}
	}
	if set.Changed("members") {
		ids, err := chatroom.ParseMembers(f.members, f.count)
		if err != nil {
			return c, fmt.Errorf("--%w", err)
		}
		for _, id := range ids {
			c.Members = append(c.Members, int(id))
		}
	}
	if set.Changed("data-dir") && f.dir == "" {
		return c, errors.New("--data-dir: must be the name of a folder")
	}
	return c, c.Validate()
}

// ChatClient returns the stand-alone client command.
func ChatClient(call *extra.Call) *cobra.Command {
	var id uint64
	cmd := &cobra.Command{
		Use:   "client",
		Short: "Chat on a terminal, or send lines from a pipe",
		Args:  command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := command.Required(cmd.Flags(), "id"); err != nil {
				return err
			}
			return client.Run(context.Background(), client.Options{ID: id, In: cmd.InOrStdin(), Out: call.Stdout})
		},
	}
	cmd.Flags().Uint64VarP(&id, "id", "i", 0, "number of this client; concurrent clients must have different numbers")
	return cmd
}
