package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"synod/catalog"
	"synod/checker"
	"synod/consistency"
	"synod/consistency/oplog"
	"synod/internal/command"
	"synod/internal/flagvalue"
	"synod/internal/outfile"
)

// verify is an invocation of the command verify.
type verify struct {
	entries     catalog.Catalogue
	model       string
	file        string
	spec        flagvalue.Choice
	consistency flagvalue.Choice
	initial     string
	timeout     flagvalue.Duration
	explain     flagvalue.Duration
	memoryLimit flagvalue.Size
	maxWindow   flagvalue.Positive
	html        string
	ignore      []string
	json        bool
}

func (a *app) verifyCommand() *cobra.Command {
	v := &verify{
		entries:     a.entries,
		spec:        flagvalue.Choice{Known: oplog.Specs()},
		consistency: flagvalue.OneOf(oplog.Linearizable, oplog.Linearizable, oplog.Sequential),
		explain:     flagvalue.Duration(30 * time.Second), memoryLimit: 1 << 30, maxWindow: 20_000,
	}
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check a recorded history of client operations, also from Jepsen",
		Long: "Check a history of operations: JSON lines as described in docs/histories.md, a Jepsen history.edn, or a Jepsen log.\n" +
			"The exit code is 0 if the history is consistent, 1 if not, 2 for a usage error, a line that cannot\n" +
			"be read or a file that is not a history, and 3 if there was nothing to check or it could not be decided in time.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("verify: expected one history, or - for standard input, not %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			v.file = args[0]
			var err error
			a.code, err = v.run(a, cmd.Flags().Changed("initial"), cmd.InOrStdin())
			return err
		},
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.Var(&v.spec, "spec", "the sequential object (default the one named in the file)")
	set.StringVar(&v.model, "model", "", "the `model` whose clients recorded it, for a custom object")
	words(cmd, "model", v.entries.Served)
	set.Var(&v.consistency, "consistency", "consistency to check: linearizable is decided key by key and window by window,\n"+
		"sequential is decided for the whole history at once, which limits it to short ones")
	set.StringVar(&v.initial, "initial", "", "initial value of a register or of each key of a kv: a number or a `text`\n(default the one named in the file, or none)")
	set.StringSliceVar(&v.ignore, "ignore", nil, "extra `keywords` of Jepsen operations to ignore, such as op-timeout,node-ip")
	set.Var(&v.timeout, "timeout", "report undecided after this time, such as 30s or 5m")
	set.Var(&v.explain, "explain-timeout", "time limit of the search for the first inconsistent answer of a violating history")
	set.Var(&v.memoryLimit, "memory-limit", "report undecided when a window or its search uses this much memory, such as 500MB or 2GiB")
	set.Var(&v.maxWindow, "max-window", "report undecided when more than this many operations on a key overlap without a pause")
	set.StringVar(&v.html, "html", "", "write porcupine's visualisation of the violation to a `file`")
	set.BoolVar(&v.json, "json", false, "print one JSON document")
	return cmd
}

// run checks a history, prints the result and returns the exit code.
func (v *verify) run(a *app, initial bool, stdin io.Reader) (int, error) {
	var page *outfile.File
	if v.html != "" {
		var err error
		if page, err = outfile.New("html", v.html); err != nil {
			return 0, err
		}
	}
	begin := time.Now()
	d := oplog.Document{Schema: oplog.Schema, File: v.file, Consistency: v.consistency.Value}
	in, err := v.open(stdin) // signals keep their default action: standard input may never end
	if err != nil {
		return 0, err
	}
	defer in.Close()
	first, err := v.scan(in)
	if err != nil {
		return 0, err
	}
	h := oplog.History{Header: first.Header(), Format: first.Format()}
	running, stop := command.Interruptible()
	defer stop()
	ctx := running
	if v.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, begin.Add(time.Duration(v.timeout)))
		defer cancel()
	}
	config := oplog.Config{
		Spec: h.Header.Spec, Initial: h.Header.Initial, MaxWindow: int(v.maxWindow), MaxMemory: int64(v.memoryLimit),
	}
	if config.Spec == oplog.Custom {
		if config.Object, err = v.object(); err != nil {
			return 0, err
		}
	}
	if initial {
		config.Initial = valueOfFlag(v.initial)
	}
	if config.Spec == "" {
		return 0, fmt.Errorf("%s does not name its object; add --spec %s", v.file, strings.Join(oplog.Specs(), "|"))
	}
	if err := config.Validate(); err != nil {
		return 0, err
	}
	result, torn, err := v.check(ctx, in, config)
	h.Torn = torn
	var line *oplog.LineError
	if err != nil && !errors.As(err, &line) {
		return 0, err
	}
	d.Fill(h, result, line)
	code := exitOf(d.Verdict)
	if !v.json { // Print the verdict before it is explained.
		if err := a.print(d.VerdictText()); err != nil {
			return 0, err
		}
	}
	explaining, cancel := context.WithTimeout(running, time.Duration(v.explain))
	defer cancel()
	result.Explain(explaining)
	d.Findings = result.Documents()
	d.Runtime.Seconds = time.Since(begin).Seconds()
	if page != nil {
		if err := writePage(page, result, a.stderr); err != nil {
			return 0, err
		}
	}
	if v.json {
		return code, command.WriteJSON(a.stdout, d)
	}
	return code, a.print(d.ExplanationText(result))
}

