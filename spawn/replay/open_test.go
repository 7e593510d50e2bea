package replay_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"synod/spawn/replay"
)

// write puts records into files.
func write(t *testing.T, records []string) (names []string) {
	t.Helper()
	dir := t.TempDir()
	for i, text := range records {
		name := filepath.Join(dir, string(rune('a'+i)))
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// TestLongFiles replays files of which most is not in memory.
func TestLongFiles(t *testing.T) {
	c := newCluster(t, "durable-abd", "udp", nil)
	for n := 1; c.lines[0].Len() < 1<<20; n++ {
		c.ask(n%3, fmt.Sprintf(`{"Put":[%d,"X"]}`, n))
	}
	records, err := replay.Open(write(t, c.files())...)
	if err != nil {
		t.Fatal(err)
	}
	result, err := records.Run(replay.Config{Program: program})
	if err != nil {
		t.Fatal(err)
	}
	if want := confirm(t, c.files()...).Events; result.Events != want || want < 100 {
		t.Errorf("%d events, want %d", result.Events, want)
	}
	if err := records.Close(); err != nil {
		t.Error(err)
	}
	if _, err := records.Run(replay.Config{Program: program}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed records: %v", err)
	}
}

// TestFileShrinks cuts a file between the two times that it is read.
func TestFileShrinks(t *testing.T) {
	files := decided(t, "udp").files()
	names := write(t, []string{files[0] + strings.Repeat("\n", 1<<20), files[1], files[2]})
	records, err := replay.Open(names...)
	if err != nil {
		t.Fatal(err)
	}
	defer records.Close()
	if err := os.Truncate(names[0], 10); err != nil {
		t.Fatal(err)
	}
	_, err = records.Run(replay.Config{Program: program})
	if !errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "read "+names[0]+": byte ") {
		t.Errorf("%v, want one that names the file", err)
	}
}
