package scaffold

import (
	"path"
	"testing"
)

// TestModuleName names modules by their folders.
func TestModuleName(t *testing.T) {
	for folder, want := range map[string]string{"My Locks": "my-locks", path.Base(ModulePath): "locks", "...": "locks", "a.b": "a.b"} {
		if got := moduleName(folder); got != want {
			t.Errorf("%q: %q, want %q", folder, got, want)
		}
	}
}
