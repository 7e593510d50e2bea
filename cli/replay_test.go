package cli

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// replayFiles runs paxos replay, and gives what it prints and its exit code.
func replayFiles(t *testing.T, args ...string) (string, int) {
	t.Helper()
	out, err := exec.Command("paxos", append([]string{"replay"}, args...)...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		return string(out), exit.ExitCode()
	}
	return string(out), 0
}

// TestRecorded records three processes under load, which are killed and started again, and replays their records, as
// they are and with mistakes.
func TestRecorded(t *testing.T) {
	for _, transport := range []string{"udp", "tcp", "grpc"} {
		t.Run(transport, func(t *testing.T) {
			dir := t.TempDir()
			addresses := peers(t, 3)
			var files []string
			var all []*spawned
			start := func(i int) *spawned {
				return only(t, i, addresses, "--model", "durable-abd", "--transport", transport,
					"--data-dir", filepath.Join(dir, "data"), "--record", files[i])
			}
			for i := range addresses {
				files = append(files, filepath.Join(dir, "record"+string(rune('0'+i))))
				all = append(all, start(i))
			}
			load := exec.Command("paxos", "client", "bench", "--servers", strings.Join(addresses, ","),
				"--transport", transport, "--clients", "4", "--duration", "2s", "--timeout", "100ms")
			var report bytes.Buffer
			load.Stdout = &report
			if err := load.Start(); err != nil {
				t.Fatal(err)
			}
			for i := range all {
				all[i].kill()
				all[i] = start(i)
			}
			_ = load.Wait() // It may have had no answer, if the servers were slow to come back.
			if out, code := asks(t, "bench", "--servers", strings.Join(addresses, ","), "--transport", transport, "--clients", "4",
				"--operations", "100", "--duration", "5m", "--timeout", "250ms", "--retries", "400"); code != 0 {
				t.Fatalf("exit code %d: %s", code, out)
			}
			for _, s := range all {
				if code := s.stop(syscall.SIGTERM); code != 0 {
					t.Errorf("exit code %d: %s", code, s.stderr)
				}
			}
			out, code := replayFiles(t, files...)
			if code != 0 || strings.Count(out, ", 1 crash") != 3 || !strings.Contains(out, "Confirmed") {
				t.Fatalf("exit code %d: %s%s", code, out, &report)
			}
			t.Log(out, &report)
			spoil(t, files)
		})
	}
}

// spoil makes mistakes in the second of three records, one at a time.
func spoil(t *testing.T, files []string) {
	t.Helper()
	data, err := os.ReadFile(files[1])
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	// Any line in the middle that receives and sends, counted from 0. Behind it must be another event of its process: the
	// last line before a kill may well be missing or torn.
	at := 10
	for ; !strings.Contains(lines[at], `"event":"receive"`) || !strings.Contains(lines[at], `"send":[["`) ||
		!strings.Contains(lines[at+1], `"event":"`); at++ {
	}
	number := regexp.MustCompile(`("send":\[\["[^"]*",\{"[A-Za-z]*":[^0-9]*)[0-9]`)
	for _, tt := range []struct {
		name   string
		change func() []string
		line   int // in which the mistake shows, from 1
	}{
		{"edited", func() []string {
			edited := append([]string{}, lines...)
			edited[at] = number.ReplaceAllString(edited[at], "${1}9999")
			return edited
		}, at + 1},
		{"deleted", func() []string { return append(append([]string{}, lines[:at]...), lines[at+1:]...) }, at + 1},
		{"cut", func() []string {
			cut := append([]string{}, lines...)
			cut[at] = cut[at][:len(cut[at])/2] + "\n"
			return cut
		}, at + 1},
	} {
		changed := strings.Join(tt.change(), "")
		if changed == string(data) {
			t.Fatalf("%s: nothing changed in %s", tt.name, lines[at])
		}
		spoiled := filepath.Join(t.TempDir(), tt.name)
		if err := os.WriteFile(spoiled, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		out, code := replayFiles(t, files[0], spoiled, files[2])
		want := regexp.MustCompile(regexp.QuoteMeta(spoiled) + `:` + strconv.Itoa(tt.line) + `: server 127\.0\.0\.1:\d+`)
		if code != 1 || !want.MatchString(out) {
			t.Errorf("%s: exit code %d, want line %d: %s", tt.name, code, tt.line, out)
		}
	}
}

// TestRecordOfAll records three servers of one process in one file, and lets two neighbouring lines of different servers
// change places.
func TestRecordOfAll(t *testing.T) {
	file := filepath.Join(t.TempDir(), "record")
	s := startSpawn(t, "--port", "0", "--retry", "--record", file)
	if got := request(t, s.addresses[0], `{"Put":[1,"X"]}`); got != `{"PutOk":1}` {
		t.Fatalf("put: %q", got)
	}
	s.kill()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, code := replayFiles(t, file)
	if code != 0 {
		t.Fatal(want)
	}
	lines := strings.SplitAfter(string(data), "\n")
	for i := range len(lines) - 2 {
		server := func(i int) string { return lines[i][:strings.Index(lines[i], ",")] }
		if server(i) == server(i+1) {
			continue
		}
		lines[i], lines[i+1] = lines[i+1], lines[i]
		if err := os.WriteFile(file, []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, code := replayFiles(t, file); code != 0 || out != want {
			t.Fatalf("lines %d and %d: exit code %d: %s", i+1, i+2, code, out)
		}
		lines[i], lines[i+1] = lines[i+1], lines[i]
	}
}
