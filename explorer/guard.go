package explorer

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"synod/model/statespace"
)

// Policies. The page loads nothing but its own files. A visualization comes with inline scripts, so it has a policy of
// its own, which gives it an origin of its own too: it can reach neither the page nor the API.
const (
	pagePolicy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; " +
		"require-trusted-types-for 'script'"
	framePolicy = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
		"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
	apiPolicy = "default-src 'none'; frame-ancestors 'none'"
)

// guarded refuses what none of our pages would send, and sets the headers that every answer has.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", apiPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !s.knowsHost(r.Host) {
			writeError(w, &apiError{
				Status: http.StatusForbidden, Code: "host",
				Message: "unknown host in the request: expected localhost, an address, or a name that the server was told",
			})
			return
		}
		if strings.HasPrefix(r.URL.Path, apiPrefix) && crossOrigin(r) {
			writeError(w, &apiError{
				Status: http.StatusForbidden, Code: "cross_origin",
				Message: "another site sent this request: open the address yourself, or ask without a browser",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// crossOrigin reports whether a page of another origin made a browser send a request. Other than
// [http.CrossOriginProtection] it does not spare requests that change nothing: what a GET asks for may take seconds to
// compute. Browsers say it by Sec-Fetch-Site; older ones, and for addresses that are not secure, by Origin where they
// send it; and a page that they ask for at the wish of another one by Referer.
func crossOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site != "same-origin" && site != "none"
	}
	for _, name := range []string{"Origin", "Referer"} {
		if value := r.Header.Get(name); value != "" {
			u, err := url.Parse(value)
			return err != nil || !strings.EqualFold(u.Host, r.Host)
		}
	}
	return false
}

// knowsHost guards against DNS rebinding, by which a foreign page reaches this server under a name of its own. An address
// is no name, so it cannot be rebound.
func (s *Server) knowsHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	return name == "localhost" || slices.Contains(s.config.Hosts, name)
}

// apiError is an answer that tells what is wrong.
type apiError struct {
	Status  int    `json:"-"`
	Code    string `json:"code"` // for programs
	Message string `json:"message"`
	Step    int    `json:"step,omitempty"` // the first step that does not apply, from 1
	Key     string `json:"key,omitempty"`  // of that step
	Why     string `json:"why,omitempty"`  // it does not apply, in words
}

func (e *apiError) Error() string { return e.Message }

func badRequest(err error) *apiError {
	return &apiError{Status: http.StatusBadRequest, Code: "bad_request", Message: err.Error()}
}

func notFound(code string, err error) *apiError {
	return &apiError{Status: http.StatusNotFound, Code: code, Message: err.Error()}
}

// writeError answers with an error as JSON.
func writeError(w http.ResponseWriter, err error) {
	var known *apiError
	var impure *statespace.ImpureError
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &known):
	case errors.As(err, &tooLong):
		known = &apiError{
			Status: http.StatusRequestEntityTooLarge, Code: "too_large",
			Message: fmt.Sprintf("a body of more than %d bytes", tooLong.Limit),
		}
	case errors.As(err, &impure):
		known = &apiError{Status: http.StatusUnprocessableEntity, Code: "model", Message: err.Error()}
	default:
		known = &apiError{Status: http.StatusInternalServerError, Code: "internal", Message: err.Error()}
	}
	writeJSON(w, known.Status, map[string]any{"error": known})
}

// writeJSON answers with a value. What goes wrong while it is sent is the client's loss.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
}
