package layout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
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

// documents are the files whose blocks are tested.
func documents(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"models", "tutorial"} {
		more, err := filepath.Glob(filepath.Join(root, "docs", folder, "*.md"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	return append(files, filepath.Join(root, "README.md"), filepath.Join(root, "DEVELOPMENT.md"))
}

// block is a fenced block of a Markdown file.
type block struct {
	file  string
	line  int // of the fence, from 1
	lang  string
	notes []string // what HTML comments on the lines before say
	lines []string
	after *block // the block before it in the file, if only empty lines are between
}

// blocksOf reads the fenced blocks of a text.
func blocksOf(file, text string) []*block {
	var all []*block
	var open, last *block
	var notes []string
	for i, line := range strings.Split(text, "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case open != nil && isFence:
			all, last, open, notes = append(all, open), open, nil, nil
		case open != nil:
			open.lines = append(open.lines, line)
		case isFence:
			open = &block{file: file, line: i + 1, lang: fence, notes: notes, after: last}
		case strings.HasPrefix(line, "<!-- "):
			notes = append(notes, strings.TrimSuffix(strings.TrimPrefix(line, "<!-- "), " -->"))
		case strings.TrimSpace(line) != "":
			last, notes = nil, nil
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

// notRun is a comment that says why TestCommands does not run the commands of the block behind it, or only those that begin
// with the words between backquotes, or, with a $ behind them, are these words.
var notRun = regexp.MustCompile("^not run(?: `(.+)`)?: (.+)$")

// skips returns for each command of a block why it is not run, and the notes that name no command.
func skips(b *block, commands []*command) (why map[*command]string, idle []string) {
	why = make(map[*command]string)
	for _, note := range b.notes {
		m := notRun.FindStringSubmatch(note)
		if m == nil {
			continue
		}
		words, whole := strings.CutSuffix(m[1], "$")
		met := false
		for _, c := range commands {
			if words == "" || c.text == words || !whole && strings.HasPrefix(c.text, words+" ") {
				why[c], met = m[2], true
			}
		}
		if !met {
			idle = append(idle, note)
		}
	}
	return why, idle
}

// TestSkips compares what notes mean with what they say.
func TestSkips(t *testing.T) {
	blocks := blocksOf("x.md", strings.Join([]string{
		"<!-- not run `paxos spawn`: one -->", "<!-- not run `paxos$`: two -->", "<!-- not run `nc`: three -->",
		"```sh", "paxos spawn 3", "paxos spawning", "paxos", "```", "", "```sh", "nc", "```", "<!-- not run: four -->", "```sh", "nc", "```",
	}, "\n"))
	var got []string
	for _, b := range blocks {
		commands := commandsOf([]*block{b})
		why, idle := skips(b, commands)
		for _, c := range commands {
			got = append(got, c.text+": "+why[c])
		}
		got = append(got, idle...)
	}
	want := []string{"paxos spawn 3: one", "paxos spawning: ", "paxos: two", "not run `nc`: three", "nc: ", "nc: four"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

var exitComment = regexp.MustCompile(`^(.*?)\s+# exit (\d)$`)

// commandsOf returns the commands of all blocks. A text block right behind a sh block shows the output of its last one.
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
	commands := commandsOf(readBlocks(t))
	why := make(map[*command]string)
	for b, of := range byBlock(commands) {
		reasons, idle := skips(b, of)
		maps.Copy(why, reasons)
		for _, note := range idle {
			t.Errorf("%s:%d: no command is meant by %q", b.file, b.line, note)
		}
	}
	for _, c := range commands {
		t.Run(fmt.Sprintf("%s:%d", c.block.file, c.line), func(t *testing.T) {
			if why[c] != "" {
				t.Skipf("%s: %s", c.text, why[c])
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
}

func byBlock(commands []*command) map[*block][]*command {
	all := make(map[*block][]*command)
	for _, c := range commands {
		all[c.block] = append(all[c.block], c)
	}
	return all
}

// runIn runs a line of a shell, in a folder, with paxos on the path, and gives its standard output.
func runIn(folder, bin, line string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute) // for what never ends; builds take minutes on a busy machine
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

// shows reports whether an output holds the lines of an excerpt, in order and one after the other, but for seconds. A
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
	if notes := blocks[3].notes; !slices.Equal(notes, []string{"excerpt of x.go"}) {
		t.Errorf("notes %q", notes)
	}
}

// TestFirstCommands compares the first block of the README with the three commands that a reader tries first.
func TestFirstCommands(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"go run ./cmd/paxos check-bfs 3", "go run ./cmd/paxos explore 3", "go test ./..."}
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
		file, ok := strings.CutPrefix(strings.Join(b.notes, " "), "excerpt of ")
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