// object returns the behaviour of a custom object, as defined by the model.
func (v *verify) object() (oplog.Object, error) {
	if v.model == "" {
		return nil, fmt.Errorf("the history is of a custom object; add --model with the model of its servers, %s",
			strings.Join(v.entries.Served(), ", "))
	}
	e, err := v.entries.Asked(v.model)
	if err != nil {
		return nil, err
	}
	object := e.Servers.Service.Check().Object
	if object == nil {
		return nil, fmt.Errorf("--model %s: what its clients see is not a custom object", v.model)
	}
	return object, nil
}

// open opens the history. Input that can be read only once is copied to a private temporary file, because the history
// is read twice.
func (v *verify) open(stdin io.Reader) (*os.File, error) {
	in := stdin
	if v.file != "-" {
		f, err := os.Open(v.file)
		if err != nil {
			var inner *os.PathError
			if errors.As(err, &inner) {
				err = inner.Err
			}
			return nil, fmt.Errorf("%q cannot be read (%w); pass a history file", v.file, err)
		}
		info, err := f.Stat()
		if err == nil && info.IsDir() {
			f.Close()
			return nil, fmt.Errorf("%q is a folder; pass a history file", v.file)
		}
		if err == nil && info.Mode().IsRegular() {
			return f, nil
		}
		defer f.Close()
		in = f
	}
	copied, err := os.CreateTemp("", "paxos-verify-*")
	if err != nil {
		return nil, err
	}
	if err = os.Remove(copied.Name()); err == nil {
		_, err = io.Copy(copied, in)
	}
	if err != nil {
		copied.Close()
		return nil, err
	}
	return copied, nil
}

// scan returns a scanner that starts at the beginning of the history.
func (v *verify) scan(in *os.File) (*oplog.Scanner, error) {
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	s, err := oplog.NewScanner(in, oplog.ReadConfig{Spec: oplog.Spec(v.spec.Value), Ignore: v.ignore})
	if err != nil {
		err = fmt.Errorf("%q: %w", v.file, err)
	}
	return s, err
}

// check checks the history. It also returns how much of an incomplete last line was ignored.
func (v *verify) check(ctx context.Context, in *os.File, config oplog.Config) (oplog.Result, int, error) {
	if v.consistency.Value == oplog.Sequential {
		if _, err := in.Seek(0, io.SeekStart); err != nil {
			return oplog.Result{}, 0, err
		}
		h, err := oplog.Load(in, oplog.ReadConfig{Spec: config.Spec, Ignore: v.ignore})
		if err != nil {
			return oplog.Result{}, 0, err
		}
		r, err := oplog.CheckSequential(ctx, h, config)
		return r, h.Torn, err
	}
	var last *oplog.Scanner
	r, err := oplog.CheckScans(ctx, func() (s *oplog.Scanner, err error) {
		s, err = v.scan(in)
		if last == nil {
			last = s
		}
		return s, err
	}, config)
	if last == nil {
		return r, 0, err
	}
	return r, last.Torn(), err
}

// valueOfFlag parses a number, or returns the text if it is not a number.
func valueOfFlag(text string) oplog.Value {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return oplog.Number(n)
	}
	return oplog.Text(text)
}

// exitOf returns the exit code of a verdict.
func exitOf(verdict string) int {
	switch verdict {
	case consistency.Holds.String():
		return checker.ExitOK
	case consistency.Violated.String():
		return checker.ExitViolated
	case oplog.Unreadable:
		return checker.ExitUsage
	}
	return checker.ExitUndecided
}

// pageTime bounds the search for the longest orders shown on a page.
const pageTime = 30 * time.Second

// writePage writes porcupine's page of the first finding, and reports on stderr if there is none.
func writePage(page *outfile.File, r oplog.Result, stderr io.Writer) error {
	if len(r.Findings) == 0 {
		page.Untouched(stderr, "There is no operation to blame")
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), pageTime)
	defer cancel()
	var b bytes.Buffer
	if err := r.Findings[0].Page(ctx, &b); err != nil {
		return err
	}
	return page.Replace(b.Bytes())
}
