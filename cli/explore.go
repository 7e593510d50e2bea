package cli

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"synod/checker"
	"synod/explorer"
	"synod/internal/command"
)

const (
	defaultAddress = "localhost:3000"
	// exploreMemory bounds a check that a user starts from the page and leaves running.
	exploreMemory = 4 << 30
	// spareThreads are threads of the runtime in addition to one per core: a search keeps all cores busy, and a request
	// would wait many milliseconds until the runtime preempts it.
	spareThreads = 2
)

func (a *app) exploreCommand() *cobra.Command {
	f := &flags{entries: a.entries, engine: engine{
		workers: "number of goroutines of the check (default one per core)",
		timeout: "stop the check after this time, such as 30s or 5m",
	}}
	var idle bool
	cmd := &cobra.Command{
		Use:   "explore [CLIENT_COUNT] [ADDRESS] [NETWORK]",
		Short: "Explore a model in a browser, beside a running check",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			address, rest, err := takeAddress(args)
			if err != nil {
				return err
			}
			p, err := f.plan(cmd, rest)
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("memory-limit") {
				p.options.MemoryLimit = exploreMemory
			}
			return a.explore(p, address, idle)
		},
	}
	cmd.Flags().SortFlags = false
	f.addModel(cmd.Flags())
	f.addSearch(cmd.Flags())
	// In the explorer, message loss should be visible.
	cmd.Flags().Lookup("lossy").NoOptDefVal = "explicit"
	cmd.Flags().Lookup("memory-limit").Usage += " (4 GiB unless given)"
	cmd.Flags().BoolVar(&idle, "idle", false, "start without a check; the page can start one")
	f.complete(cmd)
	return cmd
}

// takeAddress removes the address from the positional arguments: the second one, or the first one if no client count
// precedes it.
func takeAddress(args []string) (address string, rest []string, err error) {
	for i, arg := range args[:min(2, len(args))] {
		if !strings.Contains(arg, ":") {
			continue
		}
		if _, _, err := net.SplitHostPort(arg); err != nil {
			return "", nil, fmt.Errorf("address %q: expected a host and a port, such as %s", arg, defaultAddress)
		}
		return arg, slices.Delete(slices.Clone(args), i, i+1), nil
	}
	if len(args) > 2 {
		return "", nil, fmt.Errorf("address %q: expected a host and a port, such as %s", args[1], defaultAddress)
	}
	return defaultAddress, args, nil
}

// explore serves the page until a signal arrives.
func (a *app) explore(p plan, address string, idle bool) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if p.options.Workers == 0 {
		p.options.Workers = runtime.GOMAXPROCS(0)
	}
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + spareThreads)
	var models []explorer.Model
	for _, e := range a.entries {
		models = append(models, e)
	}
	s, err := explorer.New(explorer.Config{
		Models: models, Model: p.entry.Name, Settings: p.settings.Words(), Check: p.options, Hosts: names(host),
		Log: slog.New(slog.NewTextHandler(a.stderr, nil)),
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		s.Close()
		var inner *net.OpError
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return fmt.Errorf("address %q: %w", address, err)
	}
	ctx, stop := command.Interruptible()
	defer stop()
	a.greet(a.stdout, p, l.Addr(), host)
	if !idle {
		if err := s.StartCheck(explorer.CheckRequest{}); err != nil {
			s.Close()
			return err
		}
	}
	a.code = checker.ExitOK
	return s.Serve(ctx, l)
}

// greet prints the address of the page.
func (a *app) greet(w io.Writer, p plan, at net.Addr, host string) {
	_, port, err := net.SplitHostPort(at.String())
	if err != nil {
		port = ""
	}
	ip, err := netip.ParseAddr(host)
	everywhere := host == "" || err == nil && ip.IsUnspecified()
	shown := host
	if everywhere {
		shown = "localhost"
	}
	fmt.Fprintf(w, "Exploring %s.\nOpen http://%s/ in a browser; Ctrl-C ends it.\n", p, net.JoinHostPort(shown, port))
	if everywhere || err == nil && !ip.IsLoopback() || err != nil && host != "localhost" {
		fmt.Fprintln(a.stderr, "Everybody who can reach this address can walk the model and start checks.")
	}
}

// names returns the host names under which a server may be reached.
func names(host string) []string {
	var all []string
	if _, err := netip.ParseAddr(host); err != nil && host != "" {
		all = append(all, strings.ToLower(host))
	}
	if own, err := os.Hostname(); err == nil && host != "localhost" {
		all = append(all, strings.ToLower(own))
	}
	return all
}
