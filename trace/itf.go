package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"synod/model/statespace"
)

// The Informal Trace Format, as defined by the documentation of Apalache: ADR-015, "Informal Trace Format in JSON".

// itf is a trace in that format.
type itf struct {
	Meta   map[string]any   `json:"#meta"`
	Vars   []string         `json:"vars"`
	Loop   *int             `json:"loop,omitempty"`
	States []map[string]any `json:"states"`
}

// WriteITF writes a trace in the Informal Trace Format of the TLA+ tools: a variable per slot, and the variable
// action with what led to the state. Actors are records of their local state, mailbox, timers and choices. In a trace
// that was read from a file, which has no values, a slot is a string: its human-readable form.
func WriteITF(w io.Writer, t Trace) error {
	vars := itfVariables(t)
	out := itf{
		Meta: map[string]any{
			"format":             "ITF",
			"format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
			"description":        Printable(t.headline()),
		},
		Vars: vars,
	}
	state := make(map[string]any)
	add := func(slots []Slot, action string) {
		for _, s := range slots {
			if i := t.slot(s.Name); i >= 0 {
				state[vars[i+1]] = s.itf()
			}
		}
		now := map[string]any{"#meta": map[string]any{"index": len(out.States)}, vars[0]: action}
		for name, value := range state {
			now[name] = value
		}
		out.States = append(out.States, now)
	}
	add(t.Initial.Slots, "start")
	for _, s := range t.Steps {
		add(s.Slots, s.Text)
	}
	if t.Loop > 0 { // The last state equals the one before that step, and must occur only once.
		begin := t.Loop - 1
		out.Loop, out.States = &begin, out.States[:len(out.States)-1]
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("trace in ITF: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// slot returns the index of a slot, or -1.
func (t Trace) slot(name string) int {
	for i, s := range t.Initial.Slots {
		if s.Name == name {
			return i
		}
	}
	return -1
}

var notIdentifier = regexp.MustCompile(`[^A-Za-z0-9_]`)

// itfVariables returns valid TLA+ identifiers: action, and one for every slot.
func itfVariables(t Trace) []string {
	vars := []string{"action"}
	used := map[string]bool{"action": true}
	for _, s := range t.Initial.Slots {
		name := notIdentifier.ReplaceAllString(s.Name, "_")
		if strings.Trim(name, "0123456789_") == "" {
			name = "actor_" + name
		}
		for unique, n := name, 2; ; n++ {
			if !used[unique] {
				name = unique
				break
			}
			unique = name + "_" + strconv.Itoa(n)
		}
		used[name] = true
		vars = append(vars, name)
	}
	return vars
}

// itf returns the content of a slot as an ITF value.
func (s Slot) itf() any {
	if s.Value == nil {
		return s.Text
	}
	return s.Value
}

// itfOf returns the content of a slot as an ITF value, or nil if its parts are not known.
func itfOf(space statespace.Space, slot int, id statespace.PartID) any {
	d, ok := space.(statespace.Detailer)
	if !ok {
		return nil
	}
	detail, err := d.Detail(slot, id)
	if err != nil {
		return nil
	}
	switch detail.Role {
	case statespace.RoleActor, statespace.RoleNobody:
		record := map[string]any{"mailbox": itfLetters(detail.Letters)}
		if detail.Role == statespace.RoleActor {
			record["local"] = itfNode(detail.Value)
			record["timers"] = map[string]any{"#set": itfTexts(detail.Timers)}
			record["choices"] = itfTexts(detail.Choices)
		}
		return record
	case statespace.RoleObserver, statespace.RoleState, statespace.RoleOther:
	}
	return itfNode(detail.Value)
}

func itfLetters(letters []statespace.Letter) []any {
	all := []any{}
	for _, l := range letters {
		all = append(all, map[string]any{
			"sender": valid(l.From), "to": valid(l.To), "message": valid(l.Message), "copies": itfInteger(strconv.Itoa(l.Copies)),
		})
	}
	return all
}

func itfTexts(texts []string) []any {
	all := []any{}
	for _, s := range texts {
		all = append(all, valid(s))
	}
	return all
}

// itfInteger returns an integer in the form that the format requires for all integers.
func itfInteger(digits string) any { return map[string]any{"#bigint": digits} }

// itfNode returns a value: structs become records, maps functions, slices and arrays sequences.
func itfNode(n statespace.Node) any {
	switch {
	case n.More:
		return map[string]any{"#unserializable": valid(n.Text)}
	case n.Map:
		pairs := []any{}
		for _, part := range n.Parts {
			pairs = append(pairs, []any{itfScalar(unbracketed(part.Name)), itfNode(part)})
		}
		return map[string]any{"#map": pairs}
	case len(n.Parts) == 0:
		return itfScalar(n.Text)
	case strings.HasPrefix(n.Parts[0].Name, "["):
		all := []any{}
		for _, part := range n.Parts {
			all = append(all, itfNode(part))
		}
		return all
	}
	record := make(map[string]any, len(n.Parts))
	for _, part := range n.Parts {
		record[itfField(part.Name, record)] = itfNode(part)
	}
	if _, tagged := record["tag"]; tagged && len(record) == 2 && record["value"] != nil { // a variant to readers
		record["tag_"] = record["tag"]
		delete(record, "tag")
	}
	return record
}

// pythonWords are the keywords of Python. The Python reader of the format makes classes of records, whose fields
// cannot be keywords.
const pythonWords = " False None True and as assert async await break class continue def del elif else except finally for " +
	"from global if import in is lambda nonlocal not or pass raise return try while with yield "

// itfField returns a field name that is valid in TLA+ and for readers of the format: letters, digits and underscores,
// beginning with a letter, and not a keyword.
func itfField(name string, used map[string]any) string {
	name = notIdentifier.ReplaceAllString(name, "_")
	if strings.Trim(name[:min(1, len(name))], "0123456789_") == "" {
		name = "f" + name
	}
	if strings.Contains(pythonWords, " "+name+" ") {
		name += "_"
	}
	for unique, n := name, 2; ; n++ {
		if _, taken := used[unique]; !taken {
			return unique
		}
		unique = name + "_" + strconv.Itoa(n)
	}
}

func unbracketed(s string) string { return strings.TrimSuffix(strings.TrimPrefix(s, "["), "]") }

var integer = regexp.MustCompile(`^-?[0-9]+$`)

// itfScalar returns a value without parts: a boolean, an integer, or a string.
func itfScalar(text string) any {
	switch {
	case text == "true", text == "false":
		return text == "true"
	case integer.MatchString(text):
		return itfInteger(text)
	case text == "[]":
		return []any{}
	}
	if s, err := strconv.Unquote(text); err == nil && strings.HasPrefix(text, `"`) {
		return valid(s)
	}
	return valid(text)
}
