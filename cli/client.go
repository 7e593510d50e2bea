package cli

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"synod/actor"
	"synod/catalog"
	"synod/internal/command"
	"synod/internal/flagvalue"
	"synod/spawn"
	"synod/spawn/client"
	"synod/spawn/secure"
	"synod/spawn/service"
	"synod/spawn/transports"
)

// clientFlags are the flags common to all client commands.
type clientFlags struct {
	entries   catalog.Catalogue
	model     string
	servers   string
	server    flagvalue.Index
	transport flagvalue.Choice
	timeout   flagvalue.Duration
	retries   flagvalue.Count
	seed      flagvalue.Seed
	tls       command.TLS
}

func (f *clientFlags) add(cmd *cobra.Command) {
	set := cmd.Flags()
	*f = clientFlags{
		entries: f.entries,
		server:  -1, transport: transportChoice(), timeout: flagvalue.Duration(time.Second), retries: 3,
	}
	set.SortFlags = false
	set.StringVar(&f.model, "model", defaultServed(f.entries),
		"`model` of the servers: "+strings.Join(f.entries.Served(), ", "))
	words(cmd, "model", f.entries.Served)
	set.StringVar(&f.servers, "servers", "127.0.0.1:3000,127.0.0.1:3001,127.0.0.1:3002", "addresses of all servers, as `host:port,…`")
	set.Var(&f.server, "server", "index of the server to ask first, counting from 0 (default a random one)")
	set.Var(&f.transport, "transport", "transport of the servers")
	set.Var(&f.timeout, "timeout", "timeout of each attempt")
	set.Var(&f.retries, "retries", "retries: of operations that only read at the next server, of others at the same server")
	set.Var(&f.seed, "seed", "seed of all random choices (default random)")
	f.tls.Add(set)
}

// transportChoice returns the flag for a transport.
func transportChoice() flagvalue.Choice {
	return flagvalue.OneOf(transports.Names()[0], transports.Names()...)
}

// target is the cluster that a client uses.
type target struct {
	servers  []actor.ID
	names    []netip.AddrPort
	flags    *clientFlags
	random   *rand.Rand
	seed     uint64
	identity *secure.Identity // nil for none
}

func (f *clientFlags) target(set *pflag.FlagSet) (target, error) {
	t := target{flags: f, seed: rand.Uint64()}
	var err error
	if t.identity, err = f.tls.IdentityFor(f.transport.Value); err != nil {
		return t, err
	}
	for _, text := range strings.Split(f.servers, ",") {
		addr, err := spawn.ResolveAddress(text)
		if err != nil {
			return t, fmt.Errorf("--servers %q: %w", text, err)
		}
		id, err := spawn.IDOf(addr)
		if err != nil {
			return t, fmt.Errorf("--servers %q: %w", text, err)
		}
		t.servers, t.names = append(t.servers, id), append(t.names, addr)
	}
	if int(f.server) >= len(t.servers) {
		return t, fmt.Errorf("--server %d: must be the index of one of the %s in --servers, counting from 0",
			f.server, plural(len(t.servers), "server"))
	}
	if set.Changed("seed") {
		t.seed = uint64(f.seed)
	}
	t.random = rand.New(rand.NewPCG(t.seed, 0))
	return t, nil
}

// connect returns the configuration of a client, with its transport.
func (t target) connect() (client.Config, error) {
	c := client.Config{Servers: t.servers, Timeout: time.Duration(t.flags.timeout), Retries: int(t.flags.retries)}
	carrier, err := transports.Find(t.flags.transport.Value)
	if err == nil {
		c.Transport, err = carrier.Dial(t.local(), t.identity)
	}
	return c, err
}

// local returns the address to bind: one that every server can reply to, and a loopback address if all servers are
// local.
func (t target) local() netip.AddrPort {
	for _, name := range t.names {
		if !name.Addr().IsLoopback() {
			return netip.MustParseAddrPort("0.0.0.0:0")
		}
	}
	return netip.MustParseAddrPort("127.0.0.1:0")
}

// first returns the index of the server to ask first.
func (t target) first() int {
	if t.flags.server >= 0 {
		return int(t.flags.server)
	}
	return t.random.IntN(len(t.servers))
}

func (a *app) clientCommand() *cobra.Command {
	operations := a.operations()
	expected := fmt.Sprintf("expected %s or bench", strings.Join(operationNames(operations), ", "))
	cmd := &cobra.Command{
		Use:   "client",
		Short: "Send operations to running servers, or measure their performance",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("%q: %s", args[0], expected)
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error { return errors.New("client: " + expected) },
	}
	for _, o := range operations {
		cmd.AddCommand(a.operationCommand(o))
	}
	cmd.AddCommand(a.benchCommand())
	return cmd
}

