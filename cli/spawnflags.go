package cli

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"synod/catalog"
	"synod/internal/command"
	"synod/internal/flagvalue"
	"synod/spawn"
	"synod/spawn/faults"
	"synod/spawn/host"
	"synod/spawn/transports"
)

// spawnFlags are the flags of the command spawn.
type spawnFlags struct {
	name      string // of the command
	entries   catalog.Catalogue
	model     string
	servers   flagvalue.Positive
	host      string
	port      flagvalue.Port
	transport flagvalue.Choice
	options   serverOptions
	only      flagvalue.Index
	peers     string

	dataDir   string
	ephemeral bool
	verbose   int
	logFormat flagvalue.Choice
	metrics   string
	heartbeat flagvalue.Interval
	record    string
	tls       command.TLS

	faults  faults.Plan
	seed    flagvalue.Seed
	control bool
}

// maxSpawned is the maximum number of servers of a cluster.
const maxSpawned = 64

func (f *spawnFlags) add(cmd *cobra.Command, entries catalog.Catalogue) {
	*f = spawnFlags{
		name: f.name, entries: entries,
		servers: 3, port: 3000, only: -1,
		transport: transportChoice(), logFormat: flagvalue.OneOf("text", "text", "json"),
		heartbeat: flagvalue.Interval(time.Second),
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.StringVar(&f.model, "model", defaultSpawned(entries),
		"`model` whose servers to run: "+strings.Join(entries.Spawnable(), ", "))
	set.Var(&f.servers, "servers", fmt.Sprintf("number of servers, at most %d", maxSpawned))
	f.options.add(set, entries, false)
	set.StringVar(&f.host, "host", "127.0.0.1", "IPv4 `address` or host name to bind")
	set.Var(&f.port, "port", "port of the first server; the others use the following ones. 0 chooses free ports")
	set.Var(&f.transport, "transport", transports.Describe())
	set.Var(&f.only, "only", "run only this server of --peers, counting from 0, in this process")
	set.StringVar(&f.peers, "peers", "", "addresses of all servers of the cluster, as `host:port,…`; with --only")
	set.StringVar(&f.dataDir, "data-dir", "", "`folder` for persisted state (default a new temporary one)")
	set.BoolVar(&f.ephemeral, "ephemeral", false, "do not persist state; a restarted server starts empty")
	set.CountVarP(&f.verbose, "verbose", "v", "log messages; -vv logs timers and saves too")
	set.Lookup("verbose").NoOptDefVal = "+1"
	set.Var(&f.logFormat, "log-format", "format of the log on standard error")
	set.StringVar(&f.metrics, "metrics", "",
		"serve metrics for Prometheus, /healthz and /readyz at this `address`, such as 127.0.0.1:9090")
	set.Var(&f.heartbeat, "heartbeat", "interval of heartbeats between servers; 0 disables them")
	set.StringVar(&f.record, "record", "", "append every event of the servers to this `file`, for paxos replay")
	f.tls.Add(set)
	for _, setting := range faults.Settings() {
		set.Var(&flagvalue.FaultFlag{Setting: setting, Plan: &f.faults}, setting.Word, setting.Doc)
	}
	set.Var(&f.seed, "seed", "seed of faults, timers and choices (default random)")
	set.BoolVar(&f.control, "control", false, "accept commands that change faults, on sockets in the data folder")
	words(cmd, "model", entries.Spawnable)
	f.options.help(cmd, entries, false)
	words(cmd, "transport", func() []string { return f.transport.Known })
	words(cmd, "log-format", func() []string { return f.logFormat.Known })
}

// spawnPlan is the configuration of spawn, validated as far as possible without opening anything.
type spawnPlan struct {
	flags *spawnFlags
	host  host.Config // except the log
}

// programs returns the program of a model's servers; catalogues have such a method.
type programs func(model string, v catalog.Variant) (spawn.Program, error)

// defaultSpawned returns the default model of spawn.
func defaultSpawned(entries catalog.Catalogue) string {
	if names := entries.Spawnable(); len(names) > 0 {
		return names[0]
	}
	return entries.Default().Name // which is rejected with a reason
}

// plan validates the flags.
func (f *spawnFlags) plan(set *pflag.FlagSet, program programs) (spawnPlan, error) {
	p := spawnPlan{flags: f, host: host.Config{
		Only: -1, Transport: f.transport.Value, DataDir: f.dataDir, Ephemeral: f.ephemeral, Metrics: f.metrics,
		Heartbeat: time.Duration(f.heartbeat), Record: f.record, Faults: f.faults, Control: f.control, Seed: rand.Uint64(),
	}}
	if set.Changed("seed") {
		p.host.Seed = uint64(f.seed)
	}
	var err error
	if p.host.Variant, err = f.options.variant(set, f.entries, f.model, false); err != nil {
		return p, err
	}
	if p.host.Program, err = program(f.model, p.host.Variant); err != nil {
		return p, err
	}
	if p.host.Identity, err = f.tls.IdentityFor(f.transport.Value); err != nil {
		return p, err
	}
	if f.ephemeral && set.Changed("data-dir") && !f.control {
		return p, errors.New("--ephemeral cannot be combined with --data-dir")
	}
	if set.Changed("data-dir") && f.dataDir == "" {
		return p, errors.New("--data-dir requires a folder name")
	}
	if set.Changed("record") && f.record == "" {
		return p, errors.New("--record requires a file name")
	}
	if set.Changed("metrics") {
		if _, _, err := net.SplitHostPort(f.metrics); err != nil {
			return p, fmt.Errorf("--metrics %q: expected an address with a port, such as 127.0.0.1:9090", f.metrics)
		}
	}
	if set.Changed("only") != set.Changed("peers") {
		return p, errors.New("--only and --peers require each other: the index of this server, " +
			"and the addresses of all, such as --only 0 --peers 127.0.0.1:3000,127.0.0.1:3001")
	}
	if set.Changed("only") {
		return p, f.planOne(set, &p.host)
	}
	return p, f.planAll(&p.host)
}

// planAll puts all servers into this process.
func (f *spawnFlags) planAll(p *host.Config) error {
	if f.servers > maxSpawned {
		return fmt.Errorf("--servers %d: expected at most %d", f.servers, maxSpawned)
	}
	if last := int(f.port) + int(f.servers) - 1; f.port != 0 && last > math.MaxUint16 {
		return fmt.Errorf("--port %d: %d servers would need the port %d, expected at most %d",
			f.port, f.servers, last, math.MaxUint16)
	}
	ip, err := spawn.ResolveHost(f.host)
	if err != nil {
		return fmt.Errorf("--host %q: %w", f.host, err)
	}
	for i := range int(f.servers) {
		var m host.Member
		m.Bind = netip.AddrPortFrom(ip, uint16(f.port))
		if f.port != 0 {
			m.Bind = netip.AddrPortFrom(ip, uint16(int(f.port)+i))
		}
		p.Members = append(p.Members, m)
	}
	return nil
}

// planOne puts one server of the peers into this process.
func (f *spawnFlags) planOne(set *pflag.FlagSet, p *host.Config) error {
	p.Only = int(f.only)
	if set.Changed("servers") {
		return errors.New("--servers cannot be combined with --peers, which lists the servers")
	}
	for _, text := range strings.Split(f.peers, ",") {
		addr, err := spawn.ResolveAddress(text)
		if err != nil {
			return fmt.Errorf("--peers %q: %w", text, err)
		}
		for _, m := range p.Members {
			if m.Name == addr {
				return fmt.Errorf("--peers lists %v twice", addr)
			}
		}
		p.Members = append(p.Members, host.Member{Bind: addr, Name: addr})
	}
	if len(p.Members) > maxSpawned {
		return fmt.Errorf("--peers: %d servers; at most %d are supported", len(p.Members), maxSpawned)
	}
	if p.Only >= len(p.Members) {
		return fmt.Errorf("--only %d: must be the index of one of the %d servers in --peers, counting from 0",
			p.Only, len(p.Members))
	}
	bind := &p.Members[p.Only].Bind
	if set.Changed("host") {
		ip, err := spawn.ResolveHost(f.host)
		if err != nil {
			return fmt.Errorf("--host %q: %w", f.host, err)
		}
		*bind = netip.AddrPortFrom(ip, bind.Port())
	}
	if set.Changed("port") {
		*bind = netip.AddrPortFrom(bind.Addr(), uint16(f.port))
	}
	return nil
}
