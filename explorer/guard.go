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

// Content security policies. The page loads only its own files. A visualization has inline scripts, so it gets a
// separate policy, which also gives it a separate origin: it can reach neither the page nor the API.
const (
	pagePolicy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; " +
		"require-trusted-types-for 'script'"
	framePolicy = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
		"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
	apiPolicy = "default-src 'none'; frame-ancestors 'none'"
)

// guarded rejects requests that the page would never send, and sets the headers common to all responses.
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

// crossOrigin reports whether a page of another origin caused a browser to send a request. Unlike
// [http.CrossOriginProtection] it also covers requests that change nothing, because a GET may cause seconds of
// computation. Browsers indicate the origin by Sec-Fetch-Site; older browsers, and all browsers for insecure
// addresses, by Origin where they send it, and by Referer for a navigation from another page.
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

// knowsHost guards against DNS rebinding, by which a foreign page reaches this server under a name that it controls.
// An address cannot be rebound.
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

// apiError is an error response.
type apiError struct {
	Status  int    `json:"-"`
	Code    string `json:"code"` // for programs
	Message string `json:"message"`
	Step    int    `json:"step,omitempty"` // the first step that does not apply, counted from 1
	Key     string `json:"key,omitempty"`  // key of that step
	Why     string `json:"why,omitempty"`  // why that step does not apply, as text
}

func (e *apiError) Error() string { return e.Message }

func badRequest(err error) *apiError {
	return &apiError{Status: http.StatusBadRequest, Code: "bad_request", Message: err.Error()}
}

func notFound(code string, err error) *apiError {
	return &apiError{Status: http.StatusNotFound, Code: code, Message: err.Error()}
}

// writeError writes an error as JSON.
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

// writeJSON writes a value as JSON. Errors while sending are ignored: only the client is affected.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
}
