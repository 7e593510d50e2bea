package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"synod/internal/command"
	"synod/spawn"
	"synod/storage"
)

func (a *app) inspectCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "inspect FILE",
		Short: "Print the data file of a stopped server, without changing it",
		Long: "Print the server, the contents and any damage of a data file; docs/running.md describes the format.\n" +
			"The file is not changed. The exit code is 0 if a server would start with it, 1 if it is damaged, and 2 if it is not\n" +
			"a data file, or a server has it open.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("inspect: expected one data file, such as data/139637976796088.paxos, not %d", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := storage.Inspect(args[0])
			if r == nil {
				return err
			}
			var damage *storage.Damage
			if errors.As(err, &damage) {
				a.code = command.Failed
			}
			return writeReport(a.stdout, r, damage, err)
		},
	}
}

// writeReport prints the contents of a data file.
func writeReport(w io.Writer, r *storage.Report, damage *storage.Damage, err error) error {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s %s\n", name, fmt.Sprintf(format, args...))
	}
	if r.Identity != (storage.Identity{}) {
		line("server", "%s, actor %v", spawn.Describe(r.Identity.Actor), r.Identity.Actor)
		line("model", "%s, version %d", r.Identity.Model, r.Identity.Version)
		line("cluster", "%s", r.Identity.Cluster)
	}
	if r.To > 0 {
		line("log", "batches %d to %d in bytes %d to %d, room to byte %d of %d", r.First, r.Last, r.From, r.To-1, r.Room-1, r.Size)
	}
	if r.Unmarked > 0 {
		line("", "the mark is %d behind the last batch, as after a loss of power", r.Unmarked)
	}
	if r.Torn {
		line("", "a partial write from a crash, at bytes %d to %d; no message depended on it", r.TornFrom, r.TornTo-1)
	}
	for _, record := range r.Records {
		line("record", "%s %s", shownData([]byte(record.Name)), shownData(record.Data))
	}
	switch {
	case damage == nil:
		line("sound", "a server would start with this file")
	case len(r.Records) > 0:
		line("damaged", "these records may be outdated: %v", err)
	default:
		line("damaged", "%v", err)
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// shownData returns data that is one line of text unchanged, and other data quoted.
func shownData(data []byte) string {
	text := string(data)
	if text != "" && utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return text
	}
	return fmt.Sprintf("%q", text)
}
