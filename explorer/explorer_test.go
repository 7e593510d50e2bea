package explorer_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"synod/checker"
	"synod/checker/report"
	"synod/examples/catalog"
	"synod/explorer"
	"synod/model/statespace"
	"synod/trace"
)

// serve starts a server with the models of the catalogue.
func serve(t testing.TB, change func(*explorer.Config)) (*explorer.Server, string) {
	t.Helper()
	var c explorer.Config
	for _, e := range catalog.All() {
		c.Models = append(c.Models, e)
	}
	if change != nil {
		change(&c)
	}
	s, err := explorer.New(c)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		h.Close()
	})
	return s, h.URL
}

// ask sends a query, wants a status, and reads the answer.
func ask[T any](t testing.TB, base, route string, q any, want int) T {
	t.Helper()
	body, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.Post(base+"/api/v1/"+route, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return read[T](t, r, want)
}

func get[T any](t testing.TB, address string, want int) T {
	t.Helper()
	r, err := http.Get(address) //nolint:noctx,gosec // a test
	if err != nil {
		t.Fatal(err)
	}
	return read[T](t, r, want)
}

func read[T any](t testing.TB, r *http.Response, want int) T {
	t.Helper()
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != want {
		t.Fatalf("%s: status %d, want %d: %s", r.Request.URL.Path, r.StatusCode, want, data)
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v in %s", r.Request.URL, err, data)
	}
	return v
}

type refusal struct {
	Error struct {
		Code, Message, Key string
		Step               int
	}
}

// first returns the key of the first action that can be taken.
func first(st explorer.State) string {
	i := slices.IndexFunc(st.Actions, func(c explorer.Choice) bool { return c.Ignored == "" && !c.Cut })
	return st.Actions[i].Key
}

func TestStateIsTheModels(t *testing.T) {
	_, base := serve(t, nil)
	for _, e := range catalog.All() {
		q := explorer.Query{Model: e.Name}
		_, source, err := e.Open(nil)
		if err != nil {
			t.Fatal(err)
		}
		space, err := source.Space()
		if err != nil {
			t.Fatal(err)
		}
		defer space.Close()
		for range 12 {
			st := ask[explorer.State](t, base, "state", q, 200)
			p, err := statespace.Follow(space, 0, q.Path)
			if err != nil {
				t.Fatal(err)
			}
			if st.Fingerprint != trace.Fingerprint(space, p.Last()) {
				t.Fatalf("%s: another state after %q", e.Name, q.Path)
			}
			answers, err := statespace.Answers(space, p.Last())
			if err != nil {
				t.Fatal(err)
			}
			for i, property := range st.Properties {
				if property.Answer != answers[i] {
					t.Errorf("%s: %q is %v after %q", e.Name, property.Name, property.Answer, q.Path)
				}
			}
			compareActions(t, space, p.Last(), st.Actions)
			if len(st.Steps) != len(q.Path) {
				t.Errorf("%s: %d steps of %d", e.Name, len(st.Steps), len(q.Path))
			}
			if !slices.ContainsFunc(st.Actions, func(c explorer.Choice) bool { return c.Ignored == "" && !c.Cut }) {
				break
			}
			q.Path = append(q.Path, first(st))
		}
	}
}

// compareActions requires of every successor the state and the answers that the model gives.
func compareActions(t *testing.T, space statespace.Space, state []statespace.PartID, got []explorer.Choice) {
	t.Helper()
	transitions, err := statespace.Transitions(space, state)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(transitions) {
		t.Fatalf("%d actions, want %d", len(got), len(transitions))
	}
	for i, x := range transitions {
		c := got[i]
		if c.Key != x.Action.Key || c.Ignored != x.Ignored.String() {
			t.Errorf("action %d is %+v, want %+v", i, c, x.Action)
		}
		if x.Ignored != statespace.Counts || x.Cut {
			continue
		}
		answers, err := statespace.Answers(space, x.State)
		if err != nil {
			t.Fatal(err)
		}
		if c.Fingerprint != trace.Fingerprint(space, x.State) || !slices.Equal(c.Answers, answers) {
			t.Errorf("%s leads to %s with %v", c.Text, c.Fingerprint, c.Answers)
		}
	}
}

// A step that follows others is described alike whether one asks for all at once or one by one.
func TestFromLeavesOutWhatIsKnown(t *testing.T) {
	_, base := serve(t, nil)
	way := ask[explorer.Way](t, base, "random", explorer.Query{Seed: 3, Count: 15}, 200)
	whole := ask[explorer.State](t, base, "state", explorer.Query{Path: way.Path}, 200)
	part := ask[explorer.State](t, base, "state", explorer.Query{Path: way.Path, From: 14}, 200)
	if len(part.Steps) != len(whole.Steps)-14 || part.Steps[0].Key != whole.Steps[14].Key {
		t.Errorf("from 14 there are %d steps", len(part.Steps))
	}
	values := url.Values{"step": way.Path}
	again := get[explorer.State](t, base+"/api/v1/state?"+values.Encode(), 200)
	if again.Fingerprint != whole.Fingerprint {
		t.Error("GET and POST lead to different states")
	}
	for i, step := range whole.Steps {
		if step.Cause != nil && *step.Cause > i {
			t.Errorf("step %d is caused by step %d", i+1, *step.Cause)
		}
		if step.Cause == nil || *step.Cause == 0 {
			continue
		}
		sender := whole.Steps[*step.Cause-1]
		if !slices.ContainsFunc(sender.Sent, func(m explorer.Sent) bool {
			return m.To == step.Actor && m.From == step.From && m.Message == step.Message
		}) {
			t.Errorf("step %d did not send what step %d takes: %+v", *step.Cause, i+1, sender.Sent)
		}
	}
}

func TestRefused(t *testing.T) {
	_, base := serve(t, nil)
	st := ask[explorer.State](t, base, "state", explorer.Query{}, 200)
	e := ask[refusal](t, base, "state", explorer.Query{Path: []string{first(st), "nonsense"}}, 404).Error
	if e.Code != "no_step" || e.Step != 2 || e.Key != "nonsense" {
		t.Errorf("a step that does not apply: %+v", e)
	}
	long := strings.Repeat("x", 5<<20)
	for _, c := range []struct {
		q      any
		status int
		code   string
	}{
		{explorer.Query{Model: "nonsense"}, 404, "no_model"},
		{explorer.Query{Config: map[string]string{"clients": "0"}}, 400, "bad_config"},
		{explorer.Query{Config: map[string]string{"clients": "many"}}, 400, "bad_config"},
		{explorer.Query{Config: map[string]string{"nonsense": "1"}}, 400, "bad_config"},
		{explorer.Query{Initial: 7}, 404, "no_initial"},
		{explorer.Query{Initial: -1}, 400, "bad_request"},
		{explorer.Query{From: 1}, 400, "bad_request"},
		{explorer.Query{Path: make([]string, 20_001)}, 400, "bad_request"},
		{explorer.Query{Path: []string{long}}, 400, "bad_request"},
		{explorer.Query{Path: []string{long, long}}, 413, "too_large"},
		{map[string]any{"nonsense": 1}, 400, "bad_request"},
		{[]int{1}, 400, "bad_request"},
	} {
		e := ask[refusal](t, base, "state", c.q, c.status).Error
		if e.Code != c.code || e.Message == "" {
			t.Errorf("%.80v: %+v, want %s", c.q, e, c.code)
		}
	}
	ask[refusal](t, base, "seek", explorer.Query{}, 400)
	ask[refusal](t, base, "seek", explorer.Query{Goal: &explorer.Goal{Property: "nonsense"}}, 404)
	ask[refusal](t, base, "seek", explorer.Query{Goal: &explorer.Goal{Slot: "nonsense", Field: "x"}}, 400)
	ask[refusal](t, base, "export?format=nonsense", explorer.Query{}, 400)
	ask[refusal](t, base, "random", explorer.Query{Count: 1 << 20}, 400)
	ask[refusal](t, base, "nonsense", explorer.Query{}, 404)
	get[refusal](t, base+"/api/v1/state?initial=x", 400)
	// What cannot be read is not left out: that would answer another question.
	get[refusal](t, base+"/api/v1/state?step=%zz", 400)
	get[refusal](t, base+"/api/v1/state?"+strings.Repeat("step=x&", 20_000), 400)
	for body, want := range map[string]string{
		``: "no body: expected a JSON object", `[1]`: "body: expected a JSON object, got array",
		`{"path":"x"}`:          "body: path: expected a list, got string",
		`{"path":[1]}`:          "body: path: expected a string, got number",
		`{"initial":"1"}`:       "body: initial: expected a whole number, got string",
		`{"seed":-1}`:           "body: seed: expected a whole number, 0 or more, got number -1",
		`{"goal":{"answer":1}}`: "body: goal.answer: expected true or false, got number",
		`{"config":[]}`:         "body: config: expected an object, got array",
		`{"nonsense":1}`:        `body: expected a JSON object: unknown field "nonsense"`,
	} {
		r, err := http.Post(base+"/api/v1/state", "application/json", strings.NewReader(body)) //nolint:noctx // a test
		if err != nil {
			t.Fatal(err)
		}
		if e := read[refusal](t, r, 400).Error; e.Message != want {
			t.Errorf("%s: %q, want %q", body, e.Message, want)
		}
	}
	get[refusal](t, base+"/api/v1/check/report", 404)
	ask[refusal](t, base, "check/pause", nil, 404)
}

func TestGuards(t *testing.T) {
	s, _ := serve(t, func(c *explorer.Config) { c.Hosts = []string{"box.example"} })
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:3000": 200, "127.0.0.1:3000": 200, "[::1]:3000": 200, "10.1.2.3": 200,
		"box.example:3000": 200, "evil.example": 403, "localhost.evil.example:3000": 403, "": 403,
		"127.0.0.1.evil.example": 403, "box.example.evil.example": 403,
	} {
		for _, path := range []string{"/", "/api/v1/models"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = host
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("%s of host %q: %d, want %d", path, host, w.Code, want)
			}
			policy := w.Header().Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, "default-src 'self'") && !strings.HasPrefix(policy, "default-src 'none'") {
				t.Errorf("%s of host %q: policy %q", path, host, policy)
			}
		}
	}
}

