package paxospb_test

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"synod/paxos/systembuilders/paxospb"
)

// The bytes are those of the published schema.
func Example() {
	data, err := proto.Marshal(&paxospb.Message{To: 2, Type: &paxospb.Message_Accept{
		Accept: &paxospb.Accept{NodeId: 1, View: 4, Seq: 7},
	}})
	fmt.Printf("%x %v\n", data, err)
	// Output:
	// 08023a06080110041807 <nil>
}
