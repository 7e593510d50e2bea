package catalog

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// name matches valid names of models, parameters, mutants and options, which become flags and parts of file names and
// URLs.
var name = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// Validate returns an error if the entries are invalid, or else nil.
func (c Catalogue) Validate() error {
	if len(c) == 0 {
		return errors.New("the catalogue has no entry")
	}
	seen := make(map[string]bool)
	for _, e := range c {
		if seen[e.Name] {
			return fmt.Errorf("two models are named %s", e.Name)
		}
		seen[e.Name] = true
		if err := e.validate(); err != nil {
			return fmt.Errorf("the model %q: %w", e.Name, err)
		}
	}
	return nil
}

func (e Entry) validate() error {
	switch {
	case !name.MatchString(e.Name):
		return errors.New("the name must be of lower-case words with dashes between, such as single-decree")
	case e.Summary == "" || strings.HasSuffix(e.Summary, "."):
		return errors.New("the summary must be a sentence without its full stop")
	case e.Model == nil:
		return errors.New("the function Model is missing")
	case e.Servers != nil && e.Servers.Program == nil:
		return errors.New("the servers have no Program")
	}
	for _, p := range e.Parameters {
		if err := p.validate(); err != nil {
			return fmt.Errorf("the parameter %q: %w", p.Name, err)
		}
	}
	for _, m := range e.Mutants {
		if !name.MatchString(m.Name) {
			return fmt.Errorf("the mutant %q: the name must be of lower-case words with dashes between", m.Name)
		}
		if _, err := e.Parse(m.With); err != nil {
			return fmt.Errorf("the mutant %q: %w", m.Name, err)
		}
	}
	return nil
}

func (p Parameter) validate() error {
	switch {
	case !name.MatchString(p.Name):
		return errors.New("the name must be of lower-case words with dashes between")
	case p.Min < 0 || p.Default < p.Min || p.Max < p.Default:
		return fmt.Errorf("the default %d must be from %d to %d, none of them negative", p.Default, p.Min, p.Max)
	}
	return nil
}
