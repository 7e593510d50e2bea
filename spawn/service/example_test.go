package service_test

import (
	"fmt"

	"synod/examples/registers/wire"
)

// The service of a register, which the catalogue's servers have in common.
func Example() {
	put, err := wire.Register.Parse("put", []string{"X"})
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := wire.Register.Append(nil, 7, put)
	fmt.Println(string(data), err)
	a, ok := wire.Register.Answer([]byte(`{"PutOk":7}`))
	fmt.Println(a.Number, ok, wire.Register.Print("the server", put, a.Out))
	// Output:
	// {"Put":[7,"X"]} <nil>
	// 7 true the server has stored X.
}
