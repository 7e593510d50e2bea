package extra_test

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"synod/catalog"
	"synod/cli"
	"synod/cli/extra"
	"synod/examples/pingpong"
	"synod/model"
)

// A program with a command of its own.
func ExampleCommand() {
	hello := func(c *extra.Call) *cobra.Command {
		return &cobra.Command{Use: "hello", RunE: func(*cobra.Command, []string) error {
			c.Code = 3
			_, err := fmt.Fprintf(c.Stdout, "%s says hello\n", c.Name)
			return err
		}}
	}
	entry := catalog.Entry{
		Name: "ping-pong", Summary: "Two players",
		Model: func(catalog.Choice) (model.Source, error) { return pingpong.System(pingpong.Default), nil },
	}
	program := cli.Command{Name: "mine", Entries: catalog.Catalogue{entry}, Extra: []extra.Command{hello}}
	fmt.Println(program.Run([]string{"hello"}, os.Stdin, os.Stdout, os.Stderr))
	// Output:
	// mine says hello
	// 3
}
