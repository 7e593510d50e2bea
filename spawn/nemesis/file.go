package nemesis

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Format identifies the format of a schedule file.
const Format = "synod.schedule/1"

// maxFile is the maximum size of a schedule file, in bytes.
const maxFile = 256 << 20

// document is the JSON form of a schedule.
type document struct {
	Format   string      `json:"format"`
	Servers  int         `json:"servers"`
	Duration string      `json:"duration"`
	Faults   []faultJSON `json:"faults"`
}

// faultJSON is the JSON form of a fault. Durations are in Go syntax, such as 1.5s.
type faultJSON struct {
	Kind        string  `json:"kind"`
	At          string  `json:"at"`
	For         string  `json:"for"`
	Servers     []int   `json:"servers"`
	Probability float64 `json:"probability,omitempty"`
	Least       string  `json:"least,omitempty"`
	Most        string  `json:"most,omitempty"`
	Deaf        bool    `json:"deaf,omitempty"`
	AfterAck    bool    `json:"after_ack,omitempty"`
	Ambush      bool    `json:"ambush,omitempty"` // the former name of after_ack, which is still read
	Damage      string  `json:"damage,omitempty"`
	Where       float64 `json:"where,omitempty"`
}

// Write writes the schedule as JSON, with one line per fault.
func (s Schedule) Write(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"format\": %q, \"servers\": %d, \"duration\": %q, \"faults\": [", Format, s.Servers, s.Duration)
	for i, f := range s.Faults {
		line := faultJSON{
			Kind: f.Kind.String(), At: f.At.String(), For: f.For.String(), Servers: f.Servers,
			Probability: f.Probability, Deaf: f.Deaf, AfterAck: f.AfterAck,
		}
		if f.Most > 0 {
			line.Least, line.Most = f.Least.String(), f.Most.String()
		}
		if f.Harm != (Harm{}) {
			line.Damage, line.Where = f.Harm.Damage.String(), f.Harm.Where
		}
		text, err := json.Marshal(line)
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n  ")
		b.Write(text)
	}
	b.WriteString("\n]}\n")
	_, err := w.Write(b.Bytes())
	return err
}

// Read reads a schedule written by Write.
func Read(r io.Reader) (Schedule, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return Schedule{}, err
	}
	if len(data) > maxFile {
		return Schedule{}, fmt.Errorf("the fault schedule exceeds %d bytes", maxFile)
	}
	var d document
	in := json.NewDecoder(bytes.NewReader(data))
	in.DisallowUnknownFields()
	if err := in.Decode(&d); err != nil {
		return Schedule{}, fmt.Errorf("invalid fault schedule: %w", err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return Schedule{}, errors.New("unexpected data after the fault schedule")
	}
	if d.Format != Format {
		return Schedule{}, fmt.Errorf("format %q: expected %s", d.Format, Format)
	}
	s := Schedule{Servers: d.Servers}
	if s.Duration, err = time.ParseDuration(d.Duration); err != nil {
		return Schedule{}, fmt.Errorf("duration %q: must be a duration such as 30s", d.Duration)
	}
	for i, line := range d.Faults {
		f, err := line.fault()
		if err != nil {
			return Schedule{}, fmt.Errorf("fault %d: %w", i, err)
		}
		s.Faults = append(s.Faults, f)
	}
	return s, s.Validate()
}

func (j faultJSON) fault() (Fault, error) {
	f := Fault{Servers: j.Servers, Probability: j.Probability, Deaf: j.Deaf, AfterAck: j.AfterAck || j.Ambush}
	var err error
	if f.Kind, err = ParseKind(j.Kind); err != nil {
		return f, err
	}
	f.Harm.Where = j.Where
	if j.Damage != "" {
		if f.Harm.Damage, err = parseDamage(j.Damage); err != nil {
			return f, err
		}
	}
	for _, d := range []struct {
		text string
		to   *time.Duration
	}{{j.At, &f.At}, {j.For, &f.For}, {j.Least, &f.Least}, {j.Most, &f.Most}} {
		if d.text == "" && (d.to == &f.Least || d.to == &f.Most) {
			continue
		}
		if *d.to, err = time.ParseDuration(d.text); err != nil {
			return f, fmt.Errorf("%q: expected a duration such as 1.5s", d.text)
		}
	}
	return f, nil
}
