package layout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"synod/internal/needs"
)

// notRun lists the commands of the docs that TestCommands does not run, each with its reason.
var notRun = map[string]string{
	"go test ./...": "it would run this test again",
	"paxos chat server --count 3 --id 0 --port 10000":                                           "it runs for ever; TestTalk in examples/chatroom/server runs three",
	"paxos chat server --count 3 --id 1 --port 10001":                                           "as the one before",
	"paxos chat server --count 3 --id 2 --port 10002":                                           "as the one before",
	"paxos chat client --id 0":                                                                  "it takes lines; testdata/script/chatroom.txtar in cli has some",
	"paxos spawn":                                                                               "it runs for ever; TestReadmeCommands in cli runs it, with the two below",
	`echo '{"Put":[1,"X"]}' | nc -u -w1 127.0.0.1 3000`:                                         "it needs servers; TestReadmeCommands in cli has them",
	`paxos spawn --model durable-abd --servers 5 --port 4000 --data-dir data`:                   "it runs for ever; tests in cli start servers",
	`paxos spawn --only 0 --peers 192.0.2.1:3000,192.0.2.2:3000,192.0.2.3:3000 --data-dir data`: "it runs for ever, on another machine",
	"paxos spawn --data-dir data --record run.ndjson":                                           "it runs for ever; TestRecorded in cli records",
	"paxos replay run.ndjson":                                                                   "it needs a record; TestRecorded in cli has some",
	`paxos client put X --servers 127.0.0.1:3000,127.0.0.1:3001,127.0.0.1:3002 --server 0`:      "it needs servers; TestClient in cli has them",
	`paxos client get`:                                                                          "it needs servers; TestClient in cli has them",
	`paxos client bench --clients 8 --duration 10s --reads 0.5`:                                 "it needs servers; TestClient in cli has them",
	`paxos spawn --drop 0.05 --duplicate 0.05 --delay 5ms..50ms --seed 7`:                       "it runs for ever; TestLosses in cli starts such servers",
	`echo 'cut 127.0.0.1:3001' | nc -U -N data/139637976796088.control`:                         "it needs servers; TestControl in spawn/faults gives such commands",
	`go test ./spawn -run TestDatagrams -v -datagrams 10000000`:                                 "it takes a minute; a hundredth of it is a test",
	`go test ./spawn -run TestManyClients -v -long`:                                             "it takes a minute; a tenth of it is a test",
	`go test ./examples/abd -run TestCounts -long`:                                              "it takes minutes; the lesser counts are a test",
	`go test ./examples/catalog -run TestExplanations -long`:                                    "it takes minutes; most mutants are a test",
	`go test ./storage -run '^$' -bench .`:                                                      "a benchmark",
	`go test ./spawn -run '^$' -bench .`:                                                        "a benchmark",
	"paxos verify history.ndjson":                                                               "it needs a history; testdata/script/verify.txtar in cli has some",
	"paxos verify history.edn --spec register --html page.html":                                 "it needs a history; testdata/script/verify.txtar in cli has some",
	"paxos replay record-0 record-1 record-2 --explore-around 41 --steps 8":                     "it needs records; TestExplore in cli has some",
	"paxos explore 3":                                                                 "it serves until it is stopped; TestBrowser in explorer runs it",
	"npm ci --prefix explorer/web":                                                    "it writes to the sources",
	"npm run build --prefix explorer/web":                                             "it writes to the sources; TestBundle in explorer compares",
	"go test ./explorer -run 'TestBrowser|TestBundle'":                                "part of .ci/run",
	"go build -o bin/paxos ./cmd/paxos":                                               "it writes to the sources",
	"SYNOD_PAXOS=bin/paxos node explorer/web/test/screenshots.mjs docs/explorer":      "it writes to the sources",
	`echo '{"Get":2}' | nc -u -w1 127.0.0.1 3001`:                                     "it needs servers; TestReadmeCommands in cli has them",
	"go test -race -short ./...":                                                      "it would run this test again",
	"paxos torture --faults kill --every 100ms --lasting 5ms..50ms --duration 60s":    "it takes a minute; TestBroken in cli does so",
	"paxos new ../locks":                                                              "it writes beside the sources; TestNew in cli makes such a module",
	"go run ./internal/rename example.org/synod":                                      "it changes the sources; TestRename in internal/rename does so with a copy",
	"go work init . ../locks":                                                         "it writes to the sources",
	"paxos torture":                                                                   "it takes half a minute; docs/torture.md has shorter ones",
	"go test ./cli -run 'TestKills|TestBroken' -v -long":                              "it takes minutes; a few kills are a test",
	"go test ./spawn/rehearse -run TestTenThousand -v -long":                          "it takes minutes; a few runs are a test",
	"go test ./internal/layout -update":                                               "it would run this test again, and writes to the sources",
	".ci/run":                                                                         "it would run this test again",
	".ci/run lint tidy":                                                               "a step of .ci/run of its own",
	"go vet ./...":                                                                    "a step of .ci/run of its own",
	"UPDATE_SCRIPTS=1 go test ./cli":                                                  "it writes to the sources",
	"go test ./paxos/singledecree -rewrite":                                           "it writes to the sources",
	"go generate ./examples/zoo":                                                      "it writes to the sources",
	"go test ./catalog/hunt -update":                                                  "it writes to the sources",
	"go test ./trace -run '^$' -fuzz '^FuzzReadJSON$' -fuzztime 10s":                  "a step of .ci/run of its own",
	"go test ./internal/visited -run '^$' -bench Insert":                              "a benchmark",
	"go test -run xxx -bench . -benchtime 1x ./internal/visited":                      "a benchmark",
	"/usr/bin/time -v paxos check-bfs 6 --workers 1 --progress off":                   "a benchmark",
	"go test -run xxx -bench 'BFS|DFS|Walk|Limit' -benchtime 1x ./checker -clients 3": "a benchmark",
	"go test ./internal/reference -run '^$' -bench Paxos":                             "a benchmark",
	"go tool -modfile=tools/go.mod golangci-lint run ./...":                           "a step of .ci/run of its own",
	"go tool -modfile=tools/go.mod gofumpt -modpath synod -l actor checker":           "a step of .ci/run of its own",
	"go tool -modfile=tools/go.mod govulncheck ./...":                                 "a step of .ci/run of its own",
	"go tool -modfile=tools/go.mod deadcode -test ./...":                              "a step of .ci/run of its own",
}

