package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"synod/storage"
)

// TestInspect prints a data file that is sound, and one that is damaged; a server refuses that one, and neither changes it.
func TestInspect(t *testing.T) {
	dir := t.TempDir()
	const address = "127.0.0.1:1"
	id := storage.Identity{Model: "single-decree", Version: 1, Actor: 139637976793089, Cluster: address}
	f, err := storage.Open(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Save([]storage.Record{
		{Name: "ballot", Data: []byte("[1,139637976793089]")}, {Name: "odd\n", Data: []byte{0xff}},
	}), f.Save([]storage.Record{{Name: "ballot", Data: []byte("[2,139637976793089]")}}), f.Close()); err != nil {
		t.Fatal(err)
	}
	inspect := func(args ...string) (code int, out, errs string) {
		var stdout, stderr bytes.Buffer
		code = newApp(shippedCommand, &stdout, &stderr).run(append([]string{"inspect"}, args...), strings.NewReader(""))
		return code, stdout.String(), stderr.String()
	}
	want := `server    127.0.0.1:1, actor 139637976793089
model     single-decree, version 1
cluster   127.0.0.1:1
log       batches 1 to 3 in bytes 8192 to 9727, room to byte 74239 of 140288
record    ballot [2,139637976793089]
record    "odd\n" "\xff"
sound     a server would start with this file
`
	if code, out, errs := inspect(f.Path()); code != 0 || out != want || errs != "" {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
	data, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	data[9300] ^= 1
	if err := os.WriteFile(f.Path(), data, 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := inspect(f.Path())
	for _, part := range []string{
		"record    ballot [1,139637976793089]\n", "damaged   these records may be outdated: ",
		"damaged at bytes 9216 to 9727: batch 3 was saved", "do not start the server with an empty folder",
	} {
		if code != 1 || !strings.Contains(out, part) || errs != "" {
			t.Errorf("exit code %d, no %q in\n%s%s", code, part, out, errs)
		}
	}
	var stderr bytes.Buffer
	code = newApp(shippedCommand, &bytes.Buffer{}, &stderr).run(
		[]string{"spawn", "--only", "0", "--peers", address, "--port", "0", "--data-dir", dir}, strings.NewReader(""))
	if code != 2 || !strings.Contains(stderr.String(), "batch 3 was saved") {
		t.Errorf("a server: exit code %d, %s", code, &stderr)
	}
	if after, _ := os.ReadFile(f.Path()); !bytes.Equal(after, data) {
		t.Error("the file was changed")
	}
	if code, out, errs = inspect(filepath.Join(dir, "missing")); code != 2 || out != "" || !strings.Contains(errs, "no such file") {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
	if code, _, errs = inspect(); code != 2 || !strings.Contains(errs, "expected one data file") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
}
