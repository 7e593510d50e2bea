package scaffold_test

import (
	"fmt"
	"os"
	"path/filepath"

	"synod/cli/scaffold"
)

// A module that uses the checkout which the working folder is in.
func Example() {
	dir, err := os.MkdirTemp("", "scaffold")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	checkout, err := scaffold.Checkout("")
	if err != nil {
		panic(err)
	}
	locks := filepath.Join(dir, "locks")
	if err := os.Mkdir(locks, 0o755); err != nil {
		panic(err)
	}
	name, err := scaffold.Write(locks, checkout)
	if err != nil {
		panic(err)
	}
	_, err = os.Stat(filepath.Join(locks, "main.go"))
	fmt.Println(name, err)
	// Output: locks <nil>
}