// Pages of other origins make a browser send nothing to the API, not even a GET: what one asks for may compute for long.
func TestForeignPagesComputeNothing(t *testing.T) {
	s, _ := serve(t, nil)
	routes := []string{
		"GET state", "GET random", "GET minimize", "GET explain", "GET export?format=text", "GET timeline", "GET check/events",
		"GET models", "POST state", "POST seek", "POST check", "POST check/stop", "GET nonsense",
	}
	for _, route := range routes {
		for _, x := range []struct {
			header, value string
			foreign       bool
		}{
			{"Sec-Fetch-Site", "cross-site", true},
			{"Sec-Fetch-Site", "same-site", true}, // another port
			{"Origin", "https://evil.example", true},
			{"Origin", "http://localhost:4000", true},
			{"Origin", "null", true},
			{"Referer", "https://evil.example/page", true},
			{"Sec-Fetch-Site", "same-origin", false},
			{"Sec-Fetch-Site", "none", false},
			{"Origin", "http://localhost:3000", false},
			{"Referer", "http://localhost:3000/", false},
		} {
			if !x.foreign && route == "GET check/events" {
				continue // It does not end.
			}
			method, path, _ := strings.Cut(route, " ")
			r := httptest.NewRequest(method, "/api/v1/"+path, strings.NewReader("{"))
			r.Host = "localhost:3000"
			r.Header.Set(x.header, x.value)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if refused := strings.Contains(w.Body.String(), "cross_origin"); refused != x.foreign {
				t.Errorf("%s with %s %s: %d, %.200s", route, x.header, x.value, w.Code, w.Body)
			}
		}
	}
	// A link to the page may be anywhere.
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Host = "localhost:3000"
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	if s.ServeHTTP(w, r); w.Code != http.StatusOK {
		t.Errorf("the page, from a link: %d", w.Code)
	}
}

