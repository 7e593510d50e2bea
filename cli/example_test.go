package cli_test

import (
	"fmt"
	"os"
	"strings"

	"synod/cli"
	"synod/examples/catalog"
)

func ExampleCommand_Run() {
	code := cli.Command{Entries: catalog.All()}.Run([]string{"check-bfs", "--model", "two-phase-commit", "--managers", "0"}, strings.NewReader(""), os.Stdout, os.Stdout)
	fmt.Println("exit code", code)
	// Output:
	// paxos: --managers "0": expected a whole number of at least 1
	// exit code 2
}
