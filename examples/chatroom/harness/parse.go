package harness

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"synod/examples/chatroom"
	"synod/examples/chatroom/server"
	"synod/internal/strictjson"
)

// Limits of a test.
const (
	MaxFile   = 16 << 20       // bytes
	MaxSleep  = 24 * time.Hour // of a Sleep; MaxDelay is for a Delay
	MaxDelay  = time.Minute
	MaxTimes  = 1_000_000 // repetitions of commands
	maxNested = 16        // nesting depth of Repeat
)

// Error is an error in a test file, with its position.
type Error struct {
	File         string
	Line, Column int // from 1, in characters
	Text         string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Text) }

// Parse parses a test: a JSON array of objects, each a command. The name is used in messages. The error is an *Error.
func Parse(name string, data []byte) (Test, error) {
	p := &parser{name: name, data: data}
	if len(data) > MaxFile {
		return Test{}, p.error(0, "a test has at most %d bytes", MaxFile)
	}
	steps, err := p.steps(0, data, 0)
	if err != nil {
		return Test{}, err
	}
	t := Test{Name: name, Steps: steps}
	return t, t.checkMembers()
}

// parser parses a file.
type parser struct {
	name string
	data []byte
}

// error returns an error at a byte offset of the file.
func (p *parser) error(at int, format string, args ...any) error {
	line, column := p.place(at)
	return &Error{File: p.name, Line: line, Column: column, Text: fmt.Sprintf(format, args...)}
}

