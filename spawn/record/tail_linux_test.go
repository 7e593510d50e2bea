package record_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"synod/spawn/record"
)

// limited is set for the process of TestFull whose files may have only so many bytes: the file to append to.
const limited = "SYNOD_TEST_LIMITED"

// TestFull makes sure that no room is an error, and that what was written before stays.
func TestFull(t *testing.T) {
	if path := os.Getenv(limited); path != "" {
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: 1_000_000, Max: 1_000_000}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
		f, err := record.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			if _, err := f.Write(line(i)); err != nil {
				_, again := f.Write(line(i))
				fmt.Printf("%d %v %v\n", i, errors.Is(err, syscall.EFBIG), errors.Is(again, syscall.EFBIG))
				return
			}
		}
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "record")
	cmd := exec.Command(program, "-test.run", "^TestFull$")
	cmd.Env = append(os.Environ(), limited+"="+path)
	out, err := cmd.CombinedOutput()
	var lines int
	var first, second bool
	if _, scanErr := fmt.Sscan(string(out), &lines, &first, &second); err != nil || scanErr != nil || !first || !second {
		t.Fatalf("%s, %v, %v", out, err, scanErr)
	}
	f, err := record.Open(path)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	var want []byte
	for i := range lines {
		want = append(want, line(i)...)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) || len(got) < 500_000 {
		t.Errorf("%d lines of %d bytes, %d bytes in the file, %v", lines, len(want), len(got), err)
	}
}

// TestShortened takes the end of a file away while it is in use. That is found where the file is to grow, at the latest.
func TestShortened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record")
	f, err := record.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write([]byte("x\n")); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	for i := range 10_000 {
		if _, err = f.Write(line(i)); err != nil {
			break
		}
	}
	_, again := f.Write([]byte("x\n"))
	if err == nil || again == nil ||
		!strings.Contains(err.Error(), "not accessible") && !strings.Contains(err.Error(), "truncated") {
		t.Errorf("written to nowhere: %v, then %v", err, again)
	}
}