// documents are the files whose blocks are tested.
func documents(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	models, err := filepath.Glob(filepath.Join(root, "docs", "models", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, models...)
	return append(files, filepath.Join(root, "README.md"), filepath.Join(root, "DEVELOPMENT.md"))
}

// block is a fenced block of a Markdown file.
type block struct {
	file  string
	line  int // of the fence, from 1
	lang  string
	note  string // what an HTML comment on the line before says
	lines []string
	after *block // the block before it in the file, if only empty lines are between
}

// blocksOf reads the fenced blocks of a text.
func blocksOf(file, text string) []*block {
	var all []*block
	var open, last *block
	note := ""
	for i, line := range strings.Split(text, "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case open != nil && isFence:
			all, last, open, note = append(all, open), open, nil, ""
		case open != nil:
			open.lines = append(open.lines, line)
		case isFence:
			open = &block{file: file, line: i + 1, lang: fence, note: note, after: last}
		case strings.HasPrefix(line, "<!-- "):
			note = strings.TrimSuffix(strings.TrimPrefix(line, "<!-- "), " -->")
		case strings.TrimSpace(line) != "":
			last, note = nil, ""
		}
	}
	return all
}

func readBlocks(t *testing.T) []*block {
	t.Helper()
	var all []*block
	for _, file := range documents(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, blocksOf(strings.TrimPrefix(filepath.ToSlash(file), root+"/"), string(data))...)
	}
	return all
}

