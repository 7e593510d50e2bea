package layout

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// term is a line of the glossary: what not to write where, and what to write instead.
type term struct {
	scope   string
	re      *regexp.Regexp
	instead string
}

var termLine = regexp.MustCompile(`^(start|prose|text)\s+(.+?)\s+=>\s+(.+)$`)

// glossary reads testdata/glossary.txt, which describes its own form.
func glossary(t *testing.T) []term {
	t.Helper()
	data, err := os.ReadFile("testdata/glossary.txt")
	if err != nil {
		t.Fatal(err)
	}
	var terms []term
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		m := termLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("glossary.txt:%d: %q is not a scope, an expression, => and a rewrite", i+1, line)
		}
		expression := m[2]
		if m[1] == "start" {
			expression = "^(" + expression + ")"
		}
		re, err := regexp.Compile(expression)
		if err != nil {
			t.Fatalf("glossary.txt:%d: %v", i+1, err)
		}
		terms = append(terms, term{m[1], re, m[3]})
	}
	return terms
}

// phrase is a text of a file that the glossary applies to.
type phrase struct {
	scope string
	line  int // where it begins, from 1
	text  string
}

// TestLanguage compares comments, docs and messages with the glossary.
func TestLanguage(t *testing.T) {
	terms := glossary(t)
	fsys := os.DirFS(root)
	phrases := 0
	for _, name := range sources(t, fsys) {
		if !isWritten(name) {
			continue
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		all := phrasesOf(t, name, data)
		phrases += len(all)
		for _, problem := range misworded(terms, all) {
			t.Errorf("%s:%s", name, problem)
		}
	}
	if phrases < 10_000 {
		t.Errorf("%d phrases: are there no more?", phrases)
	}
}

// isWritten reports whether people wrote a file, for others than testers.
func isWritten(name string) bool {
	switch {
	case strings.HasPrefix(name, "examples/zoo/internal/"), strings.HasSuffix(name, ".pb.go"), strings.HasSuffix(name, "_test.go"):
		return false
	case path.Ext(name) == ".go":
		return true
	}
	return path.Ext(name) == ".md" && name != "CHANGELOG.md"
}

// misworded returns a line for each use of a term.
func misworded(terms []term, phrases []phrase) []string {
	var problems []string
	for _, p := range phrases {
		for _, t := range terms {
			if t.scope != p.scope {
				continue
			}
			if at := t.re.FindStringIndex(p.text); at != nil {
				line := p.line + strings.Count(p.text[:at[0]], "\n")
				problems = append(problems, fmt.Sprintf("%d: %q: better %s", line, p.text[at[0]:at[1]], t.instead))
				break
			}
		}
	}
	return problems
}

// phrasesOf returns the texts of a file of Go or Markdown.
func phrasesOf(t *testing.T, name string, data []byte) []phrase {
	t.Helper()
	if path.Ext(name) == ".md" {
		return []phrase{{"prose", 1, withoutCode(string(data))}}
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, data, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var all []phrase
	add := func(scope string, at token.Pos, text string) {
		all = append(all, phrase{scope, files.Position(at).Line, text})
	}
	for _, group := range file.Comments {
		add("prose", group.Pos(), group.Text())
	}
	document := func(doc *ast.CommentGroup, names ...*ast.Ident) {
		first, rest, _ := strings.Cut(doc.Text(), " ")
		if slices.ContainsFunc(names, func(n *ast.Ident) bool { return n.Name == first }) {
			add("start", doc.Pos(), rest)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			document(n.Doc, n.Name)
		case *ast.GenDecl:
			for _, spec := range n.Specs {
				document(n.Doc, namesOf(spec)...)
			}
		case *ast.TypeSpec:
			document(n.Doc, n.Name)
		case *ast.ValueSpec:
			document(n.Doc, n.Names...)
		case *ast.Field:
			document(n.Doc, n.Names...)
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				add("text", n.Pos(), text)
			}
		}
		return true
	})
	return all
}

// namesOf returns what a specification declares.
func namesOf(spec ast.Spec) []*ast.Ident {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return []*ast.Ident{s.Name}
	case *ast.ValueSpec:
		return s.Names
	}
	return nil
}

var codeInMarkdown = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")

// withoutCode blanks the code of Markdown, and leaves its lines.
func withoutCode(text string) string {
	return codeInMarkdown.ReplaceAllStringFunc(text, func(code string) string { return strings.Repeat("\n", strings.Count(code, "\n")) })
}

// TestLanguageReported reads made-up files: a test that never fires would look like good English.
func TestLanguageReported(t *testing.T) {
	terms := []term{
		{"start", regexp.MustCompile(`^(gives\b)`), "returns"},
		{"prose", regexp.MustCompile(`\bwhoever\b`), "anyone who"},
		{"text", regexp.MustCompile(`expected it to`), "must"},
	}
	source := "package x\n\n// F gives 1.\nfunc F() int {\n\t// whoever\n\tpanic(\"expected it to, whoever\") // gives\n}\n\n" +
		"type t struct {\n\t// A gives it.\n\tA int\n}\n\n// X\n// gives whoever.\nvar X = 1\n"
	got := misworded(terms, phrasesOf(t, "x.go", []byte(source)))
	slices.Sort(got)
	want := []string{
		`10: "gives": better returns`, `15: "whoever": better anyone who`, `3: "gives": better returns`,
		`5: "whoever": better anyone who`, `6: "expected it to": better must`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("of Go:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	got = misworded(terms, phrasesOf(t, "x.md", []byte("Here.\n```sh\nwhoever\n```\n`whoever` and\nwhoever\n")))
	if want := []string{`6: "whoever": better anyone who`}; !slices.Equal(got, want) {
		t.Errorf("of Markdown: %q, want %q", got, want)
	}
}
