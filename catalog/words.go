package catalog

import (
	"fmt"
	"strconv"
	"strings"

	"synod/model"
)

// Option is a setting of an entry, for user interfaces that offer settings by name. It is an alias so that a package
// may accept such options without importing this one.
type Option = struct {
	Name     string
	Doc      string   // one line
	Default  string   // empty for none
	Values   []string // the valid words; empty for an integer
	Min, Max int      // the range of an integer
	Optional bool     // may be empty
}

// The names of the settings that are not parameters.
const (
	networkOption = "network"
	lossyOption   = "lossy"
	mutantOption  = "mutant"
	fairOption    = "fair"
	explicit      = "explicit" // a value of lossy: losses are steps
	auto          = "auto"     // the other value: losses are omitted where they change no verdict
)

// fairDoc documents the fairness option.
const fairDoc = "fairness of infinite paths, instead of the assumption of the model"

// Title returns the entry's name and summary.
func (e Entry) Title() (name, summary string) { return e.Name, e.Summary }

// Options lists the settings of the entry.
func (e Entry) Options() []Option {
	var all []Option
	for _, p := range e.Parameters {
		all = append(all, Option{Name: p.Name, Doc: p.Doc, Default: strconv.Itoa(p.Default), Min: p.Min, Max: p.Max})
	}
	if names := e.NetworkNames(); len(names) > 0 {
		all = append(all,
			Option{Name: networkOption, Doc: "the network", Default: names[0], Values: names},
			Option{
				Name: lossyOption, Values: []string{explicit, auto}, Optional: true,
				Doc: "any in-flight message may be lost: explicit adds a step for each loss, auto only where a loss can change a verdict",
			})
	}
	for _, b := range e.Budgets() {
		o := Option{Name: b.Name, Doc: b.Doc, Min: 1, Max: maxBudget, Optional: true}
		if b.Switch {
			o.Min, o.Max, o.Values = 0, 0, []string{on}
		}
		all = append(all, o)
	}
	if e.Live {
		words := model.Assumptions()
		if len(e.Networks) == 0 { // A plain model defines its own fairness; see model.Assumable.
			words = []string{model.AssumeNothing}
		}
		all = append(all, Option{Name: fairOption, Doc: fairDoc, Values: words, Optional: true})
	}
	if names := e.MutantNames(); len(names) > 0 {
		all = append(all, Option{
			Name: mutantOption, Doc: "a broken variant of the protocol", Values: names, Optional: true,
		})
	}
	return all
}

// Open builds the model for settings given as words, named as in Options. It also returns all settings with defaults
// filled in.
func (e Entry) Open(config map[string]string) (map[string]string, model.Source, error) {
	asked, err := e.Parse(config)
	if err != nil {
		return nil, nil, err
	}
	full, err := e.Resolve(asked)
	if err != nil {
		return nil, nil, err
	}
	source, err := e.Build(full)
	return full.Words(), source, err
}

// Parse parses settings given as words. Empty words count as unset.
func (e Entry) Parse(config map[string]string) (Settings, error) {
	s := Settings{Values: make(map[string]int), Budgets: make(map[string]int)}
	for name, word := range config {
		if word == "" {
			continue
		}
		switch name {
		case networkOption:
			s.Network = word
		case mutantOption:
			s.Mutant = word
		case fairOption:
			if _, err := model.ParseAssumed(word); err != nil {
				return s, err
			}
			s.Fair = word
		case lossyOption:
			if word != explicit && word != auto {
				return s, fmt.Errorf("lossy %q: expected %s or %s", word, explicit, auto)
			}
			s.Lossy, s.Elide = true, word == auto
		case timersLast, oneCopy:
			if word != on {
				return s, fmt.Errorf("%s %q: expected %s", name, word, on)
			}
			s.Budgets[name] = 1
		default:
			values := s.Values
			if knownBudget(name) {
				values = s.Budgets
			} else if _, err := e.Parameter(name); err != nil {
				return s, err
			}
			n, err := strconv.Atoi(strings.TrimSpace(word))
			if err != nil {
				return s, fmt.Errorf("%s %q: expected a whole number", name, word)
			}
			values[name] = n
		}
	}
	return s, nil
}

// Words returns the settings as words, by name, without those that are unset.
func (s Settings) Words() map[string]string {
	words := make(map[string]string)
	for name, value := range s.Values {
		words[name] = strconv.Itoa(value)
	}
	if s.Network != "" {
		words[networkOption] = s.Network
	}
	for name, most := range s.Budgets {
		words[name] = strconv.Itoa(most)
		if name == timersLast || name == oneCopy {
			words[name] = on
		}
	}
	if s.Lossy {
		words[lossyOption] = explicit
		if s.Elide {
			words[lossyOption] = auto
		}
	}
	if s.Mutant != "" {
		words[mutantOption] = s.Mutant
	}
	if s.Fair != "" {
		words[fairOption] = s.Fair
	}
	return words
}

// Flags returns the settings as command-line flags, in the order of Options, without those that are unset.
func (e Entry) Flags(s Settings) []string {
	words := s.Words()
	var flags []string
	for _, o := range e.Options() {
		word, given := words[o.Name]
		p, err := e.Parameter(o.Name)
		switch {
		case !given:
		case err == nil && p.Switch():
			flags = append(flags, "--"+o.Name+map[string]string{"0": "=false"}[word])
		case word == on:
			flags = append(flags, "--"+o.Name)
		case o.Name == lossyOption:
			flags = append(flags, "--"+o.Name+"="+word)
		default:
			flags = append(flags, "--"+o.Name+" "+word)
		}
	}
	return flags
}
