package record_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"synod/actor"
	"synod/spawn/machine"
	"synod/spawn/record"
	"synod/storage"
)

const self = actor.ID(139637976796088) // 127.0.0.1:3000

// everything are lines with all that a line may have.
func everything() []record.Line {
	wall := time.Unix(1_000_000_000, 1)
	event := func(e record.Event) record.Line {
		return record.Line{Server: self, Step: 7, At: time.Second, Wall: wall, Event: e, State: 0x12345}
	}
	header := record.Line{Server: self, Header: &record.Header{
		Server: self, Servers: []actor.ID{self, self + 1, 1 << 50}, Model: "a \"model\"\n", Version: 3,
		Config: map[string]string{"retry": "1s", "\u2028": "ü"}, Durable: true, Transport: "udp", Faults: true, Build: "b",
		Wall: wall,
	}}
	recovery := event(record.Recover)
	recovery.Records = []storage.Record{{Name: "a", Data: []byte(`[1]`)}, {Name: "b", Data: []byte{}}, {Name: "\xff", Data: []byte{0, 0xff}}}
	all := []record.Line{header, event(record.Start), recovery}
	for _, data := range []string{
		`{"Put":[1,"X"]}`, `{"Put": [1,"X"]}`, "{\"Put\":[1,\"X\"]}\n", `"text"`, "", "7", `{"base64":"eHk="}`, "\xff\x00", "[]", "[1",
		strings.Repeat("[", 100) + strings.Repeat("]", 100), strings.Repeat("[", 124) + strings.Repeat("]", 124), `{"ü":"\u0000"}`, "\x7f",
	} {
		l := event(record.Receive)
		l.From, l.Data = self+1, []byte(data)
		l.Save = []storage.Record{{Name: "gone"}, {Name: "there", Data: []byte(data)}}
		l.Send = []machine.Message{{To: self, Data: []byte(data)}, {To: 1 << 60, Data: []byte("{}")}}
		l.Arm = []record.Alarm{{Timer: []byte("a.T{}"), In: time.Minute}, {Timer: []byte(data)}}
		l.Disarm, l.Drawn = [][]byte{[]byte(data), []byte("x")}, [][]byte{[]byte("y")}
		all = append(all, l)
	}
	large, refused, timeout, choice := event(record.Receive), event(record.Receive), event(record.Timeout), event(record.Choose)
	large.From, large.Size, large.Rejected = self, machine.MaxMessage+1, "too large"
	refused.From, refused.Data, refused.Rejected = self, []byte("{"), "not JSON"
	timeout.Timer, choice.Option = []byte(`"t"`), []byte("3")
	large.Joins, timeout.Joins = true, true
	stop, failed := event(record.Stop), event(record.Stop)
	stop.State, failed.State, failed.Reason = 0, 0, "the disk is full"
	return append(all, large, refused, timeout, choice, stop, failed)
}

