package hosts_test

import (
	"fmt"
	"strings"

	"synod/examples/systembuilders/hosts"
)

func Example() {
	all, err := hosts.Read(strings.NewReader("one.example\ntwo.example:3000\n"), 2346)
	if err != nil {
		panic(err)
	}
	for id, host := range all {
		fmt.Println(id, host)
	}
	fmt.Println(all.Self(hosts.Machine{Name: "two.example"}, -1))
	// Output:
	// 0 one.example:2346
	// 1 two.example:3000
	// 1 <nil>
}
