package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Assumed is what a user assumes of the paths of a model, besides what it says itself.
type Assumed struct {
	Nothing      bool // not even what the model says
	Weak, Strong []Fair
}

// assumptions are the words for families that a model has or has not. All of them is everything that it has.
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

// AssumeNothing is the word for paths that need not be fair, not even as the model says.
const AssumeNothing = "none"

const (
	assumeAll = "all"
	strongly  = "strong-"
)

// Assumptions are the words that ParseAssumed understands.
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

// ParseAssumed reads words of Assumptions with commas between.
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

// Assumable is a Source of whose paths one may assume something.
type Assumable interface {
	Source
	// Assume adds to what is assumed of paths. It must be called before a check.
	Assume(Assumed) error
}

// errNoFairness is what comes of an assumption that no property is about.
var errNoFairness = errors.New("fairness requires a property of the kind eventually or leads to; add one, or remove the fairness")

// Assume implements Assumable. Families that the system does not have are errors of the check.
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

// having puts every family that the system has in the place of all.
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

// Assume implements Assumable: a plain model says itself which actions are fair, but that can be left out.
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
