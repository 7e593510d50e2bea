package cli

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The values of flags. Each says in its error what it expected; flagError puts the flag and the argument before it.

// positive is a whole number of at least 1.
type positive int

func (n *positive) String() string { return strconv.Itoa(int(*n)) }
func (n *positive) Type() string   { return "number" }

func (n *positive) Set(s string) error {
	v, err := strconv.Atoi(s)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return errors.New("the number is out of range: expected a whole number of at least 1")
	case err != nil || v < 1:
		return errors.New("expected a whole number of at least 1")
	}
	*n = positive(v)
	return nil
}

// quantity is a parameter of a model: a whole number, or on or off.
type quantity struct {
	value, least int
	onOff        bool
}

func (n *quantity) String() string {
	if n.onOff {
		return strconv.FormatBool(n.value == 1)
	}
	return strconv.Itoa(n.value)
}

func (n *quantity) Type() string {
	if n.onOff {
		return "bool"
	}
	return "number"
}

func (n *quantity) Set(s string) error {
	if n.onOff {
		on, err := strconv.ParseBool(s)
		if err != nil {
			return errors.New("expected true or false")
		}
		n.value = 0
		if on {
			n.value = 1
		}
		return nil
	}
	v, err := strconv.Atoi(s)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("the number is out of range: expected a whole number of at least %d", n.least)
	case err != nil || v < n.least:
		return fmt.Errorf("expected a whole number of at least %d", n.least)
	}
	n.value = v
	return nil
}

// seed is any number of 64 bits.
type seed uint64

func (n *seed) String() string { return strconv.FormatUint(uint64(*n), 10) }
func (n *seed) Type() string   { return "number" }

func (n *seed) Set(s string) error {
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return fmt.Errorf("expected a whole number from 0 to %d", uint64(math.MaxUint64))
	}
	*n = seed(v)
	return nil
}

// duration is a positive duration.
type duration time.Duration

func (d *duration) Type() string { return "duration" }

// String is empty for none, so that help shows no default.
func (d *duration) String() string {
	if *d == 0 {
		return ""
	}
	return time.Duration(*d).String()
}

func (d *duration) Set(s string) error {
	v, err := time.ParseDuration(s)
	if err != nil || v <= 0 {
		return errors.New("expected a positive duration, such as 30s or 5m")
	}
	*d = duration(v)
	return nil
}

// interval is how often something happens; 0 is never.
type interval time.Duration

// shortestInterval is the least but for 0.
const shortestInterval = 10 * time.Millisecond

func (d *interval) Type() string   { return "duration" }
func (d *interval) String() string { return time.Duration(*d).String() }

func (d *interval) Set(s string) error {
	v, err := time.ParseDuration(s)
	if err != nil || v < shortestInterval && v != 0 {
		return fmt.Errorf("expected a duration of at least %v, such as 1s, or 0 for never", shortestInterval)
	}
	*d = interval(v)
	return nil
}

// size is a number of bytes.
type size int64

func (n *size) String() string { return strconv.FormatInt(int64(*n), 10) }
func (n *size) Type() string   { return "size" }

// units are the factors of sizes, in lower case.
var units = map[string]float64{
	"": 1, "b": 1,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}

func (n *size) Set(s string) error {
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
	*n = size(bytes)
	return nil
}

// choice is one of a few words.
type choice struct {
	value string
	known []string
}

func (c *choice) String() string { return c.value }
func (c *choice) Type() string   { return strings.Join(c.known, "|") }

func (c *choice) Set(s string) error {
	if !slices.Contains(c.known, s) {
		text := "expected " + strings.Join(c.known, ", ")
		if near := nearest(s, c.known); near != "" && len(c.known) > 1 {
			text += fmt.Sprintf("; did you mean %s?", near)
		}
		return errors.New(text)
	}
	c.value = s
	return nil
}
