package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Assumed is the set of fairness assumptions that a user adds to those of the model.
type Assumed struct {
	Nothing      bool // drop all assumptions, including those of the model
	Weak, Strong []Fair
}

// assumptions are the words for families of actions. The word "all" stands for every family that the model has.
var assumptions = []struct {
	word   string
	family Fair
}{
	{"deliveries", Deliveries()},
	{"timeouts", Timeouts()},
	{"recoveries", Recoveries()},
	{"choices", Choices()},
	{"heals", Heals()},
}

// AssumeNothing is the word for no fairness at all, not even that of the model.
const AssumeNothing = "none"

const (
	assumeAll = "all"
	strongly  = "strong-"
)

// Assumptions returns the words that ParseAssumed understands.
func Assumptions() []string {
	var words []string
	for _, strength := range []string{"", strongly} {
		for _, a := range assumptions {
			words = append(words, strength+a.word)
		}
		words = append(words, strength+assumeAll)
	}
	return append(words, AssumeNothing)
}

// ParseAssumed parses a comma-separated list of Assumptions.
func ParseAssumed(text string) (a Assumed, err error) {
	for word := range strings.SplitSeq(text, ",") {
		kind, strong := strings.CutPrefix(word, strongly)
		into := &a.Weak
		if strong {
			into = &a.Strong
		}
		at := slices.IndexFunc(assumptions, func(known struct {
			word   string
			family Fair
		},
		) bool {
			return known.word == kind
		})
		switch {
		case word == AssumeNothing:
			a.Nothing = true
		case kind == assumeAll:
			*into = append(*into, Fair{what: assumeAll})
		case at >= 0:
			*into = append(*into, assumptions[at].family)
		default:
			return a, fmt.Errorf("unknown fairness %q: expected some of %s, with commas between",
				word, strings.Join(Assumptions(), ", "))
		}
	}
	if a.Nothing && len(a.Weak)+len(a.Strong) > 0 {
		return a, fmt.Errorf("fairness %q: expected %s alone", text, AssumeNothing)
	}
	return a, nil
}

// Assumable is a Source that accepts fairness assumptions.
type Assumable interface {
	Source
	// Assume adds fairness assumptions. It must be called before a check.
	Assume(Assumed) error
}

// errNoFairness is returned for a fairness assumption that affects no property.
var errNoFairness = errors.New("fairness requires a property of the kind eventually or leads to; add one, or remove the fairness")

// Assume implements Assumable. A family that the system does not have is an error of the check.
func (sys *system) Assume(a Assumed) error {
	if !fairMatters(sys.properties) {
		return errNoFairness
	}
	if a.Nothing {
		sys.fair = nil
	}
	sys.assume(false, sys.having(a.Weak))
	sys.assume(true, sys.having(a.Strong))
	return nil
}

// having replaces the word "all" by every family that the system has.
func (sys *system) having(families []Fair) []Fair {
	var having []Fair
	for _, f := range families {
		if f.what != assumeAll {
			having = append(having, f)
			continue
		}
		for _, a := range assumptions {
			if sys.lacks(a.family.kind) == "" {
				having = append(having, a.family)
			}
		}
	}
	return having
}

// Assume implements Assumable. A plain model declares its own fairness; the only assumption accepted is Nothing.
func (p *Plain[S, A]) Assume(a Assumed) error {
	switch {
	case !fairMatters(p.properties):
		return errNoFairness
	case len(a.Weak)+len(a.Strong) > 0:
		return fmt.Errorf("the model declares the fairness of its actions itself; remove --fair, or use %s", AssumeNothing)
	case a.Nothing:
		p.fair = nil
	}
	return nil
}
