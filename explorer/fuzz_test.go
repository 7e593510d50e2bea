package explorer

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"synod/examples/catalog"
)

// FuzzQuery sends anything as a query, in the address and as a body: the answer is always JSON, and never a panic.
func FuzzQuery(f *testing.F) {
	f.Add(`{"model":"abd","path":["x"]}`, "model=abd&step=x&from=1")
	f.Add(`{"config":{"clients":"2"},"initial":1}`, "clients=2&initial=0&seed=-1")
	f.Add(`[]`, "step=%ff")
	s, err := New(Config{Models: []Model{catalog.Default()}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body, address string) {
		requests := []*http.Request{httptest.NewRequest(http.MethodPost, "/api/v1/state", strings.NewReader(body))}
		if _, err := url.ParseQuery(address); err == nil && !strings.ContainsAny(address, " \n\r\t") {
			if u, err := url.Parse("/api/v1/state?" + address); err == nil {
				r := httptest.NewRequest(http.MethodGet, "/api/v1/state", nil)
				r.URL = u
				requests = append(requests, r)
			}
		}
		for _, r := range requests {
			r.Host = "localhost"
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code >= http.StatusInternalServerError || !strings.HasPrefix(w.Body.String(), "{") {
				t.Errorf("%d: %s", w.Code, w.Body)
			}
		}
	})
}
