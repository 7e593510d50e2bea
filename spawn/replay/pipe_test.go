//go:build unix

package replay_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"synod/spawn/replay"
)

// TestPipe replays what comes through a pipe, as from a program that unpacks a file.
func TestPipe(t *testing.T) {
	c := decided(t, "udp")
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() { written <- os.WriteFile(name, c.merged.Bytes(), 0o600) }()
	records, err := replay.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer records.Close()
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	result, err := records.Run(replay.Config{Program: program})
	if err != nil || result.Events != confirm(t, c.files()...).Events {
		t.Errorf("%+v, %v", result, err)
	}
}
