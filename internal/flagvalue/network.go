package flagvalue

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"synod/spawn/faults"
)

// Port is a port number, or 0 for a free port.
type Port uint16

func (p *Port) String() string { return strconv.Itoa(int(*p)) }

// Type implements pflag.Value.
func (p *Port) Type() string { return "number" }

// Set implements pflag.Value.
func (p *Port) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return errors.New("expected a port from 0 to 65535")
	}
	*p = Port(n)
	return nil
}

// Index is an index from 0; −1 means none.
type Index int

// Type implements pflag.Value.
func (i *Index) Type() string { return "number" }

func (i *Index) String() string {
	if *i < 0 {
		return ""
	}
	return strconv.Itoa(int(*i))
}

// Set implements pflag.Value.
func (i *Index) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return errors.New("expected an index, counting from 0")
	}
	*i = Index(n)
	return nil
}

// FaultFlag is the flag of a network fault.
type FaultFlag struct {
	Setting faults.Setting
	Plan    *faults.Plan
}

// Type implements pflag.Value.
func (f *FaultFlag) Type() string { return f.Setting.Value }

func (f *FaultFlag) String() string {
	if f.Plan == nil { // pflag calls String on the zero value
		return ""
	}
	return f.Setting.Text(*f.Plan)
}

// Set implements pflag.Value.
func (f *FaultFlag) Set(value string) error {
	change, err := f.Setting.Parse(value)
	if err == nil {
		change(f.Plan)
	}
	return err
}

// Probability is a number from 0 to 1.
type Probability float64

// Type implements pflag.Value.
func (p *Probability) Type() string { return "probability" }

func (p *Probability) String() string { return strconv.FormatFloat(float64(*p), 'g', -1, 64) }

// Set implements pflag.Value.
func (p *Probability) Set(s string) error {
	v, err := faults.ParseProbability(s)
	if err != nil {
		return err
	}
	*p = Probability(v)
	return nil
}

// Span is a range of durations.
type Span struct{ Least, Most time.Duration }

// Type implements pflag.Value.
func (s *Span) Type() string { return "range" }

func (s *Span) String() string {
	if s.Most == 0 {
		return ""
	}
	return fmt.Sprintf("%v..%v", s.Least, s.Most)
}

// Set implements pflag.Value.
func (s *Span) Set(text string) error {
	var err error
	if s.Least, s.Most, err = faults.ParseDelay(text); err != nil {
		return fmt.Errorf("expected a time from 0 to %v, or a range such as 5ms..50ms",
			faults.MaxDelay)
	}
	return nil
}

// Count is a non-negative integer.
type Count int

func (n *Count) String() string { return strconv.Itoa(int(*n)) }

// Type implements pflag.Value.
func (n *Count) Type() string { return "number" }

// Set implements pflag.Value.
func (n *Count) Set(s string) error {
	v, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return errors.New("expected a whole number of at least 0")
	}
	*n = Count(v)
	return nil
}
