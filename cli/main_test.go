package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"synod/examples/catalog"
	"synod/examples/commands"
)

func TestMain(m *testing.M) {
	programs := map[string]func(){"paxos": shippedCommand.Main}
	for name, breaks := range broken {
		programs[name] = mainOf(breaks)
	}
	testscript.Main(m, programs)
}

// run executes one call of the command for the shipped catalogue.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return shippedCommand.Run(args, stdin, stdout, stderr)
}

var shippedCommand = Command{Entries: catalog.All(), Extra: commands.All()}

// TestScripts runs the command as its users do. The scripts know these commands besides the usual ones:
//
//	exits CODE PROGRAM [ARG...]      runs a program, which must exit with the code
//	refused ARG...                   runs paxos, which must exit 2, print a sentence on stderr and nothing on stdout
//	signalled CODE SIGNAL DEPTH ARG...
//	                                 runs paxos until its progress is beyond a depth, sends the signal, wants the code
//	json FILE PATH VALUE             compares a value of a document; the file may be stdout. The path has names and
//	                                 numbers with dots between, and ends in len for the length. VALUE ? is any value
//	same_but_runtime FILE FILE       compares two documents of checks, all but the key that may differ
//	untimed                          takes the seconds out of the last standard output
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "refused": refused, "signalled": signalled, "json": jsonValue,
			"same_but_runtime": sameButRuntime, "untimed": untimed,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG...]")
	}
	wantCode(ts, args[0], ts.Exec(args[1], args[2:]...))
}

func wantCode(ts *testscript.TestScript, want string, err error) {
	code := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s", code, want)
	}
}

func refused(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: refused ARG...")
	}
	wantCode(ts, "2", ts.Exec("paxos", args...))
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("standard output has %q", out)
	}
	text := ts.ReadFile("stderr")
	if !strings.HasPrefix(text, "paxos: ") || strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") {
		ts.Fatalf("standard error is not a sentence: %q", text)
	}
}

func signalled(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM}
	if neg || len(args) < 3 || signals[args[1]] == nil {
		ts.Fatalf("usage: signalled CODE INT|TERM DEPTH ARG...")
	}
	beyond, err := strconv.Atoi(args[2])
	ts.Check(err)
	program, err := exec.LookPath("paxos")
	ts.Check(err)
	cmd := exec.Command(program, args[3:]...)
	cmd.Dir = ts.Getenv("WORK")
	cmd.Stdout = ts.Stdout()
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	patience := time.AfterFunc(3*time.Minute, func() { _ = cmd.Process.Kill() })
	defer patience.Stop()
	lines := bufio.NewReader(stderr)
	for depth := 0; depth <= beyond; {
		line, err := lines.ReadString('\n')
		fmt.Fprint(ts.Stderr(), line)
		ts.Check(err)
		if m := depths.FindStringSubmatch(line); m != nil {
			depth, err = strconv.Atoi(m[1])
			ts.Check(err)
		}
	}
	ts.Check(cmd.Process.Signal(signals[args[1]]))
	_, err = lines.WriteTo(ts.Stderr())
	ts.Check(err)
	wantCode(ts, args[0], cmd.Wait())
}

func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: json FILE PATH VALUE")
	}
	var doc any
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		ts.Fatalf("%s: %v", args[0], err)
	}
	if d.More() {
		ts.Fatalf("%s holds more than one document", args[0])
	}
	got, ok := lookUp(doc, strings.Split(args[1], "."))
	switch same := ok && (args[2] == "?" || fmt.Sprint(got) == args[2]); {
	case same && neg:
		ts.Fatalf("%s is %v", args[1], got)
	case !same && !neg:
		ts.Fatalf("%s is %v, want %s", args[1], got, args[2])
	}
}

func lookUp(doc any, path []string) (any, bool) {
	for _, name := range path {
		switch d := doc.(type) {
		case map[string]any:
			next, ok := d[name]
			if !ok {
				return nil, false
			}
			doc = next
		case []any:
			if name == "len" {
				doc = len(d)
				continue
			}
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(d) {
				return nil, false
			}
			doc = d[i]
		default:
			return nil, false
		}
	}
	return doc, true
}

func sameButRuntime(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: same_but_runtime FILE FILE")
	}
	var docs [2]map[string]any
	for i, name := range args {
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(name)), &docs[i]))
		if _, ok := docs[i]["runtime"]; !ok {
			ts.Fatalf("%s has no runtime", name)
		}
		delete(docs[i], "runtime")
	}
	if !reflect.DeepEqual(docs[0], docs[1]) {
		ts.Fatalf("%s and %s differ", args[0], args[1])
	}
}

var depths = regexp.MustCompile(`, depth=([0-9]+), `)

var seconds = regexp.MustCompile(`sec=[0-9.]+`)

func untimed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: untimed")
	}
	fmt.Fprint(ts.Stdout(), seconds.ReplaceAllString(ts.ReadFile("stdout"), "sec=?"))
}
