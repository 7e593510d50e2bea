package catalog_test

import (
	"context"
	"fmt"

	"synod/catalog"
	"synod/checker"
	shipped "synod/examples/catalog"
)

func ExampleFind() {
	e, err := shipped.Find("two-phase-commit")
	if err != nil {
		panic(err)
	}
	src, err := e.Build(catalog.Settings{Values: map[string]int{"managers": 5}})
	if err != nil {
		panic(err)
	}
	r := checker.BFS(context.Background(), src, checker.Options{})
	defer r.Close()
	fmt.Println(r.Unique, r.Generated, r.Depth)

	_, err = e.Build(catalog.Settings{Network: "ordered"})
	fmt.Println(err)
	// Output:
	// 8832 58146 17
	// model two-phase-commit has no network; remove --network
}
