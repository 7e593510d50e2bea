package nemesis

import (
	"fmt"
	"slices"
	"strings"
)

// Damage is a kind of damage to a file.
type Damage uint8

// The kinds of damage.
const (
	Bit    Damage = iota + 1 // one bit is flipped
	Tail                     // the file is truncated
	Sector                   // a sector is zeroed, possibly with a whole record
)

var damages = [...]string{"nothing", "bit", "tail", "sector"}

// String returns the name used in files and reports.
func (d Damage) String() string {
	if int(d) >= len(damages) {
		return fmt.Sprintf("damage %d", uint8(d))
	}
	return damages[d]
}

// parseDamage parses the name of a kind of damage.
func parseDamage(s string) (Damage, error) {
	if i := slices.Index(damages[1:], s); i >= 0 {
		return Damage(i + 1), nil
	}
	return 0, fmt.Errorf("damage %q: expected one of %s", s, strings.Join(damages[1:], ", "))
}

// Harm is damage to saved data. The zero value is no damage.
type Harm struct {
	Damage Damage
	Where  float64 // position as a share of the data, in [0, 1)
}

// String returns a description.
func (h Harm) String() string { return fmt.Sprintf("%v at %.3g", h.Damage, h.Where) }

func (h Harm) verify(k Kind) error {
	switch {
	case !k.spec().harms && h != (Harm{}):
		return fmt.Errorf("harm is only valid for %[2]s, not for %[1]v", k, Words(kinds(func(_ Kind, s spec) bool { return s.harms })))
	case k.spec().harms && (h.Damage < Bit || h.Damage > Sector):
		return fmt.Errorf("%v without damage: expected one of %s", k, strings.Join(damages[1:], ", "))
	case !(h.Where >= 0 && h.Where < 1): // also rejects NaN
		return fmt.Errorf("damage at %g: must be at least 0 and below 1", h.Where)
	}
	return nil
}
