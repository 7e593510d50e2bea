package chatroom_test

import (
	"fmt"

	"synod/examples/chatroom"
	"synod/examples/chatroom/wire"
	"synod/paxos/rsm"
)

// A client's put and get become commands of the machine, and its answer goes back.
func Example() {
	reception := chatroom.Config{}.Reception(99)
	room := rsm.Start[[]string, chatroom.Op, chatroom.Result](chatroom.Room{})
	for slot, said := range []wire.Command{{Number: 1, Mode: wire.Put, Message: "hi"}, {Number: 2}} {
		command, err := reception.Command(said)
		if err != nil {
			fmt.Println(err)
			return
		}
		answer, answered := rsm.Execute(chatroom.Room{}, rsm.Slot(slot+1), &room, command)
		fmt.Printf("%v %v: %v\n", command.ID, command.Op, answered)
		if answered {
			told, _ := reception.Answer(answer)
			fmt.Println(chatroom.List(told.Messages))
		}
	}
	// Output:
	// 1.1 append "hi": false
	// 99.1 read: true
	// ["hi"]
}