// command is a line of a sh block: what to run, and the exit code that a comment promises.
type command struct {
	block *block
	line  int
	text  string
	code  int
	shown []string // what the output must hold, nil if the document shows nothing
}

var exitComment = regexp.MustCompile(`^(.*?)\s+# exit (\d)$`)

// commandsOf gives the commands of all blocks. A text block right behind a sh block shows the output of its last one.
func commandsOf(blocks []*block) []*command {
	var all []*command
	last := make(map[*block]*command)
	for _, b := range blocks {
		if b.lang == "text" && last[b.after] != nil {
			last[b.after].shown = b.lines
		}
		if b.lang != "sh" {
			continue
		}
		for i, line := range b.lines {
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			c := &command{block: b, line: b.line + 1 + i, text: line}
			if m := exitComment.FindStringSubmatch(line); m != nil {
				c.text = m[1]
				c.code, _ = strconv.Atoi(m[2])
			}
			all, last[b] = append(all, c), c
		}
	}
	return all
}

// TestCommands runs every command of the docs, which must end with the exit code that stands behind it, 0 if none does,
// and print what is shown. Those of paxos run in a folder with the files of docs/records.
func TestCommands(t *testing.T) {
	needs.Program(t, "sh")
	dir := t.TempDir()
	bin, temp := filepath.Join(dir, "bin"), filepath.Join(dir, "tmp") // What is printed of a violated run stays in temp.
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", temp)
	if out, err := runIn(root, bin, "go install ./cmd/paxos"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS(filepath.Join(root, "docs", "records"))); err != nil {
		t.Fatal(err)
	}
	met := make(map[string]bool)
	for _, c := range commandsOf(readBlocks(t)) {
		t.Run(fmt.Sprintf("%s:%d", c.block.file, c.line), func(t *testing.T) {
			met[c.text] = true
			if why, ok := notRun[c.text]; ok {
				t.Skipf("%s: %s", c.text, why)
			}
			folder := work
			if !strings.HasPrefix(c.text, "paxos ") {
				folder = root
				if testing.Short() {
					t.Skip("only the command itself runs in short mode, nothing is compiled")
				}
			}
			out, err := runIn(folder, bin, c.text)
			code := 0
			var exit *exec.ExitError
			switch {
			case errors.As(err, &exit):
				code = exit.ExitCode()
			case err != nil:
				t.Fatal(err)
			}
			if code != c.code {
				t.Errorf("%s: exit code %d, want %d\n%s", c.text, code, c.code, out)
			}
			if c.shown != nil && !shows(out, c.shown) {
				t.Errorf("%s printed\n%s\nthe document shows\n%s", c.text, out, strings.Join(c.shown, "\n"))
			}
		})
	}
	for text := range notRun {
		if !met[text] {
			t.Errorf("notRun names %q, which no document has", text)
		}
	}
}

// runIn runs a line of a shell, in a folder, with paxos on the path, and gives its standard output.
func runIn(folder, bin, line string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return "", fmt.Errorf("%s: %w\n%s", line, err, problems.String())
	}
	if err != nil {
		out.Write(problems.Bytes())
	}
	return out.String(), err
}

var shownSeconds = regexp.MustCompile(`sec=[0-9.]+`)

// shows tells whether an output holds the lines of an excerpt, in order and one after the other, but for seconds. A
// line "…" stands for any lines, and a "…" elsewhere for the rest of its line and whatever else.
func shows(output string, excerpt []string) bool {
	var pattern strings.Builder
	pattern.WriteString(`(?m)^`)
	for _, line := range excerpt {
		if line == "…" {
			pattern.WriteString(`(?s:.*?)^`)
			continue
		}
		line = shownSeconds.ReplaceAllString(line, "sec=?")
		for i, part := range strings.Split(line, "…") {
			if i > 0 {
				pattern.WriteString(`.*`)
			}
			pattern.WriteString(regexp.QuoteMeta(part))
		}
		pattern.WriteString(`\n`)
	}
	return regexp.MustCompile(pattern.String()).MatchString(shownSeconds.ReplaceAllString(output, "sec=?"))
}