func TestTimeline(t *testing.T) {
	_, base := serve(t, nil)
	r, err := http.Get(base + "/api/v1/timeline?model=abd") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	page, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	policy := r.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "sandbox allow-scripts; default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
	if !bytes.Contains(page, []byte("write 'A'")) {
		t.Errorf("the page does not show the history: %.200s", page)
	}
	get[refusal](t, base+"/api/v1/timeline?model=two-phase-commit", 404)
}

func TestSeekAndMinimize(t *testing.T) {
	_, base := serve(t, nil)
	goal := &explorer.Goal{Property: "value chosen", Answer: true}
	way := ask[explorer.Way](t, base, "seek", explorer.Query{Goal: goal}, 200)
	for try := 0; !way.Found && try < 30; try++ {
		// The time of a search is bounded, and this machine may be slow. What was computed is kept.
		way = ask[explorer.Way](t, base, "seek", explorer.Query{Goal: goal}, 200)
	}
	if !way.Found || len(way.Path) != 8 {
		t.Fatalf("the nearest value chosen: %+v", way)
	}
	st := ask[explorer.State](t, base, "state", explorer.Query{Path: way.Path}, 200)
	if !st.Properties[3].Answer {
		t.Errorf("%+v", st.Properties)
	}
	e := ask[explorer.Explanation](t, base, "explain", explorer.Query{Path: way.Path}, 200)
	if e.Property != "value chosen" || e.Kind != "example" || len(e.Steps) != 8 || !e.Steps[7].Past {
		t.Errorf("explained as %+v", e)
	}
	if shorter := ask[explorer.Way](t, base, "minimize", explorer.Query{Path: way.Path}, 200); shorter.Found {
		t.Errorf("shorter than the shortest: %+v", shorter)
	}
	// A long way to the same, by a random walk, has a shorter one.
	for seed := range uint64(40) {
		walked := ask[explorer.Way](t, base, "random", explorer.Query{Seed: seed, Count: 25}, 200)
		st := ask[explorer.State](t, base, "state", explorer.Query{Path: walked.Path}, 200)
		if !st.Properties[3].Answer || len(walked.Path) <= 8 {
			continue
		}
		shorter := ask[explorer.Way](t, base, "minimize", explorer.Query{Path: walked.Path}, 200)
		if !shorter.Found || len(shorter.Path) != 8 {
			t.Errorf("minimized %d steps to %+v", len(walked.Path), shorter)
		}
		break
	}
	for goal, want := range map[explorer.Goal]int{
		{Slot: "server 0", Field: "Durable.Decided", Equals: "true"}: 5,
		{Slot: "server 0", Field: "Proposal"}:                        1,
		{Message: "PutOk"}:                                           5,
	} {
		way := ask[explorer.Way](t, base, "seek", explorer.Query{Goal: &goal}, 200)
		if !way.Found || len(way.Path) != want {
			t.Errorf("%+v: %+v, want %d steps", goal, way, want)
		}
	}
	never := ask[explorer.Way](t, base, "seek", explorer.Query{Goal: &explorer.Goal{Property: "agreement"}}, 200)
	if never.Found || never.Ended == "" || never.Visited < 100 {
		t.Errorf("agreement is violated? %+v", never)
	}
}

