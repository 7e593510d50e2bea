package catalog_test

import (
	"maps"
	"strings"
	"testing"

	"synod/examples/catalog"
)

// Every option of every entry can be said in words, and opening with what Open gave is opening the same.
func TestWords(t *testing.T) {
	for _, e := range catalog.All() {
		config := make(map[string]string)
		for _, o := range e.Options() {
			config[o.Name] = o.Default
			if o.Optional && o.Name != "mutant" && o.Name != "timers-last" && o.Name != "one-copy" && len(o.Values) > 0 {
				config[o.Name] = o.Values[0]
			}
		}
		full, source, err := e.Open(config)
		if err != nil || source == nil {
			t.Fatalf("%s %v: %v", e.Name, config, err)
		}
		for name, word := range config {
			if full[name] != word {
				t.Errorf("%s: %s is %q, want %q", e.Name, name, full[name], word)
			}
		}
		again, _, err := e.Open(full)
		if err != nil || !maps.Equal(again, full) {
			t.Errorf("%s: %v became %v, %v", e.Name, full, again, err)
		}
	}
}

func TestWordsRefused(t *testing.T) {
	e := catalog.Default()
	for config, want := range map[[2]string]string{
		{"clients", "many"}:     "expected a whole number",
		{"clients", "0"}:        "takes 1 to",
		{"managers", "3"}:       "has no managers",
		{"network", "carrier"}:  "unknown network",
		{"lossy", "yes please"}: "expected explicit",
		{"mutant", "none such"}: "unknown mutant",
	} {
		_, _, err := e.Open(map[string]string{config[0]: config[1]})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", config, err, want)
		}
	}
}

func TestBudgetsInWords(t *testing.T) {
	config := map[string]string{
		"retry": "1", "lossy": "auto", "max-down": "1", "max-crashes": "2", "max-drops": "3", "max-timeouts": "4",
		"timers-last": "on", "max-partitions": "5",
	}
	full, source, err := catalog.Default().Open(config)
	if err != nil {
		t.Fatal(err)
	}
	space, err := source.Space()
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	limits := make(map[string]int)
	for _, b := range space.Report().Budgets {
		limits[b.Name] = b.Limit
	}
	want := map[string]int{"down at once": 1, "crashes": 2, "losses": 3, "timeouts": 4, "partitions": 5}
	if !maps.Equal(limits, want) {
		t.Errorf("limits %v, want %v", limits, want)
	}
	for name, word := range config {
		if full[name] != word {
			t.Errorf("%s is %q, want %q", name, full[name], word)
		}
	}
	for name, word := range map[string]string{"max-down": "1001", "max-drops": "some", "timers-last": "1", "lossy": "no"} {
		if _, _, err := catalog.Default().Open(map[string]string{name: word}); err == nil {
			t.Errorf("%s %q was not refused", name, word)
		}
	}
}
