package harness_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"synod/examples/chatroom/harness"
)

// Commands are printed as the published harness prints its own.
func TestWords(t *testing.T) {
	for _, tt := range []struct{ json, want string }{
		{`{"type":"Start","id":0,"port":10000,"count":3}`, "Start { id: 0, port: 10000, count: 3 }"},
		{`{"count":3, "port":1, "id":2, "type":"Start"}`, "Start { id: 2, port: 1, count: 3 }"},
		{
			`{"type":"Start","id":2,"port":1,"count":3,"members":[2,0]}`,
			"Start { id: 2, port: 1, count: 3, members: [0, 2] }",
		},
		{`{"type":"Connect","id":1}`, "Connect { id: 1 }"},
		{`{"type":"Disconnect","id":1}`, "Disconnect { id: 1 }"},
		{`{"type":"Get","id":1}`, "Get { id: 1 }"},
		{`{"type":"Put","id":1,"message":"say \"hi\"\n"}`, `Put { id: 1, message: "say \"hi\"\n" }`},
		{`{"type":"Crash","id":1}`, "Crash { id: 1 }"},
		{`{"type":"Sleep","ms":1000}`, "Sleep { ms: 1000 }"},
		{`{"type":"Expect","id":1,"messages":["b","c"]}`, `Expect { id: 1, messages: ["b", "c"] }`},
		{`{"type":"Expect","id":1,"messages":[]}`, `Expect { id: 1, messages: [] }`},
		{`{"type":"Expect","same":true}`, "Expect { same: true }"},
		{`{"type":"Partition","groups":[[0,1],[2]]}`, "Partition { groups: [[0, 1], [2]] }"},
		{`{"type":"Heal"}`, "Heal"},
		{`{"type":"Pause","id":1}`, "Pause { id: 1 }"},
		{`{"type":"Resume","id":1}`, "Resume { id: 1 }"},
		{`{"type":"Delay","id":1,"ms":20}`, "Delay { id: 1, ms: 20, most: 20 }"},
		{`{"type":"Delay","id":1,"ms":20,"most":100}`, "Delay { id: 1, ms: 20, most: 100 }"},
		{`{"type":"Restart","id":1}`, "Restart { id: 1 }"},
		{
			`{"type":"Repeat","times":2,"commands":[{"type":"Heal"},{"type":"Get","id":1}]}`,
			"Repeat { times: 2, commands: [Heal, Get { id: 1 }] }",
		},
	} {
		test, err := harness.Parse("t", []byte("["+tt.json+"]"))
		if err != nil {
			t.Errorf("%s: %v", tt.json, err)
			continue
		}
		if got := test.Steps[0].Command.String(); got != tt.want {
			t.Errorf("%s is %s, want %s", tt.json, got, tt.want)
		}
	}
}