// TestLines reads what was written, and gets the same.
func TestLines(t *testing.T) {
	for _, l := range everything() {
		text := string(l.Append(nil))
		if n := strings.Count(text, "\n"); n != 1 || !strings.HasSuffix(text, "}\n") {
			t.Errorf("%q has %d line ends", text, n)
		}
		got, err := record.Decode([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if !reflect.DeepEqual(got, l) {
			t.Errorf("%s is read as\n%+v, want\n%+v", text, got, l)
		}
		if id, ok := record.Server([]byte(text[:30])); !ok || id != self {
			t.Errorf("%s: server %v, %v", text, id, ok)
		}
	}
}

// TestReadable makes sure that JSON stands in a line as it is.
func TestReadable(t *testing.T) {
	l := record.Line{Server: self, Step: 1, Wall: time.Unix(0, 0), Event: record.Receive, From: self, Data: []byte(`{"Put": [1,"X"]}`)}
	if text := string(l.Append(nil)); !strings.Contains(text, `"message":{"Put": [1,"X"]},`) {
		t.Error(text)
	}
}

func TestRefused(t *testing.T) {
	const prefix, moment = `{"server":"127.0.0.1:3000",`, `"step":1,"at":1,"wall":1,`
	for text, want := range map[string]string{
		``:                                   "expected a value",
		`{}`:                                 "the field event is missing",
		prefix + `"event":"start"}`:          "the field wall is missing",
		prefix + moment + `"event":"x"}`:     "expected start, recover",
		prefix + moment + `"event":"crash"}`: "expected start, recover",
		prefix + moment + `"event":"start"}`: "the field state is missing",
		prefix + moment + `"event":"start","state":"12"}`:                                                             "16 hexadecimal digits",
		prefix + moment + `"event":"start","state":"0000000000000000","x":1}`:                                         `unknown field "x"`,
		prefix + moment + `"event":"start","event":"start","state":"0000000000000000"}`:                               "each field once",
		prefix + moment + `"event":"start","timer":"t","state":"0000000000000000"}`:                                   "the field timer is not allowed in this line",
		prefix + moment + `"event":"stop","send":[]}`:                                                                 "the field send is not allowed in this line",
		prefix + moment + `"joins":true,"event":"stop"}`:                                                              "the field joins is not allowed in this line",
		prefix + moment + `"event":"stop"} {}`:                                                                        "nothing after",
		prefix + moment + `"event":"receive","from":"x","state":"0000000000000000"}`:                                  "expected an address with a port",
		prefix + moment + `"event":"receive","from":"1.2.3.4:5","state":"0000000000000000"}`:                          "either a message or its size",
		prefix + moment + `"event":"receive","from":"1.2.3.4:5","size":9,"state":"0000000000000000"}`:                 "more than 16384",
		prefix + moment + `"event":"receive","from":"1.2.3.4:5","message":7,"state":"0000000000000000"}`:              "a string, an array or an object",
		prefix + moment + `"event":"receive","from":"1.2.3.4:5","message":{"base64":"?"},"state":"0000000000000000"}`: "base64",
		prefix + moment + `"event":"recover","records":[["b","x"],["a","x"]],"state":"0000000000000000"}`:             "ascending",
		prefix + moment + `"event":"recover","records":[["b",null]],"state":"0000000000000000"}`:                      "a string, an array",
		prefix + `"record":"synod.record/2","wall":1}`:                                                                `is not "synod.record/1"`,
		prefix + `"record":"synod.record/1","wall":1}`:                                                                "the field servers is missing",
		prefix + `"step":-1}`: "a whole number",
	} {
		if _, err := record.Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// FuzzDecode reads any bytes. What can be read is written and read again alike.
func FuzzDecode(f *testing.F) {
	for _, l := range everything() {
		f.Add(l.Append(nil))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		record.Server(data)
		l, err := record.Decode(data)
		if err != nil {
			return
		}
		text := l.Append(nil)
		again, err := record.Decode(text)
		if err != nil {
			t.Fatalf("%s was written as %s: %v", data, text, err)
		}
		if !reflect.DeepEqual(again, l) {
			t.Fatalf("%s was read as\n%+v and then as\n%+v", data, l, again)
		}
	})
}

// TestFile appends to a file that ends within a line.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record")
	for _, tt := range []struct {
		before, after string
		used          bool
	}{
		{"", "x\n", false},
		{`{"server":1}` + "\n", `{"server":1}` + "\nx\n", true},
		{`{"server":1}` + "\nb", `{"server":1}` + "\nb\nx\n", true},
	} {
		if err := os.WriteFile(path, []byte(tt.before), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := record.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Write([]byte("x\n"))
		if used := f.Used(); used != tt.used {
			t.Errorf("%q: used %v", tt.before, used)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != tt.after {
			t.Errorf("%q became %q, %v; want %q", tt.before, data, err, tt.after)
		}
	}
	if _, err := record.Open(t.TempDir()); err == nil {
		t.Error("a folder was opened")
	}
}

// TestBroken makes sure that nothing is appended to what could not be written.
func TestBroken(t *testing.T) {
	f, err := record.Open("/dev/full")
	if err != nil {
		t.Skipf("there is no /dev/full: %v", err)
	}
	defer f.Close()
	if f.Used() {
		t.Error("/dev/full holds something")
	}
	for range 2 {
		if n, err := f.Write([]byte("x\n")); n != 0 || err == nil {
			t.Errorf("%d bytes written, %v", n, err)
		}
	}
}
