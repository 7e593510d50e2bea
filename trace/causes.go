package trace

import (
	"slices"
	"strings"

	"synod/model/statespace"
)

// Causality as defined by Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System" (1978): a step
// precedes another if the same actor took it earlier, or if it sent the message that the other delivers.

// link sets the messages that every step sends and the step that sent each delivered message; copies of a message
// arrive in the order of sending. Then it marks the past of the last step.
func (t *Trace) link(space statespace.Space, p statespace.Path) {
	d, ok := space.(statespace.Detailer)
	if !ok {
		return
	}
	senders := make(map[string][]int) // by letter key: the steps that sent the copies in flight
	for slot, id := range p.Initial {
		detail, err := d.Detail(slot, id)
		if err != nil {
			continue
		}
		for _, l := range detail.Letters {
			for range l.Copies {
				senders[l.Key] = append(senders[l.Key], 0)
				t.Initial.Sent = append(t.Initial.Sent, Message{valid(l.From), valid(l.To), valid(l.Message)})
			}
		}
	}
	duplicates := statespace.Duplicates(space)
	for i, s := range p.Steps {
		step := &t.Steps[i]
		if of, about := letterKey(s.Action); about {
			if queue := senders[of]; len(queue) > 0 {
				step.Sender = queue[0]
				if !duplicates || s.Action.Kind == statespace.Drop {
					senders[of] = queue[1:]
				}
			}
		}
		for _, e := range s.Effects {
			l, ok := d.Sent(e)
			if !ok {
				continue
			}
			step.Sent = append(step.Sent, Message{To: valid(l.To), Message: valid(l.Message)})
			if !duplicates || len(senders[l.Key]) == 0 {
				senders[l.Key] = append(senders[l.Key], i+1)
			}
		}
	}
	for i, before := range t.Past(len(t.Steps)) {
		t.Steps[i].Past = before
	}
}

// letterKey returns the key of the message of an action.
func letterKey(a statespace.Action) (string, bool) {
	if a.Kind != statespace.Deliver && a.Kind != statespace.Drop {
		return "", false
	}
	_, key, ok := strings.Cut(a.Key, " ")
	return key, ok
}

// Past returns, for every step, whether it is in the causal past of the given step, which is counted from 1 and
// belongs to its own past. Losing a message does not involve its recipient. If there is no such step, the past is
// empty.
func (t Trace) Past(step int) []bool {
	past := make([]bool, len(t.Steps))
	if step < 1 || step > len(t.Steps) {
		return past
	}
	past[step-1] = true
	t.spread(past, false)
	return past
}

// spread adds everything that precedes a step of the set. With drops, losing a message is a step of its recipient: on
// an ordered network it unblocks the messages behind it.
func (t Trace) spread(past []bool, drops bool) {
	wanted := make(map[string]bool) // actors of which all earlier steps belong to the past
	for i := len(t.Steps) - 1; i >= 0; i-- {
		s := t.Steps[i]
		own := drops || s.Kind != statespace.Drop.String()
		if own && wanted[s.Actor] {
			past[i] = true
		}
		if !past[i] {
			continue
		}
		if own {
			wanted[s.Actor] = true
		}
		if s.Sender > 0 && s.Sender <= i {
			past[s.Sender-1] = true
		}
	}
}

// setAside marks the steps that do not contribute to what the trace shows. What a property reads of the last state
// was produced by the steps that changed it and by their causal past. The other steps are left out; whether the rest
// still leads to a state that shows the same is tested by walking it.
func (t *Trace) setAside(space statespace.Space, p statespace.Path) {
	i := slices.IndexFunc(space.Properties(), func(q statespace.Property) bool { return q.Name == t.Property })
	if i < 0 || t.Kind == Walked {
		return
	}
	property := space.Properties()[i]
	if property.Holds == nil || property.Expect != statespace.Always && property.Expect != statespace.Sometimes {
		return
	}
	shown, reads, err := statespace.Show(space, property, p.Last())
	if err != nil || shown != (property.Expect == statespace.Sometimes) {
		return
	}
	roots := make([]bool, len(t.Steps))
	state := p.Initial
	for i, s := range p.Steps {
		roots[i] = slices.ContainsFunc(reads, func(r statespace.Read) bool {
			return space.Aspect(int(r.Slot), state[r.Slot], r.Aspect) != space.Aspect(int(r.Slot), s.State[r.Slot], r.Aspect)
		})
		state = s.State
	}
	for _, drops := range []bool{false, true} {
		needed := slices.Clone(roots)
		t.spread(needed, drops)
		if !slices.Contains(needed, false) {
			return
		}
		if !suffices(space, property, p, needed) {
			continue
		}
		for i := range t.Steps {
			t.Steps[i].Aside = !needed[i]
		}
		return
	}
}

// suffices reports whether the chosen steps of a path, taken in order, lead to a state that shows the property too.
func suffices(space statespace.Space, property statespace.Property, p statespace.Path, chosen []bool) bool {
	var keys []string
	for i, s := range p.Steps {
		if chosen[i] {
			keys = append(keys, s.Action.Key)
		}
	}
	rest, err := statespace.FollowFrom(space, p.Initial, keys)
	if err != nil {
		return false
	}
	shown, _, err := statespace.Show(space, property, rest.Last())
	return err == nil && shown == (property.Expect == statespace.Sometimes)
}
