package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// stepKinds are the kinds of steps in the schema.
var stepKinds = []string{"act", "deliver", "drop", "timeout", "choose", "crash", "recover", "partition", "heal"}

// schemaNames are all names in the schema.
var schemaNames = []string{
	"schema", "model", "config", "traces", "property", "kind", "initial", "fingerprint", "slots", "name", "text", "steps",
	"key", "actor", "from", "message", "changes", "path", "old", "new", "sender", "sent", "to", "notes", "culprit", "past", "aside",
	"loop", "maximal", "note",
}

// validate returns an error if the document violates the schema.
func (d Document) validate() error {
	if d.Model == "" {
		return errors.New("the model's name is missing")
	}
	if err := utf8Only(d.Model); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	objects := 2
	for name, value := range d.Config {
		if err := utf8Only(name, value); err != nil {
			return fmt.Errorf("config %q: %w", name, err)
		}
	}
	for i, t := range d.Traces {
		if err := t.validate(); err != nil {
			return fmt.Errorf("trace %d: %w", i+1, err)
		}
		objects += 2 + len(t.Initial.Slots) + len(t.Initial.Sent) + len(t.Steps)
		for _, s := range t.Steps {
			objects += len(s.Changes) + len(s.Slots) + len(s.Sent)
		}
	}
	if objects > maxObjects {
		return tooMany()
	}
	return nil
}

func (t Trace) validate() error {
	if t.Kind != Violation && t.Kind != Example && t.Kind != Walked {
		return fmt.Errorf("kind %q: expected %q, %q or %q", t.Kind, Violation, Example, Walked)
	}
	if t.Property == "" && t.Kind != Walked {
		return errors.New("the property's name is missing")
	}
	if err := checkFingerprint(t.Initial.Fingerprint); err != nil {
		return fmt.Errorf("initial state: %w", err)
	}
	if len(t.Initial.Slots) == 0 {
		return errors.New("initial state: no slots")
	}
	if err := utf8Only(t.Property, t.Note); err != nil {
		return fmt.Errorf("property and note: %w", err)
	}
	switch {
	case t.Loop < 0 || t.Loop > len(t.Steps):
		return fmt.Errorf("loop %d: must be one of the %d steps, counted from 1", t.Loop, len(t.Steps))
	case t.Loop > 0 && t.Maximal:
		return errors.New("a trace cannot both have a loop and be maximal")
	case t.Loop > 0 && t.Steps[len(t.Steps)-1].Fingerprint != t.before(t.Loop):
		return fmt.Errorf("loop %d: the last step must lead to the state before that step", t.Loop)
	}
	if err := validateSlots(t.Initial.Slots); err != nil {
		return fmt.Errorf("initial state: %w", err)
	}
	for _, m := range t.Initial.Sent {
		if m.From == "" {
			return errors.New("initial state: a message that was sent has no sender")
		}
	}
	if err := validateMessages(t.Initial.Sent); err != nil {
		return fmt.Errorf("initial state: %w", err)
	}
	for i, s := range t.Steps {
		if err := s.validate(i + 1); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

func validateSlots(slots []Slot) error {
	for _, s := range slots {
		if s.Name == "" {
			return errors.New("a slot has no name")
		}
		if err := utf8Only(s.Name, s.Text); err != nil {
			return fmt.Errorf("slot %q: %w", s.Name, err)
		}
	}
	return nil
}

func validateMessages(sent []Message) error {
	for _, m := range sent {
		if m.To == "" {
			return errors.New("a message that was sent has no recipient")
		}
		if err := utf8Only(m.From, m.To, m.Message); err != nil {
			return fmt.Errorf("message that was sent: %w", err)
		}
	}
	return nil
}

// before returns the fingerprint of the state before a step, counted from 1.
func (t Trace) before(step int) string {
	if step == 1 {
		return t.Initial.Fingerprint
	}
	return t.Steps[step-2].Fingerprint
}

// validate returns an error if the step with this number violates the schema.
func (s Step) validate(number int) error {
	switch {
	case s.Sender < 0 || s.Sender >= number:
		return fmt.Errorf("sender %d: must be an earlier step, or absent for the start", s.Sender)
	case s.Key == "":
		return errors.New("no key")
	case !slices.Contains(stepKinds, s.Kind):
		return fmt.Errorf("kind %q: expected one of %s", s.Kind, strings.Join(stepKinds, ", "))
	case s.Actor == "":
		return errors.New("no actor")
	}
	if err := checkFingerprint(s.Fingerprint); err != nil {
		return err
	}
	if err := utf8Only(append([]string{s.Key, s.Text, s.Actor, s.From, s.Message}, s.Notes...)...); err != nil {
		return err
	}
	if err := validateMessages(s.Sent); err != nil {
		return err
	}
	if err := validateSlots(s.Slots); err != nil {
		return err
	}
	for _, c := range s.Changes {
		if err := utf8Only(c.Path, c.Old, c.New); err != nil {
			return fmt.Errorf("change of %q: %w", c.Path, err)
		}
	}
	return nil
}

func checkFingerprint(f string) error {
	if len(f) != fingerprintLength || strings.Trim(f, "0123456789abcdef") != "" {
		return fmt.Errorf("fingerprint %q: must have %d lower-case hexadecimal digits", f, fingerprintLength)
	}
	return nil
}

func utf8Only(texts ...string) error {
	for _, s := range texts {
		if !utf8.ValidString(s) {
			return fmt.Errorf("%q is not valid UTF-8", s)
		}
	}
	return nil
}

func tooMany() error { return fmt.Errorf("document exceeds the limit of %d objects", maxObjects) }

// maxNesting is the maximum nesting of arrays and objects, that of a change: three arrays, four objects.
const maxNesting = 7

// nest is an open array or object.
type nest struct {
	object bool
	free   bool            // its names are chosen by the user
	value  bool            // a name was read, and its value is next
	names  map[string]bool // already read
}

// checkNames rejects what encoding/json accepts: repeated names, names in the wrong case, and null; and documents
// with more objects or deeper nesting than the schema allows. The data must be well-formed.
func checkNames(data []byte) error {
	var stack []nest
	dec := json.NewDecoder(bytes.NewReader(data))
	config, objects := false, 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return positioned(err)
		}
		var top *nest
		if len(stack) > 0 {
			top = &stack[len(stack)-1]
		}
		if name, ok := token.(string); ok && top != nil && top.object && !top.value {
			if err := top.enter(name); err != nil {
				return err
			}
			config = len(stack) == 1 && name == "config"
			continue
		}
		switch token {
		case nil:
			return fmt.Errorf("at byte %d: null is not allowed", dec.InputOffset())
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:len(stack)-1]
			continue
		}
		if top != nil {
			top.value = false
		}
		if token == json.Delim('{') || token == json.Delim('[') {
			if len(stack) == maxNesting {
				return fmt.Errorf("at byte %d: arrays and objects are nested deeper than %d levels",
					dec.InputOffset(), maxNesting)
			}
			object := token == json.Delim('{')
			if object {
				objects++
			}
			if objects > maxObjects {
				return tooMany()
			}
			stack = append(stack, nest{object: object, free: config})
		}
	}
}

// enter checks the next name of an object.
func (n *nest) enter(name string) error {
	if !n.free && !slices.Contains(schemaNames, name) {
		return fmt.Errorf("unknown name %q", name)
	}
	if n.names[name] {
		return fmt.Errorf("the name %q occurs twice in an object", name)
	}
	if n.names == nil {
		n.names = make(map[string]bool)
	}
	n.names[name] = true
	n.value = true
	return nil
}