// Mistakes are told with the place where they are.
func TestMistakes(t *testing.T) {
	for _, tt := range []struct{ json, want string }{
		{``, "t:1:1: must be a value"},
		{`{}`, "t:1:1: must be an array"},
		{"[\n  {\"type\":\"Get\",\"id\":1}\n  {\"type\":\"Get\",\"id\":1}\n]", "t:3:3: must be a comma"},
		{"[\n  {}\n]", "t:2:3: a command needs the field type"},
		{"[\n\t\"é\", {\"type\":\"Get\",\"id\":1}]", "t:2:2: must be an object"},
		{`[{"type":"Stop","id":1}]`, `t:1:10: the type "Stop": must be one of Start, Connect, `},
		{`[{"type":"get","id":1}]`, `t:1:10: the type "get": must be one of`},
		{`[{"type":7}]`, `t:1:10: type must be a string`},
		{`[{"type":"Get"}]`, `t:1:2: Get needs the field id`},
		{`[{"type":"Get","id":-1}]`, `t:1:21: id must be a whole number`},
		{`[{"type":"Get","id":64}]`, `t:1:21: id must be a whole number from 0 to 63`},
		{`[{"type":"Get","id":1,"id":1}]`, `t:1:28: the field id is there twice`},
		{`[{"type":"Get","id":1,"é":0,"of":2}]`, `t:1:27: Get has no field "é"; it has type, id`},
		{`[{"type":"Heal","id":1}]`, `t:1:22: Heal has no field "id"; it has type`},
		{`[{"type":"Start","id":3,"port":1,"count":3}]`, `t:1:2: the id 3 of 3 servers: must be 0 to 2`},
		{`[{"type":"Start","id":3,"port":0,"count":3}]`, `t:1:32: port must be a whole number from 1 to 65535`},
		{`[{"type":"Start","id":0,"port":1,"count":3,"members":[]}]`, `t:1:54: members: must be at least one server`},
		{`[{"type":"Start","id":0,"port":1,"count":3,"members":[3]}]`, `t:1:2: the member 3 of 3 servers: must be 0 to 2`},
		{`[{"type":"Start","id":0,"port":1,"count":3,"members":[0,0]}]`, `must be each server once`},
		{
			`[{"type":"Start","id":0,"port":1,"count":3,"members":[0]},{"type":"Start","id":1,"port":1,"count":3}]`,
			`t:1:59: Start with members []: must be the same for all servers, and another one has [0]`,
		},
		{
			`[{"type":"Start","id":0,"port":1,"count":3},{"type":"Reconfigure","id":0,"members":[0]}]`,
			`t:1:45: Reconfigure needs servers whose Start has members`,
		},
		{
			`[{"type":"Start","id":0,"port":1,"count":3,"members":[0]},{"type":"Reconfigure","id":0,"members":[1,3]}]`,
			`t:1:59: the member 3 of 3 servers`,
		},
		{`[{"type":"Reconfigure","id":0}]`, `t:1:2: Reconfigure needs the field members`},
		{`[{"type":"Reconfigure","id":0,"members":[0],"at":1}]`, `Reconfigure has no field "at"; it has type, id, members`},
		{`[{"type":"Sleep","ms":86400001}]`, `t:1:23: ms must be a whole number from 0 to 86400000`},
		{`[{"type":"Delay","id":1,"ms":9,"most":8}]`, `t:1:2: a delay of at most 8ms: must not be less than 9ms`},
		{`[{"type":"Expect","same":false}]`, `t:1:2: Expect with same: must be true`},
		{`[{"type":"Expect","same":true,"id":1}]`, `t:1:36: Expect has no field "id"; it has type, same`},
		{`[{"type":"Partition","groups":[[0],[0]]}]`, `must be each server once`},
		{`[{"type":"Partition","groups":[[64]]}]`, `must be an id from 0 to 63`},
		{"[{\"type\":\"Repeat\",\"times\":1,\"commands\":[\n{\"type\":\"Nap\"}]}]", `t:2:9: the type "Nap"`},
		{`[{"type":"Repeat","times":1,"commands":7}]`, `t:1:40: must be an array`},
		{
			strings.Repeat(`[{"type":"Repeat","times":1,"commands":`, 18) + "[]" + strings.Repeat("}]", 18),
			"commands are repeated within one another at most 16 times",
		},
	} {
		_, err := harness.Parse("t", []byte(tt.json))
		var wrong *harness.Error
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s\n%v, want\n%s", tt.json, err, tt.want)
		}
	}
}

// What is read is read again from what is written, and mistakes are at places that exist.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		test, err := harness.Parse("t", data)
		if err == nil {
			_ = fmt.Sprint(test.Steps)
			return
		}
		var wrong *harness.Error
		if !errors.As(err, &wrong) {
			t.Fatal(err)
		}
		lines := strings.Split(string(data), "\n")
		if wrong.Line < 1 || wrong.Line > len(lines) || wrong.Column < 1 || wrong.Column > len(lines[wrong.Line-1])+1 {
			t.Errorf("%v: there is no such place", wrong)
		}
	})
}
