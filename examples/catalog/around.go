package catalog

import (
	"fmt"
	"math"
	"strings"

	"synod/examples/abd"
	"synod/examples/durableabd"
	"synod/examples/registers"
	"synod/examples/singlecopy"
	"synod/examples/singledecree"
	"synod/model"
	"synod/register"
)

// Around gives the model of servers that were run for real, by the name of the entry and the variant that Program took.
// The configuration says where the model begins.
func Around(name string, v Variant, c registers.Config) (*model.System[register.Message], error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	switch name {
	case "single-decree":
		// Ballots of a run may be far beyond those that a check explores.
		variant := singledecree.Variant{Retry: v.Retry != 0}
		if variant.Retry {
			variant.Rounds = math.MaxInt32
		}
		return variant.System(c), nil
	case "abd":
		return abd.System(c), nil
	case "single-copy":
		return singlecopy.System(c), nil
	case "durable-abd":
		return durableabd.System(c), nil
	}
	return nil, fmt.Errorf("the model %s has no servers to run: expected one of %s", name, strings.Join(Spawnable(), ", "))
}
