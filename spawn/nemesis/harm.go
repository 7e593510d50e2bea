package nemesis

import (
	"fmt"
	"slices"
	"strings"
)

// Damage is what becomes of a file.
type Damage uint8

// What becomes of files.
const (
	Bit    Damage = iota + 1 // a bit is another one
	Tail                     // what comes behind a place is gone
	Sector                   // a sector is empty, and with it perhaps a whole record
)

var damages = [...]string{"nothing", "bit", "tail", "sector"}

// String returns the word for it in files and reports.
func (d Damage) String() string {
	if int(d) >= len(damages) {
		return fmt.Sprintf("damage %d", uint8(d))
	}
	return damages[d]
}

// parseDamage reads the word for it.
func parseDamage(s string) (Damage, error) {
	if i := slices.Index(damages[1:], s); i >= 0 {
		return Damage(i + 1), nil
	}
	return 0, fmt.Errorf("damage %q: expected one of %s", s, strings.Join(damages[1:], ", "))
}

// Harm is damage to what a file says was saved. The zero value is none.
type Harm struct {
	Damage Damage
	Where  float64 // from 0 to below 1: the share of it that stands before
}

// String returns a phrase.
func (h Harm) String() string { return fmt.Sprintf("%v at %.3g", h.Damage, h.Where) }

func (h Harm) verify(k Kind) error {
	switch {
	case !k.spec().harms && h != (Harm{}):
		return fmt.Errorf("harm is only valid for %[2]s, not for %[1]v", k, Words(kinds(func(_ Kind, s spec) bool { return s.harms })))
	case k.spec().harms && (h.Damage < Bit || h.Damage > Sector):
		return fmt.Errorf("%v without damage: expected one of %s", k, strings.Join(damages[1:], ", "))
	case !(h.Where >= 0 && h.Where < 1): // which refuses what is no number, too
		return fmt.Errorf("damage at %g: must be at least 0 and below 1", h.Where)
	}
	return nil
}
