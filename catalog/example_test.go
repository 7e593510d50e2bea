package catalog_test

import (
	"context"
	"fmt"

	"synod/catalog"
	"synod/checker"
	"synod/examples/pingpong"
	"synod/model"
	"synod/network"
)

// An entry of one's own, for a model that is written elsewhere.
var game = catalog.Entry{
	Name:       "game",
	Summary:    "Two players send a ball to and fro",
	Parameters: []catalog.Parameter{{Name: "hits", Doc: "hits of the game", Default: 5, Min: 1, Max: 100}},
	Networks:   network.All(),
	Unfailing:  true,
	Model: func(c catalog.Choice) (model.Source, error) {
		return pingpong.System(pingpong.Config{Hits: c.Values["hits"], Config: c.Config}), nil
	},
}

func ExampleEntry() {
	entries := catalog.Catalogue{game}
	fmt.Println(entries.Validate(), entries.Names())

	source, err := entries.Default().Build(catalog.Settings{Values: map[string]int{"hits": 7}})
	if err != nil {
		panic(err)
	}
	r := checker.BFS(context.Background(), source, checker.Options{})
	defer r.Close()
	fmt.Println(r.Unique, r.Depth)

	_, err = game.Build(catalog.Settings{Network: "carrier-pigeon"})
	fmt.Println(err)
	// Output:
	// <nil> [game]
	// 7 7
	// unknown network "carrier-pigeon": expected one of unordered_nonduplicating, ordered, unordered_duplicating
}
