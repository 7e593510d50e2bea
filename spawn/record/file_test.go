package record_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"synod/spawn/record"
)

// killed is set for the process that TestKilled kills: the file to append to.
const killed = "SYNOD_TEST_RECORD"

// line is a line of a length that grows, so that lines and parts of the file end at any distance from each other.
func line(i int) []byte {
	return fmt.Appendf(nil, "{\"server\":%d %s\n", i, strings.Repeat("x", i%1999))
}

// TestKilled makes sure that no line is lost that was written before its process was killed, how far it had filled
// its part of the file, and that the next one goes on behind them.
func TestKilled(t *testing.T) {
	if path := os.Getenv(killed); path != "" {
		f, err := record.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			if _, err := f.Write(line(i)); err != nil {
				t.Fatal(err)
			}
			fmt.Println(i)
		}
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "record")
	for _, n := range []int{0, 1, 700, 3000} {
		cmd := exec.Command(program, "-test.run", "^TestKilled$")
		cmd.Env = append(os.Environ(), killed+"="+path)
		out, err := cmd.StdoutPipe()
		if err = errors.Join(err, cmd.Start()); err != nil {
			t.Fatal(err)
		}
		told := 0
		for told <= n {
			var i int
			if _, err := fmt.Fscan(out, &i); err != nil {
				t.Fatal(err)
			}
			told = i + 1
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		rest, _ := io.ReadAll(out)
		_ = cmd.Wait() // It was killed.
		told += bytes.Count(rest, []byte("\n"))
		f, err := record.Open(path)
		if err == nil {
			_, err = f.Write([]byte("next\n"))
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := []byte{}
		for i := range told {
			want = append(want, line(i)...)
		}
		// One line more may be there, of which it could not tell, or a part of it.
		got, isPrefix := bytes.CutPrefix(data, want)
		more := bytes.TrimSuffix(got, []byte("next\n"))
		if !isPrefix || len(more) == len(got) || bytes.Count(more, []byte("\n")) > 1 ||
			!bytes.HasPrefix(line(told), bytes.TrimSuffix(more, []byte("\n"))) {
			t.Fatalf("after %d lines of %d bytes: %d bytes, which go on with %.100q", told, len(want), len(data), got)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestShared lets several write to a file at the same time. Each finds its lines in order.
func TestShared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record")
	var files [3]*record.File
	for i := range files {
		var err error
		if files[i], err = record.Open(path); err != nil {
			t.Fatal(err)
		}
	}
	const lines = 2000
	for i := range lines {
		for k, f := range files {
			if _, err := f.Write(fmt.Appendf(nil, "%d %s", k, line(i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, f := range files {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var next [3]int
	for text := range bytes.SplitAfterSeq(data, []byte("\n")) {
		if text = bytes.Trim(text, "\x00"); len(text) == 0 {
			continue
		}
		k := int(text[0] - '0')
		if k >= len(next) || string(text[2:]) != string(line(next[k])) {
			t.Fatalf("%.30q, expected line %d", text, next)
		}
		next[k]++
	}
	if next != [3]int{lines, lines, lines} {
		t.Errorf("%d lines", next)
	}
}

// TestForeign makes sure that a file which holds something else is refused and left as it was, its zeros too, and that one
// of which only a part of a line was written is not.
func TestForeign(t *testing.T) {
	for content, own := range map[string]bool{
		"": true, "{": true, "\x00\x00": true, `{"ser`: true, "{\"ser\n": true, `{"server":"127`: true, "{\x00\x00er\x00\x00": true,
		"notes": false, "\n": false, "{}": false, `{"type":"invoke"}`: false, "SQLite\x00\x00\x00": false, "\x7fELF\x00\x00": false,
	} {
		path := filepath.Join(t.TempDir(), "record")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := record.Open(path)
		if own != (err == nil) {
			t.Errorf("%q: %v", content, err)
		}
		if err != nil && strings.Contains(err.Error(), "%!") {
			t.Errorf("%q: %v", content, err)
		}
		if err == nil {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			continue
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Errorf("%q became %q, %v", content, got, err)
		}
	}
}

// TestLong writes lines that are longer than what the file grows by.
func TestLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record")
	f, err := record.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var want []byte
	for _, n := range []int{10, 1 << 20, 300_000, 1, 262_143, 262_144, 5} {
		l := append(bytes.Repeat([]byte("y"), n), '\n')
		want = append(want, l...)
		if _, err := f.Write(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(want))
	}
	if _, err := f.Write([]byte("x\n")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("written to a closed file: %v", err)
	}
}

// BenchmarkWrite appends lines of a usual length.
func BenchmarkWrite(b *testing.B) {
	l := append(bytes.Repeat([]byte("x"), 350), '\n')
	write := func(w io.Writer) func(*testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Write(l); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	f, err := record.Open(filepath.Join(b.TempDir(), "record"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	plain, err := os.OpenFile(filepath.Join(b.TempDir(), "plain"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer plain.Close()
	b.Run("record", write(f))
	b.Run("plain", write(plain))
}
