package model

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"

	"synod/actor"
	"synod/model/statespace"
)

// report counts the cells and their parts, and which events had an effect.
func (c *cells) report(r *statespace.SpaceReport) {
	slot := statespace.SlotReport{Name: c.name(), Parts: c.tuples.Len(), Of: map[string]int{
		"local": c.states.Len(), "mailbox": c.mailbox.table.Len(),
	}}
	if c.actor.timeouts {
		slot.Of["timers"] = c.distinct(tupleTimers)
	}
	if c.actor.chooses {
		slot.Of["choices"] = c.distinct(tupleChoices)
	}
	if c.crashes {
		slot.Of["kept"] = c.kept.Len()
	}
	r.Slots = append(r.Slots, slot)
	if c.own.opaque {
		r.Opaque = append(r.Opaque, c.name())
	}
	c.reportCalls(r)
}

// distinct counts the distinct values of a part of the cells, each a number in lists.
func (c *cells) distinct(part int) int {
	seen := make([]bool, c.lists.Len())
	n := 0
	for id := range c.tuples.Len() {
		if t := c.at(statespace.PartID(id)); t[tupleTimers] == isDown {
			continue
		} else if list := t[part]; !seen[list] {
			seen[list] = true
			n++
		}
	}
	return n
}

// effects counts, for an event of an actor, the distinct calls that had an effect and those that had none.
type effects struct{ some, none int }

func (e *effects) add(o *outcome) {
	if o.idle {
		e.none++
	} else {
		e.some++
	}
}

// reportCalls summarizes the handler calls by message type, timer or option.
func (c *cells) reportCalls(r *statespace.SpaceReport) {
	messages, timers, options := make(map[string]*effects), make(map[string]*effects), make(map[string]*effects)
	for _, message := range c.space.sentTo(c.slot) {
		at(messages, c.space.messageType(message))
	}
	c.eachMet(func(k outcomeKey, o *outcome) bool {
		r.HandlerCalls++
		switch e := c.eventOf(k); e.kind {
		case statespace.Deliver:
			at(messages, c.space.messageType(e.what)).add(o)
		case statespace.Timeout:
			at(timers, "timeout of "+textAny(c.timers.Value(e.what))).add(o)
		case statespace.Choose:
			at(options, "choosing "+textAny(c.options.Value(e.what))).add(o)
		case statespace.Act, statespace.Drop, statespace.Crash, statespace.Recover, statespace.Partition, statespace.Heal:
		}
		return true
	})
	for _, name := range sorted(messages) {
		m := messages[name]
		r.Coverage = append(r.Coverage, statespace.Coverage{Actor: c.name(), Message: name, Delivered: m.some, Ignored: m.none})
		switch {
		case m.some == 0 && m.none == 0:
			r.Vacuous = append(r.Vacuous, statespace.Vacuity{Actor: c.name(), Event: name, Why: statespace.NeverDeliverable})
		case m.some == 0:
			r.Vacuous = append(r.Vacuous, statespace.Vacuity{Actor: c.name(), Event: name, Why: statespace.NeverAccepted})
		}
	}
	c.reportHandler(r, "Timeout", c.actor.timeouts, timers)
	c.reportHandler(r, "Chosen", c.actor.chooses, options)
}

// eachMet calls f for every handler call of the search, without those of audits.
func (c *cells) eachMet(f func(outcomeKey, *outcome) bool) {
	if c.space.reduced == nil {
		c.outcomes.each(f)
		return
	}
	for _, k := range c.space.reduced.auditors[c.slot].met {
		if o := c.outcome(k.local, k.action); o.err() == nil {
			f(k, o)
		}
	}
}

// reportHandler reports the timers or options that had no effect.
func (c *cells) reportHandler(r *statespace.SpaceReport, handler string, has bool, events map[string]*effects) {
	if has && len(events) == 0 {
		r.Vacuous = append(r.Vacuous, statespace.Vacuity{Actor: c.name(), Event: handler, Why: statespace.NeverCalled})
	}
	for _, name := range sorted(events) {
		if events[name].some == 0 {
			r.Vacuous = append(r.Vacuous, statespace.Vacuity{Actor: c.name(), Event: name, Why: statespace.NeverEffective})
		}
	}
}

func at(counts map[string]*effects, name string) *effects {
	e, ok := counts[name]
	if !ok {
		e = &effects{}
		counts[name] = e
	}
	return e
}

func sorted(counts map[string]*effects) []string {
	var names []string
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, cmp.Compare)
	return names
}

// sentTo returns the messages that were sent to the actor of a slot.
func (sp *space) sentTo(slot int) []uint32 {
	var all []uint32
	for id := range sp.envelopes.Len() {
		if w := sp.envelopes.At(uint32(id)); int(w[1]) == slot {
			all = append(all, w[2])
		}
	}
	return all
}

// messageType returns the type name of a message for display, without its package. For a message that only wraps
// another, it is the type of the inner message.
func (sp *space) messageType(message uint32) string {
	m := sp.messages.Value(message)
	return typeName(reflect.ValueOf(&m).Elem())
}

func typeName(v reflect.Value) string {
	if v.Kind() == reflect.Interface {
		if v.IsNil() {
			return "nil"
		}
		v = v.Elem()
	}
	t := v.Type()
	if t.Kind() == reflect.Struct && t.NumField() == 1 && t.Field(0).Type.Kind() == reflect.Interface {
		return typeName(v.Field(0))
	}
	if t.Name() == "" {
		return t.String()
	}
	name, _, _ := strings.Cut(t.Name(), "[")
	return name
}

// reportStrangers reports the messages that were sent to ids without an actor.
func (sp *space) reportStrangers(r *statespace.SpaceReport) {
	sent := make(map[actor.ID]map[string]*effects)
	for id := range sp.envelopes.Len() {
		w := sp.envelopes.At(uint32(id))
		if int(w[1]) < len(sp.sys.actors) {
			continue
		}
		to := sp.ends.id(w[1])
		if sent[to] == nil {
			sent[to] = make(map[string]*effects)
		}
		at(sent[to], sp.messageType(w[2]))
	}
	for _, to := range slices.Sorted(maps.Keys(sent)) {
		for _, name := range sorted(sent[to]) {
			r.Coverage = append(r.Coverage, statespace.Coverage{Actor: to.String(), Message: name})
			r.Vacuous = append(r.Vacuous, statespace.Vacuity{Actor: to.String(), Event: name, Why: statespace.NoSuchActor})
		}
	}
}
