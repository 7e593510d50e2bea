package secure_test

import (
	"fmt"

	"synod/spawn/secure"
)

// All three files are given, or none.
func Example() {
	_, err := secure.Files{Cert: "server.pem", Key: "server.key"}.Load()
	fmt.Println(err)
	i, err := secure.Files{}.Load()
	fmt.Println(i, err)
	// Output:
	// --tls-cert, --tls-key and --tls-ca require each other
	// <nil> <nil>
}
