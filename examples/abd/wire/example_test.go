package wire_test

import (
	"fmt"

	"synod/examples/abd"
	"synod/examples/abd/wire"
	"synod/register"
)

// A server tells what it has stored.
func Example() {
	copied := abd.Copy{Sequence: abd.Sequence{Number: 2, Writer: 139637976796088}, Value: 'X'}
	data, err := wire.Messages.Append(nil, register.Internal[abd.Message]{Message: abd.AckQuery{Request: 7, Copy: copied}})
	fmt.Printf("%s %v\n", data, err)
	// Output:
	// {"Internal":{"AckQuery":[7,[2,139637976796088],"X"]}} <nil>
}
