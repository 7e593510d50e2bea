package rehearse_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"synod/consistency"
	"synod/consistency/oplog"
	"synod/examples/catalog"
	"synod/spawn"
	"synod/spawn/nemesis"
	"synod/spawn/record"
	"synod/spawn/rehearse"
	"synod/spawn/replay"
)

// TestReplay makes sure that a run that was written down is one of the model, step by step: over streams with every
// message received once and in order, too.
func TestReplay(t *testing.T) {
	runs := uint64(5)
	if testing.Short() {
		runs = 1
	}
	for _, model := range catalog.All().Spawnable() {
		for _, streams := range []bool{false, true} {
			c := config(t, model, streams)
			for seed := range runs {
				s, err := c.Schedule(seed)
				if err != nil {
					t.Fatal(err)
				}
				folder := t.TempDir()
				r, err := c.Write(t.Context(), folder, seed, s, record.Header{})
				if err != nil || r.Violated() {
					t.Fatalf("%v, %v", r.Outcome.Violations, err)
				}
				replayed(t, c, folder)
			}
		}
	}
}

// replayed replays the records of a folder.
func replayed(t *testing.T, c rehearse.Config, folder string) {
	t.Helper()
	var names []string
	for place := range c.Servers {
		names = append(names, filepath.Join(folder, rehearse.RecordName(place)))
	}
	records, err := replay.Open(names...)
	if err != nil {
		t.Fatal(err)
	}
	defer records.Close()
	program := func(*record.Header) (spawn.Program, error) { return c.Program, nil }
	if _, err = records.Run(replay.Config{Program: program}); err != nil {
		t.Errorf("%s, streams %v: %v", c.Program.Model, c.Streams, err)
	}
}

// TestWrite makes sure that the folder of a violated run shows what is wrong: its history is violated, and its schedule
// gives the run again.
func TestWrite(t *testing.T) {
	c := config(t, "durable-abd", false)
	forgetCopy(&c)
	s, err := c.Perform(t.Context(), rehearse.Campaign{Seed: 1, Runs: 10})
	if err != nil || len(s.Violated) == 0 {
		t.Fatalf("%d violated, %v", len(s.Violated), err)
	}
	want := s.Violated[0]
	folder := filepath.Join(t.TempDir(), "new")
	got, err := c.Write(t.Context(), folder, want.Seed, want.Schedule, record.Header{})
	if err != nil || got.Outcome.Digest != want.Outcome.Digest {
		t.Fatalf("written down it is another run: %x, want %x; %v", got.Outcome.Digest, want.Outcome.Digest, err)
	}
	read := func(name string) *os.File {
		file, err := os.Open(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { file.Close() })
		return file
	}
	h, err := oplog.Load(read(rehearse.HistoryName), oplog.ReadConfig{})
	if err != nil {
		t.Fatal(err)
	}
	check, err := oplog.Check(t.Context(), h, oplog.Config{Spec: oplog.Register})
	if err != nil || check.Outcome != consistency.Violated {
		t.Errorf("the history: %v, %v", check.Outcome, err)
	}
	check.Explain(t.Context())
	if a, b := check.Findings[0].Last.String(), want.Check.Findings[0].Last.String(); a != b {
		t.Errorf("the file's culprit is %s, want %s", a, b)
	}
	again, err := nemesis.Read(read(rehearse.ScheduleName))
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Rehearse(t.Context(), want.Seed, again)
	if err != nil || r.Outcome.Digest != want.Outcome.Digest {
		t.Errorf("the file's schedule gives another run: %x, want %x; %v", r.Outcome.Digest, want.Outcome.Digest, err)
	}
	for name, has := range map[string]string{
		rehearse.PageName: "<html", rehearse.LogName: "client 0: asks to", rehearse.RecordName(2): `"event":"recover"`,
	} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || !strings.Contains(string(data), has) {
			t.Errorf("%s has no %s, %v", name, has, err)
		}
	}
	var line map[string]any
	if err := json.NewDecoder(read(rehearse.RecordName(0))).Decode(&line); err != nil || line["model"] != "durable-abd" {
		t.Errorf("a record begins with %v, %v", line, err)
	}
}