// place returns the line and the column of a byte offset, from 1, in characters.
func (p *parser) place(at int) (line, column int) {
	before := p.data[:min(at, len(p.data))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}

// syntax converts an error of package strictjson in a part of the file that starts at byte base.
func (p *parser) syntax(base int, err error) error {
	var wrong *strictjson.Error
	if errors.As(err, &wrong) {
		return p.error(base+wrong.At, "must be %s", wrong.Expected)
	}
	return p.error(base, "%v", err)
}

// part is an unparsed value in the file.
type part struct {
	at  int // offset of its first byte
	raw []byte
}

// take reads the next value from a reader of the bytes from base on.
func take(r *strictjson.Reader, base int) part {
	at := r.At()
	return part{base + at, r.Raw()}
}

// steps parses an array of commands.
func (p *parser) steps(base int, data []byte, depth int) ([]Step, error) {
	r := strictjson.NewReader(data)
	var all []part
	r.Elements(func() { all = append(all, take(r, base)) })
	if err := r.End(); err != nil {
		return nil, p.syntax(base, err)
	}
	steps := make([]Step, len(all))
	for i, one := range all {
		command, err := p.command(one, depth)
		if err != nil {
			return nil, err
		}
		line, column := p.place(one.at)
		steps[i] = Step{command, line, column}
	}
	return steps, nil
}

// field is a field of a command.
type field struct {
	name string
	part
}

// object is a command being parsed. After an error it returns zero values.
type object struct {
	*parser
	part
	word   string
	fields []field
	known  []string // fields that were read
	depth  int
	err    error
}

// command parses a command.
func (p *parser) command(one part, depth int) (Command, error) {
	o := &object{parser: p, part: one, depth: depth}
	r := strictjson.NewReader(one.raw)
	r.Fields(func(name []byte) bool {
		f := field{string(name), part{}}
		f.part = take(r, one.at)
		if slices.ContainsFunc(o.fields, func(g field) bool { return g.name == f.name }) && o.err == nil {
			o.err = p.error(f.at, "the field %s is there twice", f.name)
		}
		o.fields = append(o.fields, f)
		return true
	})
	if err := r.End(); err != nil {
		return nil, p.syntax(one.at, err)
	}
	if o.err != nil {
		return nil, o.err
	}
	o.word = o.text("type")
	read, ok := words[o.word]
	if o.err == nil && !ok {
		f, _ := o.find("type")
		return nil, p.error(f.at, "the type %s: must be one of %s", chatroom.Quote(o.word), strings.Join(wordList, ", "))
	}
	if o.err != nil {
		return nil, o.err
	}
	c := read(o)
	for _, f := range o.fields {
		if o.err == nil && !slices.Contains(o.known, f.name) {
			o.err = p.error(f.at, "%s has no field %s; it has %s", o.word, chatroom.Quote(f.name), strings.Join(o.known, ", "))
		}
	}
	return c, o.err
}

// words maps each command to its parser.
var words map[string]func(o *object) Command

// wordList lists the commands in the order of the documentation.
var wordList = []string{
	"Start", "Connect", "Disconnect", "Get", "Put", "Crash", "Sleep", "Expect", "Partition", "Heal", "Pause", "Resume", "Delay",
	"Repeat", "Restart", "Reconfigure",
}

func init() { // An initializer would be a cycle: Repeat uses words itself.
	words = map[string]func(o *object) Command{
		"Start": func(o *object) Command {
			c := Start{ID: o.id(), Port: o.number("port", 1, math.MaxUint16), Count: o.number("count", 1, server.MaxServers)}
			if _, ok := o.find("members"); ok {
				c.Members = o.members()
			}
			o.known = append(o.known, "members")
			if o.err == nil && c.ID >= c.Count {
				o.err = o.error(o.at, "the id %d of %d servers: must be 0 to %d", c.ID, c.Count, c.Count-1)
			}
			return c
		},
		"Connect":    func(o *object) Command { return Connect{o.id()} },
		"Disconnect": func(o *object) Command { return Disconnect{o.id()} },
		"Get":        func(o *object) Command { return Get{o.id()} },
		"Put":        func(o *object) Command { return Put{o.id(), o.text("message")} },
		"Crash":      func(o *object) Command { return Crash{o.id()} },
		"Sleep":      func(o *object) Command { return Sleep{o.duration("ms", MaxSleep)} },
		"Expect":     expect,
		"Partition":  partition,
		"Heal":       func(*object) Command { return Heal{} },
		"Pause":      func(o *object) Command { return Pause{o.id()} },
		"Resume":     func(o *object) Command { return Resume{o.id()} },
		"Delay":      delay,
		"Repeat": func(o *object) Command {
			return Repeat{o.number("times", 0, MaxTimes), o.commands("commands")}
		},
		"Restart":     func(o *object) Command { return Restart{o.id()} },
		"Reconfigure": func(o *object) Command { return Reconfigure{o.id(), o.members()} },
	}
}

func expect(o *object) Command {
	if _, ok := o.find("same"); ok {
		if !o.truth("same") && o.err == nil {
			o.err = o.error(o.at, "Expect with same: must be true")
		}
		return ExpectSame{}
	}
	var messages []string
	id := o.id()
	o.each("messages", func(r *strictjson.Reader) { messages = append(messages, string(r.Text())) })
	return Expect{id, messages}
}

func partition(o *object) Command {
	var c Partition
	seen := make(map[int]bool)
	o.each("groups", func(r *strictjson.Reader) {
		var group []int
		r.Elements(func() {
			id := int(min(r.Uint64(), server.MaxServers))
			switch {
			case id == server.MaxServers:
				r.Fail(fmt.Sprintf("an id from 0 to %d", server.MaxServers-1))
			case seen[id]:
				r.Fail("each server once")
			}
			seen[id] = true
			group = append(group, id)
		})
		c.Groups = append(c.Groups, group)
	})
	return c
}

func delay(o *object) Command {
	c := Delay{ID: o.id(), Least: o.duration("ms", MaxDelay)}
	c.Most = c.Least
	if _, ok := o.find("most"); ok {
		c.Most = o.duration("most", MaxDelay)
	}
	o.known = append(o.known, "most")
	if o.err == nil && c.Most < c.Least {
		o.err = o.error(o.at, "a delay of at most %v: must not be less than %v", c.Most, c.Least)
	}
	return c
}

func (o *object) find(name string) (field, bool) {
	i := slices.IndexFunc(o.fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return field{}, false
	}
	return o.fields[i], true
}

// read reads a required field.
func (o *object) read(name string, value func(r *strictjson.Reader)) {
	o.known = append(o.known, name)
	if o.err != nil {
		return
	}
	f, ok := o.find(name)
	if !ok {
		what := o.word
		if what == "" {
			what = "a command"
		}
		o.err = o.error(o.at, "%s needs the field %s", what, name)
		return
	}
	r := strictjson.NewReader(f.raw)
	value(r)
	err := r.End()
	var wrong *strictjson.Error
	switch {
	case err == nil:
	case errors.As(err, &wrong) && wrong.Kind == strictjson.Unexpected && f.raw[0] != '[':
		o.err = o.error(f.at, "%s must be %s", name, wrong.Expected)
	default:
		o.err = o.syntax(f.at, err)
	}
}

func (o *object) number(name string, least, most int) (n int) {
	o.read(name, func(r *strictjson.Reader) {
		v := r.Uint64()
		if !r.Failed() && (v < uint64(least) || v > uint64(most)) {
			r.Fail(fmt.Sprintf("a whole number from %d to %d", least, most))
		}
		n = int(min(v, math.MaxInt32))
	})
	return n
}

func (o *object) id() int { return o.number("id", 0, server.MaxServers-1) }

func (o *object) duration(name string, most time.Duration) time.Duration {
	return time.Duration(o.number(name, 0, int(most.Milliseconds()))) * time.Millisecond
}

func (o *object) text(name string) (s string) {
	o.read(name, func(r *strictjson.Reader) { s = string(r.Text()) })
	return s
}

func (o *object) truth(name string) (b bool) {
	o.read(name, func(r *strictjson.Reader) { b = r.Bool() })
	return b
}

func (o *object) each(name string, element func(r *strictjson.Reader)) {
	o.read(name, func(r *strictjson.Reader) { r.Elements(func() { element(r) }) })
}

func (o *object) commands(name string) (steps []Step) {
	o.known = append(o.known, name)
	f, ok := o.find(name)
	switch {
	case o.err != nil:
	case !ok:
		o.err = o.error(o.at, "%s needs the field %s", o.word, name)
	case o.depth >= maxNested:
		o.err = o.error(f.at, "commands are repeated within one another at most %d times", maxNested)
	default:
		steps, o.err = o.steps(f.at, f.raw, o.depth+1)
	}
	return steps
}
