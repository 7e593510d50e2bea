package transportpb_test

import (
	"fmt"

	"synod/paxos/systembuilders/transportpb"
)

// What others call to have an update ordered, and to deliver the messages of a server.
func Example() {
	fmt.Println(transportpb.ClientService_ClientUpdate_FullMethodName)
	fmt.Println(transportpb.PaxosTransport_DeliverMessage_FullMethodName)
	// Output:
	// /transportpb.ClientService/ClientUpdate
	// /transportpb.PaxosTransport/DeliverMessage
}
