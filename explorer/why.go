package explorer

import (
	"fmt"
	"slices"
	"strings"

	"synod/model/statespace"
)

// whyNot returns the reason, without a full stop, why no step of a state has a key.
func (t *tables) whyNot(p *place, key string) string {
	kind, rest, _ := strings.Cut(key, " ")
	transitions, err := t.transitions(p.state)
	if err == nil {
		for _, x := range transitions {
			switch {
			case x.Action.Key != key:
			case x.Ignored != statespace.Counts:
				return fmt.Sprintf("%s %s", x.Action.Text, x.Ignored)
			case x.Cut:
				return x.Action.Text + " leaves the state constraint"
			}
		}
	}
	if kind == statespace.Deliver.String() || kind == statespace.Drop.String() {
		return t.whyNoLetter(p, kind, rest)
	}
	who, _, _ := strings.Cut(rest, " ")
	slot := slices.IndexFunc(t.slotKeys(), func(k string) bool { return k == who })
	if slot < 0 {
		return "the model has no such action"
	}
	d, err := t.space.Detail(slot, p.state[slot])
	name := valid(t.space.SlotName(slot))
	switch {
	case err != nil:
		return "the model has no such action"
	case kind == statespace.Recover.String() && !d.Down:
		return name + " is not down"
	case d.Down:
		return name + " is down"
	case kind == statespace.Timeout.String():
		return name + " has not set that timer"
	case kind == statespace.Choose.String():
		return name + " has no such choice to make"
	case kind == statespace.Crash.String():
		return name + " cannot crash there: it may not, or not once more"
	}
	return "the model has no such action"
}

// whyNoLetter returns the reason why a message cannot be delivered or lost.
func (t *tables) whyNoLetter(p *place, kind, letter string) string {
	for slot, id := range p.state {
		d, err := t.space.Detail(slot, id)
		if err != nil {
			continue
		}
		for _, l := range d.Letters {
			if l.Key != letter {
				continue
			}
			what := fmt.Sprintf("%s from %s to %s", valid(l.Message), valid(l.From), valid(l.To))
			switch {
			case d.Down:
				return fmt.Sprintf("%s is down, and cannot take %s", valid(l.To), what)
			case !l.Deliverable:
				return what + " waits behind other messages"
			case kind == statespace.Drop.String():
				return what + " cannot be lost there"
			}
			return what + " cannot be delivered there: the network is partitioned"
		}
	}
	ends, _, _ := strings.Cut(letter, " ")
	from, to, ok := strings.Cut(ends, ">")
	if !ok {
		return "the model has no such action"
	}
	return fmt.Sprintf("no such message from %s to %s is in flight", t.called(from), t.called(to))
}

// slotKeys returns the names that keys of actions use for the slots.
func (t *tables) slotKeys() []string {
	keys := make([]string, t.space.Slots())
	for slot := range keys {
		name := strings.Fields(t.space.SlotName(slot))
		if len(name) > 0 {
			keys[slot] = name[len(name)-1]
		}
	}
	return keys
}

// called returns the name of an actor that keys identify by number.
func (t *tables) called(key string) string {
	if slot := slices.Index(t.slotKeys(), key); slot >= 0 {
		return valid(t.space.SlotName(slot))
	}
	return key
}
