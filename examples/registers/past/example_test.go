package past_test

import (
	"context"
	"fmt"

	"synod/examples/registers/past"
	"synod/register"
)

// A client writes, another one is told something else.
func Example() {
	const server, writer, reader = 1, 11, 12
	p := past.New(false)
	p.Received(1, server, writer, register.Put{Request: 7, Value: 'X'})
	p.Sent(1, server, writer, register.PutOk{Request: 7})
	p.Received(2, server, reader, register.Get{Request: 8})
	p.Sent(2, server, reader, register.GetOk{Request: 8, Value: 'Y'})
	before, err := p.Judge(context.Background())
	fmt.Println(before.Requests, before.Violated != "", err)
	// Output:
	// 2 true <nil>
}