func TestRandomIsRepeatable(t *testing.T) {
	_, base := serve(t, nil)
	q := explorer.Query{Seed: 11, Count: 30}
	a, b := ask[explorer.Way](t, base, "random", q, 200), ask[explorer.Way](t, base, "random", q, 200)
	if !slices.Equal(a.Path, b.Path) || len(a.Path) == 0 {
		t.Errorf("two walks of a seed: %q and %q", a.Path, b.Path)
	}
	ask[explorer.State](t, base, "state", explorer.Query{Path: a.Path}, 200)
}

func TestExports(t *testing.T) {
	_, base := serve(t, nil)
	way := ask[explorer.Way](t, base, "seek",
		explorer.Query{Goal: &explorer.Goal{Property: "value chosen", Answer: true}}, 200)
	list := get[struct{ Formats []explorer.FormatDescription }](t, base+"/api/v1/formats", 200)
	if len(list.Formats) != len(trace.Formats()) {
		t.Errorf("%d formats", len(list.Formats))
	}
	for _, f := range list.Formats {
		body, err := json.Marshal(explorer.Query{Path: way.Path})
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.Post(base+"/api/v1/export?format="+f.Name, "", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != 200 || len(data) == 0 || r.Header.Get("Content-Type") != f.Type {
			t.Errorf("%s: %d, %v: %.100s", f.Name, r.StatusCode, err, data)
		}
		if f.Name == "json" {
			d, err := trace.ReadJSON(bytes.NewReader(data))
			if err != nil || len(d.Traces) != 1 || d.Traces[0].Property != "value chosen" || d.Model != "single-decree" {
				t.Errorf("read %+v, %v", d, err)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	s, base := serve(t, func(c *explorer.Config) { c.Model = "single-copy" })
	if st := get[explorer.CheckStatus](t, base+"/api/v1/check", 200); st.State != "none" {
		t.Errorf("before the first check: %+v", st)
	}
	if err := s.StartCheck(explorer.CheckRequest{}); err != nil {
		t.Fatal(err)
	}
	st := await(t, base, "done")
	i := slices.IndexFunc(st.Discoveries, func(d explorer.Discovery) bool { return d.Property == "linearizable" })
	if i < 0 || len(st.Discoveries[i].Path) != 4 || st.Exit != checker.ExitViolated {
		t.Fatalf("found %+v", st)
	}
	end := ask[explorer.State](t, base, "state", explorer.Query{Model: st.Model, Config: st.Config, Path: st.Discoveries[i].Path}, 200)
	if end.Properties[0].Answer {
		t.Error("the end of the discovery shows no violation")
	}
	d := get[report.Document](t, base+"/api/v1/check/report", 200)
	if d.Engine != "bfs" || d.Exit != checker.ExitViolated {
		t.Errorf("report %+v", d)
	}
	ask[refusal](t, base, "check", explorer.CheckRequest{Engine: "nonsense"}, 400)
	ask[refusal](t, base, "check", explorer.CheckRequest{Model: "nonsense"}, 404)
}

// await waits until a check is in a state.
func await(t *testing.T, base, state string) explorer.CheckStatus {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if st := get[explorer.CheckStatus](t, base+"/api/v1/check", 200); st.State == state {
			return st
		}
	}
	t.Fatalf("the check is never %s", state)
	return explorer.CheckStatus{}
}

// events reads the stream of a check.
func events(t *testing.T, base string) <-chan explorer.CheckStatus {
	t.Helper()
	r, err := http.Get(base + "/api/v1/check/events") //nolint:noctx // ends with the server
	if err != nil {
		t.Fatal(err)
	}
	out := make(chan explorer.CheckStatus, 1000)
	go func() {
		defer r.Body.Close()
		defer close(out)
		lines := bufio.NewScanner(r.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var st explorer.CheckStatus
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Unmarshal([]byte(data), &st) == nil {
				out <- st
			}
		}
	}()
	return out
}

func TestPauseAndStream(t *testing.T) {
	// So many states that the check does not end before it is stopped, however slow this test is.
	s, base := serve(t, func(c *explorer.Config) { c.Settings = map[string]string{"clients": "20", "servers": "5"} })
	stream := events(t, base)
	if err := s.StartCheck(explorer.CheckRequest{}); err != nil {
		t.Fatal(err)
	}
	ask[explorer.CheckStatus](t, base, "check/pause", nil, 200)
	await(t, base, "paused")
	// Walking goes on beside a check, paused or not.
	ask[explorer.State](t, base, "state", explorer.Query{}, 200)
	if st := ask[explorer.CheckStatus](t, base, "check/resume", nil, 200); st.State != "running" {
		t.Errorf("after a resume: %s", st.State)
	}
	ask[explorer.CheckStatus](t, base, "check/stop", nil, 200)
	st := await(t, base, "done")
	if st.Stopped != "an interrupt" || st.Exhausted {
		t.Errorf("stopped: %+v", st)
	}
	// A new check takes the place of another one.
	ask[explorer.CheckStatus](t, base, "check", explorer.CheckRequest{}, 202)
	ask[explorer.CheckStatus](t, base, "check", explorer.CheckRequest{Model: "abd", Engine: "dfs"}, 202)
	if st := await(t, base, "done"); st.Model != "abd" || st.Now.Unique != 544 || !st.Exhausted {
		t.Errorf("the second check: %+v", st)
	}
	for seen := range stream {
		if seen.Model == "abd" && seen.State == "done" {
			break
		}
	}
}

// Many clients at once, over more models than are kept, get what each of them would get alone.
func TestManyAtOnce(t *testing.T) {
	_, base := serve(t, nil)
	var wg sync.WaitGroup
	fingerprints := make([]string, 24)
	for i := range fingerprints {
		wg.Go(func() {
			config := map[string]string{"clients": fmt.Sprint(1 + i%12)}
			way := ask[explorer.Way](t, base, "random", explorer.Query{Config: config, Seed: 5, Count: 12}, 200)
			st := ask[explorer.State](t, base, "state", explorer.Query{Config: config, Path: way.Path}, 200)
			fingerprints[i] = st.Fingerprint
		})
	}
	wg.Wait()
	for i := range 12 {
		if fingerprints[i] != fingerprints[i+12] {
			t.Errorf("%d clients: two walks end in %s and %s", i+1, fingerprints[i], fingerprints[i+12])
		}
	}
}
