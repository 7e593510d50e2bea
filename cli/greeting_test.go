package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"synod/examples/catalog"
)

// TestBeware makes sure that anyone who binds more than this machine is told what that means. Nothing is bound here.
func TestBeware(t *testing.T) {
	for bound, warned := range map[string]bool{"127.0.0.1": false, "127.0.0.2": false, "0.0.0.0": true, "192.0.2.1": true} {
		f := new(spawnFlags)
		cmd := &cobra.Command{}
		f.add(cmd, catalog.All())
		f.host, f.ephemeral = bound, true
		p, err := f.plan(cmd.Flags(), catalog.Program)
		if err != nil {
			t.Fatal(err)
		}
		if got := beware(p.host); strings.HasPrefix(got, "Warning") != warned {
			t.Errorf("bound to %s: %q", bound, got)
		}
	}
}
