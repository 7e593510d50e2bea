package commands

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"synod/cli/extra"
	"synod/examples/systembuilders/client"
	"synod/examples/systembuilders/hosts"
	"synod/examples/systembuilders/server"
	"synod/internal/command"
	"synod/internal/flagvalue"
	"synod/paxos/systembuilders/node"
)

// Builders returns the command that runs servers of Paxos for System Builders, or uses them.
func Builders(call *extra.Call) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "builders",
		Short: "Run or use servers of Paxos for System Builders",
		Args:  command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fmt.Errorf("expected server, client or members; %s --help lists them", cmd.CommandPath())
		},
	}
	cmd.AddCommand(BuildersServer(call), BuildersClient(call), buildersMembers(call))
	return cmd
}

// builderFlags are the common flags of servers and clients.
type builderFlags struct {
	hostfile string
	port     builderPort
	tls      command.TLS
}

// buildersPort is the port of servers whose line has none.
const buildersPort = 2346

func (f *builderFlags) add(set *pflag.FlagSet) {
	f.port = buildersPort
	set.SortFlags = false
	set.StringVarP(&f.hostfile, "hostfile", "h", "hostfile",
		"`file` with one line for each server, host or host:port; the index of the line, from 0, is the id of the server")
	set.VarP(&f.port, "port", "p", "port of servers without one in the hostfile")
}

// addHelp defines --help before cobra does, which would use the letter h for it.
func addHelp(set *pflag.FlagSet) { set.Bool("help", false, "print this help") }

func (f *builderFlags) hosts() (hosts.List, error) { return hosts.ReadFile(f.hostfile, uint16(f.port)) }

// builderPort is the value of a flag for the port of a server.
type builderPort uint16

func (p *builderPort) String() string { return strconv.Itoa(int(*p)) }
func (p *builderPort) Type() string   { return "number" }

func (p *builderPort) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n < hosts.FirstPort {
		return fmt.Errorf("must be a port from %d to %d", hosts.FirstPort, hosts.LastPort)
	}
	*p = builderPort(n)
	return nil
}

// BuildersServer returns the stand-alone server command, with the published flags.
func BuildersServer(call *extra.Call) *cobra.Command {
	var f builderFlags
	id, verbose, dir := flagvalue.Index(-1), false, "."
	var fresh, changing, join bool
	cmd := &cobra.Command{
		Use:   "server",
		Short: "Run this machine's server from the hostfile",
		Args:  command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := f.hosts()
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("data-dir") && dir == "" {
				return errors.New("--data-dir: must be the name of a folder")
			}
			if join && fresh {
				return errors.New("--new and --join: must be one of them; a server that joins is new")
			}
			c := server.Member{Hosts: all, Dir: dir, New: fresh, Changing: changing, Join: join}
			if c.Identity, err = f.tls.Identity(); err != nil {
				return err
			}
			machine, err := hosts.This()
			if err != nil {
				return err
			}
			if c.ID, err = all.Self(machine, int(id)); err != nil {
				return err
			}
			if c.Listener, err = server.Listen(all[c.ID]); err != nil {
				return err
			}
			level := slog.LevelWarn
			if verbose {
				level = slog.LevelDebug
			}
			c.Log = slog.New(slog.NewTextHandler(call.Stderr, &slog.HandlerOptions{Level: level}))
			ctx, stop := command.Serving()
			defer stop()
			switch err := server.Run(ctx, c); {
			case errors.Is(err, server.ErrMistake):
				return err
			case err != nil:
				fmt.Fprintf(call.Stderr, "%s: server %d: %v\n", call.Name, c.ID, err)
				call.Code = command.Failed
			}
			return nil
		},
	}
	set := cmd.Flags()
	f.add(set)
	set.VarP(&id, "id", "i", "id of the server to run, if this machine has several lines")
	set.BoolVarP(&verbose, "verbose", "v", false, "print every message and timeout on standard error")
	set.StringVar(&dir, "data-dir", dir, "`folder` of the server's file, ID.paxos")
	set.BoolVar(&fresh, "new", false, "the server never ran before: without a file it does not ask the others what it may have "+
		"promised, which servers of the published library cannot answer")
	set.BoolVar(&changing, "changing", false, "the membership may change: set this on all servers of the cluster, with --new on their "+
		"first start. The hostfile has the first members")
	set.BoolVar(&join, "join", false, "the server joins a cluster with --changing, with an id that was never used. It asks the "+
		"servers of the hostfile for the members; then add it with 'members add'")
	f.tls.Add(set)
	addHelp(set)
	return cmd
}

// BuildersClient returns the stand-alone client command.
func BuildersClient(call *extra.Call) *cobra.Command {
	var f builderFlags
	var id uint64
	cmd := &cobra.Command{
		Use:   "client",
		Short: "Send lines as updates to servers of Paxos for System Builders",
		Args:  command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := f.hosts()
			if err != nil {
				return err
			}
			if id >= node.OwnClients {
				return fmt.Errorf("--id %d: must be below %d", id, uint64(node.OwnClients))
			}
			c := client.Settings{Hosts: all, ID: id, In: cmd.InOrStdin(), Out: call.Stdout, Err: call.Stderr}
			if c.Identity, err = f.tls.Identity(); err != nil {
				return err
			}
			ctx, stop := command.Interruptible()
			defer stop()
			err = client.Run(ctx, c)
			if err != nil && ctx.Err() == nil {
				fmt.Fprintf(call.Stderr, "%s: %v\n", call.Name, err)
				call.Code = command.Failed
			}
			return nil
		},
	}
	set := cmd.Flags()
	f.add(set)
	set.Uint64VarP(&id, "id", "i", 0, "`number` of this client; 0 for a random one. Concurrent clients must have different numbers")
	f.tls.Add(set)
	addHelp(set)
	return cmd
}
