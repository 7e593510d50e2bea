package framepb_test

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"synod/spawn/grpc/framepb"
)

// A frame has the bytes of a message as they are.
func Example() {
	data, err := proto.Marshal(&framepb.Frame{Data: []byte(`{"Get":1}`)})
	fmt.Printf("%q %v\n", data, err)
	// Output:
	// "\n\t{\"Get\":1}" <nil>
}
