package cli

import (
	"bytes"
	"strings"
	"testing"

	"synod/catalog"
	shipped "synod/examples/catalog"
	"synod/model"
)

// TestOwnCatalogue makes sure that a catalogue is taken whatever its entries are called, with or without those of this module,
// and that what cannot be a flag is refused with a reason.
func TestOwnCatalogue(t *testing.T) {
	own := shipped.Default()
	own.Name, own.Servers, own.Mutants = "own", nil, nil
	own.Model = func(c catalog.Choice) (model.Source, error) { return shipped.Default().Model(c) }
	call := func(entries catalog.Catalogue, args ...string) (int, string) {
		var stdout, stderr bytes.Buffer
		code := Command{Name: "mine", Entries: entries}.Run(args, strings.NewReader(""), &stdout, &stderr)
		return code, stdout.String() + stderr.String()
	}
	both := append(catalog.Catalogue{own}, shipped.All()...)
	for _, tt := range []struct {
		entries catalog.Catalogue
		args    string
		code    int
		want    string
	}{
		{catalog.Catalogue{own}, "models", 0, "own "},
		{catalog.Catalogue{own}, "check 1 --progress off", 0, "Checked own, clients=1"},
		{catalog.Catalogue{own}, "check --model abd", 2, "mine: unknown model \"abd\": expected own"},
		{catalog.Catalogue{own}, "spawn", 2, "the model own has no servers to run: no model here has any"},
		{catalog.Catalogue{own}, "mutate", 2, "there is none"},
		{both, "check 1 --progress off", 0, "Checked own"},
		{both, "check 1 --model single-decree --progress off", 0, "Checked single-decree"},
		{nil, "models", 2, "no entry"},
		{append(both, own), "models", 2, "two models are named own"},
	} {
		if code, out := call(tt.entries, strings.Fields(tt.args)...); code != tt.code || !strings.Contains(out, tt.want) {
			t.Errorf("%s: exit code %d, want %d and %q in\n%s", tt.args, code, tt.code, tt.want, out)
		}
	}
	for _, name := range []string{"workers", "model", "help", "max-down", "Servers"} {
		wrong := own
		wrong.Parameters = append([]catalog.Parameter{{Name: name, Max: 3}}, own.Parameters...)
		if code, out := call(catalog.Catalogue{wrong}, "models"); code != 2 || !strings.Contains(out, name) {
			t.Errorf("a parameter %s: exit code %d\n%s", name, code, out)
		}
	}
	mixed := own
	mixed.Name = "mixed"
	mixed.Parameters = append([]catalog.Parameter{{Name: "retry", Doc: "so often", Default: 1, Max: 9}}, own.Parameters[:5]...)
	mixed.Model = func(c catalog.Choice) (model.Source, error) {
		if c.Values["retry"] != 7 {
			t.Errorf("retry is %d", c.Values["retry"])
		}
		c.Values["retry"] = 0
		return own.Model(c)
	}
	entries := catalog.Catalogue{own, mixed}
	if code, out := call(entries, "check", "1", "--model", "mixed", "--retry=7", "--progress", "off"); code != 0 {
		t.Errorf("a number where another model has a switch: exit code %d\n%s", code, out)
	}
}