func TestShows(t *testing.T) {
	const output = "one 1\ntwo 2\nthree 3\nDone. sec=0.04\n"
	tests := []struct {
		excerpt string
		want    bool
	}{
		{"two 2", true},
		{"two", false},
		{"wo 2", false},
		{"two …", true},
		{"one 1\ntwo 2", true},
		{"one 1\nthree 3", false},
		{"one 1\n…\nthree 3", true},
		{"three 3\n…\none 1", false},
		{"three 3\nDone. sec=12.1", true},
		{"Done. sec=12.1\nfour", false},
	}
	for _, tt := range tests {
		if got := shows(output, strings.Split(tt.excerpt, "\n")); got != tt.want {
			t.Errorf("shows(%q) = %v", tt.excerpt, got)
		}
	}
}

func TestCommandsOf(t *testing.T) {
	text := "```sh\na 1\n# a comment\nb   # exit 3\n```\n```text\nout\n```\nprose\n```text\nnot an output\n```\n" +
		"<!-- excerpt of x.go -->\n```go\ncode\n```\n"
	blocks := blocksOf("x.md", text)
	commands := commandsOf(blocks)
	if len(blocks) != 4 || len(commands) != 2 {
		t.Fatalf("%d blocks, %d commands", len(blocks), len(commands))
	}
	if c := commands[0]; c.text != "a 1" || c.code != 0 || c.shown != nil || c.line != 2 {
		t.Errorf("first command %+v", c)
	}
	if c := commands[1]; c.text != "b" || c.code != 3 || !slices.Equal(c.shown, []string{"out"}) || c.line != 4 {
		t.Errorf("second command %+v", c)
	}
	if note := blocks[3].note; note != "excerpt of x.go" {
		t.Errorf("note %q", note)
	}
}

// TestFirstCommands holds the README to its two commands.
func TestFirstCommands(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"go run ./cmd/paxos check-bfs 3", "go test ./..."}
	if b := blocksOf("README.md", string(data)); len(b) == 0 || b[0].lang != "sh" || !slices.Equal(b[0].lines, want) {
		t.Errorf("the first block of README.md is not\n%s", strings.Join(want, "\n"))
	}
}

// TestExcerpts compares Go code in the docs with the file that it names. Indentation does not count, and a line "…"
// stands for any lines.
func TestExcerpts(t *testing.T) {
	seen := 0
	for _, b := range readBlocks(t) {
		if b.lang != "go" {
			continue
		}
		seen++
		file, ok := strings.CutPrefix(b.note, "excerpt of ")
		if !ok {
			t.Errorf("%s:%d: Go code without a comment that says of which file it is an excerpt", b.file, b.line)
			continue
		}
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			t.Errorf("%s:%d: %v", b.file, b.line, err)
			continue
		}
		if !shows(unindented(string(data)), strings.Split(unindented(strings.Join(b.lines, "\n")), "\n")) {
			t.Errorf("%s:%d: %s does not hold this code", b.file, b.line, file)
		}
	}
	if seen == 0 {
		t.Error("no document shows code: the search is broken")
	}
}

func unindented(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}

var fenced = regexp.MustCompile("(?ms)^```.*?^```$")

var relativeLink = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

// TestLinks looks for the files that the docs link to.
func TestLinks(t *testing.T) {
	for _, file := range append(documents(t), filepath.Join(root, "CHANGELOG.md")) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, m := range relativeLink.FindAllStringSubmatch(fenced.ReplaceAllString(string(data), ""), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s links to %s: %v", filepath.Base(file), m[1], err)
			}
		}
	}
}
