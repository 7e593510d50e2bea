package commands_test

import (
	"fmt"
	"os"

	"synod/cli/extra"
	"synod/examples/commands"
)

// The commands that paxos has besides those of every catalogue.
func ExampleAll() {
	for _, of := range commands.All() {
		fmt.Println(of(&extra.Call{Name: "paxos", Stdout: os.Stdout, Stderr: os.Stderr}).Name())
	}
	// Output:
	// sweep
	// chat
	// harness
	// builders
}
