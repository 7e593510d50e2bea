package storage_test

import (
	"fmt"
	"os"

	"synod/storage"
)

// What was saved is there when the file is opened again, by the same actor.
func Example() {
	folder, err := os.MkdirTemp("", "storage-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)

	me := storage.Identity{Model: "single-decree", Version: 1, Actor: 7, Cluster: "7,8,9"}
	file, err := storage.Open(folder, me)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = file.Save([]storage.Record{{Name: "ballot", Data: []byte("[1,7]")}, {Name: "decided", Data: []byte("false")}})
	fmt.Println(err, file.Close())

	file, err = storage.Open(folder, me)
	if err != nil {
		fmt.Println(err)
		return
	}
	records, err := file.Load()
	for _, r := range records {
		fmt.Printf("%s %s\n", r.Name, r.Data)
	}
	fmt.Println(err, file.Close())
	// Output:
	// <nil> <nil>
	// ballot [1,7]
	// decided false
	// <nil> <nil>
}

// A store for tests forgets in a crash what was not synced.
func ExampleMemory() {
	var store storage.Memory
	fmt.Println(store.Save([]storage.Record{{Name: "vote", Data: []byte("A")}}))

	store.At = func(p storage.Point) error {
		if p == storage.BeforeSync {
			return fmt.Errorf("the power is gone")
		}
		return nil
	}
	fmt.Println(store.Save([]storage.Record{{Name: "vote", Data: []byte("B")}}))
	store.Crash(false)
	records, err := store.Load()
	fmt.Printf("%s %v\n", records[0].Data, err)
	// Output:
	// <nil>
	// the power is gone
	// A <nil>
}
