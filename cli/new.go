package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"synod/cli/scaffold"
)

func (a *app) newCommand() *cobra.Command {
	var checkout string
	cmd := &cobra.Command{
		Use:   "new DIR",
		Short: "Create a Go module with a protocol, its model, and this command for both",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return errors.New("new: expected the folder of the module, such as ../locks")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.newModule(args[0], checkout) },
	}
	cmd.Flags().StringVar(&checkout, "checkout", "",
		"the `folder` with the sources of "+scaffold.ModulePath+", which the new module uses (the one around the working folder)")
	return cmd
}

// newModule writes the module.
func (a *app) newModule(dir, checkout string) error {
	checkout, err := scaffold.Checkout(checkout)
	if err != nil {
		return err
	}
	if err := emptyFolder("new", dir); err != nil {
		return err
	}
	name, err := scaffold.Write(dir, checkout)
	if err != nil {
		return err
	}
	return a.print(fmt.Sprintf("Wrote the module %s, which uses %s. Try there:\n  go run . check-bfs\n  go run . help\n  go test ./...\n",
		name, checkout))
}