// operations returns the client operations of all models, without duplicate names.
func (a *app) operations() []service.Info {
	var all []service.Info
	for _, e := range a.entries {
		if e.Servers == nil || e.Servers.Service == nil {
			continue
		}
		for _, o := range e.Servers.Service.Operations() {
			if !slices.ContainsFunc(all, func(p service.Info) bool { return p.Name == o.Name }) {
				all = append(all, o)
			}
		}
	}
	return all
}

func operationNames(operations []service.Info) []string {
	var all []string
	for _, o := range operations {
		all = append(all, o.Name)
	}
	return all
}

// operationCommand returns the command of an operation. Its arguments are those of the operation.
func (a *app) operationCommand(o service.Info) *cobra.Command {
	f := &clientFlags{entries: a.entries}
	outcome := "the outcome is unknown"
	if o.Reads {
		outcome = "no server answered"
	}
	cmd := &cobra.Command{
		Use:   strings.Join(append([]string{o.Name}, o.Arguments...), " "),
		Short: fmt.Sprintf("%s; exit code 3: %s", o.Doc, outcome),
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := a.entries.Asked(f.model)
			if err != nil {
				return err
			}
			call, err := e.Servers.Service.Parse(o.Name, args)
			if err != nil {
				return err
			}
			return a.operate(cmd, f, e.Servers.Service, call)
		},
	}
	f.add(cmd)
	return cmd
}

// operate performs one client call. The exit code indicates the result; an error is a usage error.
func (a *app) operate(cmd *cobra.Command, f *clientFlags, s service.Service, call service.Call) error {
	t, err := f.target(cmd.Flags())
	if err != nil {
		return err
	}
	config, err := t.connect()
	if err != nil {
		return err
	}
	defer config.Transport.Close()
	config.Service = s
	ctx, stop := command.Interruptible()
	defer stop()
	first := t.first()
	server := t.names[first].String()
	out, err := client.New(config).Do(ctx, first, call)
	switch {
	case err == nil:
		return a.print(s.Print(server, call, out) + "\n")
	case errors.Is(err, client.ErrRefused):
		err = errors.New(s.Print(server, call, out))
	case !call.Reads:
		err = fmt.Errorf("server %s: %w", server, err)
	}
	fmt.Fprintf(a.stderr, "%s: %v\n", a.name, err)
	a.code = command.Failed
	if errors.Is(err, client.ErrUnknown) || errors.Is(err, client.ErrUnanswered) {
		a.code = command.Unknown
	}
	return nil
}

func (a *app) benchCommand() *cobra.Command {
	f := &clientFlags{entries: a.entries}
	clients, operations, length := flagvalue.Positive(8), flagvalue.Positive(0), flagvalue.Duration(10*time.Second)
	reads, asJSON := flagvalue.Probability(0.5), false
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the throughput and latency of running servers",
		Args:  command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := a.entries.Asked(f.model)
			if err != nil {
				return err
			}
			t, err := f.target(cmd.Flags())
			if err != nil {
				return err
			}
			ctx, stop := command.Interruptible()
			defer stop()
			var configs []client.Config
			defer func() {
				for _, c := range configs {
					c.Transport.Close()
				}
			}()
			o, err := client.Bench(ctx, client.Load{
				Clients: int(clients), Duration: time.Duration(length), Operations: int(operations), Reads: float64(reads),
				Server: int(f.server), Seed: t.seed,
			}, func() (client.Config, error) {
				c, err := t.connect()
				if err == nil {
					c.Service = e.Servers.Service
					configs = append(configs, c)
				}
				return c, err
			})
			if err != nil {
				return err
			}
			if o.Writes+o.Reads == 0 {
				a.code = command.Unknown
			}
			if asJSON {
				return a.printJSON(o.Document(int(clients), len(t.servers)))
			}
			return a.print(o.Text(int(clients), len(t.servers)))
		},
	}
	f.add(cmd)
	set := cmd.Flags()
	set.Var(&clients, "clients", "number of concurrent clients")
	set.Var(&length, "duration", "duration of the load")
	set.Var(&operations, "operations", "stop after this many operations, if that is earlier")
	set.Var(&reads, "reads", "fraction of operations that only read")
	set.BoolVar(&asJSON, "json", false, "print one JSON document")
	return cmd
}
