package explorer_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"

	"synod/examples/catalog"
	"synod/explorer"
)

// Example asks the API what may happen first in a model.
func Example() {
	abd, err := catalog.Find("abd")
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := explorer.New(explorer.Config{Models: []explorer.Model{abd}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	r := httptest.NewRequest("GET", "http://localhost:3000/api/v1/state", nil)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var st explorer.State
	if err := json.Unmarshal(w.Body.Bytes(), &st); err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range st.Actions {
		fmt.Println(a.Text)
	}
	// Output:
	// client 2 → server 0: Put(2, 'A')
	// client 3 → server 1: Put(3, 'B')
}
