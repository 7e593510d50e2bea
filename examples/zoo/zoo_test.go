package zoo_test

import (
	"fmt"
	"testing"

	"synod/catalog"
	shipped "synod/examples/catalog"
	"synod/examples/zoo"
)

// TestDistinct makes sure that there are many mutants, and that no two are alike as far as a search can tell: in what they
// break, by how long a path, and in how many states and transitions were met.
func TestDistinct(t *testing.T) {
	killed := 0
	seen := make(map[string]string)
	for _, e := range shipped.All() {
		for _, m := range zoo.Mutants(e.Name) {
			name := e.Name + " " + m.Name
			if m.Found == (catalog.Found{}) {
				t.Errorf("%s does not say what is found: run go test ./catalog/hunt -update", name)
			}
			if !m.Safe() {
				killed++
			}
			key := fmt.Sprint(m.Breaks, m.Found)
			if seen[key] != "" {
				t.Errorf("%s and %s are alike: %q, %s", name, seen[key], m.Breaks, m.Found)
			}
			seen[key] = name
		}
	}
	if killed < 30 {
		t.Errorf("%d mutants are killed; expected at least 30", killed)
	}
}
