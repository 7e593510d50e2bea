// Package flagvalue contains types of flag values. Their errors describe what was expected; the caller adds the flag
// and the argument.
package flagvalue

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Positive is an integer of at least 1.
type Positive int

func (n *Positive) String() string { return strconv.Itoa(int(*n)) }

// Type implements pflag.Value.
func (n *Positive) Type() string { return "number" }

// Set implements pflag.Value.
func (n *Positive) Set(s string) error {
	v, err := strconv.Atoi(s)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return errors.New("the number is out of range: expected a whole number of at least 1")
	case err != nil || v < 1:
		return errors.New("expected a whole number of at least 1")
	}
	*n = Positive(v)
	return nil
}

// Quantity is a model parameter: an integer, or on or off.
type Quantity struct {
	Value, Least int
	OnOff        bool
}

func (n *Quantity) String() string {
	if n.OnOff {
		return strconv.FormatBool(n.Value == 1)
	}
	return strconv.Itoa(n.Value)
}

// Type implements pflag.Value.
func (n *Quantity) Type() string {
	if n.OnOff {
		return "bool"
	}
	return "number"
}

// Set implements pflag.Value.
func (n *Quantity) Set(s string) error {
	if n.OnOff {
		on, err := strconv.ParseBool(s)
		if err != nil {
			return errors.New("expected true or false")
		}
		n.Value = 0
		if on {
			n.Value = 1
		}
		return nil
	}
	v, err := strconv.Atoi(s)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("the number is out of range: expected a whole number of at least %d", n.Least)
	case err != nil || v < n.Least:
		return fmt.Errorf("expected a whole number of at least %d", n.Least)
	}
	n.Value = v
	return nil
}

// Seed is a 64-bit number.
type Seed uint64

func (n *Seed) String() string { return strconv.FormatUint(uint64(*n), 10) }

// Type implements pflag.Value.
func (n *Seed) Type() string { return "number" }

// Set implements pflag.Value.
func (n *Seed) Set(s string) error {
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return fmt.Errorf("expected a whole number from 0 to %d", uint64(math.MaxUint64))
	}
	*n = Seed(v)
	return nil
}

// Duration is a positive duration.
type Duration time.Duration

// Type implements pflag.Value.
func (d *Duration) Type() string { return "duration" }

// String returns an empty string for 0, so that the help shows no default.
func (d *Duration) String() string {
	if *d == 0 {
		return ""
	}
	return time.Duration(*d).String()
}

// Set implements pflag.Value.
func (d *Duration) Set(s string) error {
	v, err := time.ParseDuration(s)
	if err != nil || v <= 0 {
		return errors.New("expected a positive duration, such as 30s or 5m")
	}
	*d = Duration(v)
	return nil
}

// Interval is a period; 0 means never.
type Interval time.Duration

// shortestInterval is the minimum except 0.
const shortestInterval = 10 * time.Millisecond

// Type implements pflag.Value.
func (d *Interval) Type() string   { return "duration" }
func (d *Interval) String() string { return time.Duration(*d).String() }

// Set implements pflag.Value.
func (d *Interval) Set(s string) error {
	v, err := time.ParseDuration(s)
	if err != nil || v < shortestInterval && v != 0 {
		return fmt.Errorf("expected a duration of at least %v, such as 1s, or 0 for never", shortestInterval)
	}
	*d = Interval(v)
	return nil
}

// Size is a number of bytes.
type Size int64

func (n *Size) String() string { return strconv.FormatInt(int64(*n), 10) }

// Type implements pflag.Value.
func (n *Size) Type() string { return "size" }

// units are the factors of sizes, in lower case.
var units = map[string]float64{
	"": 1, "b": 1,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}

// Set implements pflag.Value.
func (n *Size) Set(s string) error {
	expected := errors.New("expected a positive size with B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, such as 500MB or 2GiB")
	digits := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	factor, ok := units[strings.ToLower(s[len(digits):])]
	digits = strings.TrimSpace(digits)
	if !ok || strings.Trim(digits, "0123456789.") != "" {
		return expected
	}
	v, err := strconv.ParseFloat(digits, 64)
	bytes := v * factor
	if err != nil || bytes < 1 || bytes >= math.MaxInt64 {
		return expected
	}
	*n = Size(bytes)
	return nil
}

// Choice is one of a few words.
type Choice struct {
	Value string
	Known []string
}

// OneOf returns a choice of the known words with a default, which may be empty.
func OneOf(value string, known ...string) Choice { return Choice{value, known} }

func (c *Choice) String() string { return c.Value }

// Type implements pflag.Value.
func (c *Choice) Type() string { return strings.Join(c.Known, "|") }

// Set implements pflag.Value.
func (c *Choice) Set(s string) error {
	if !slices.Contains(c.Known, s) {
		text := "expected " + strings.Join(c.Known, ", ")
		if near := Nearest(s, c.Known); near != "" && len(c.Known) > 1 {
			text += fmt.Sprintf("; did you mean %s?", near)
		}
		return errors.New(text)
	}
	c.Value = s
	return nil
}
