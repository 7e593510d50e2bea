package wire_test

import (
	"fmt"

	"synod/examples/singledecree/wire"
	"synod/paxos/singledecree"
	"synod/register"
)

// A message is compact JSON; what is read may have white space, fields in any order and unknown ones.
func Example() {
	const id = 139637976796088 // 127.0.0.1:3000
	data, err := wire.Messages.Append(nil, register.Internal[singledecree.Message]{Message: singledecree.Accept{
		Ballot:   singledecree.Ballot{Round: 1, Leader: id},
		Proposal: singledecree.Proposal{Request: 2, Requester: 139637976797088, Value: 'X'},
	}})
	fmt.Printf("%s %v\n", data, err)

	msg, err := wire.Messages.Decode([]byte(fmt.Sprintf(` {"Internal": {"Prepare": {"why": [], "ballot": [1, %d]}}}`, id)))
	fmt.Printf("%v %v\n", msg, err)

	_, err = wire.Messages.Decode([]byte(`{"Put":[1,"XY"]}`))
	fmt.Println(err)
	// Output:
	// {"Internal":{"Accept":{"ballot":[1,139637976796088],"proposal":[2,139637976797088,"X"]}}} <nil>
	// {{{1 139637976796088}}} <nil>
	// byte 14: expected a string of one character
}
