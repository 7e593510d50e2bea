package explorer

import (
	"fmt"
	"net/http"
	"strings"

	"synod/model/statespace"
)

// maxWatched is the number of fields that a request may ask for.
const maxWatched = 16

// Values are the values of fields along a path.
type Values struct {
	Schema string `json:"schema"`
	// Values holds the texts of the fields for the initial state and after each step; empty for a field that does not
	// exist.
	Values [][]string `json:"values"`
}

// values handles a request for the values of fields along a path.
func (s *Server) values(w http.ResponseWriter, r *http.Request) {
	s.withPlace(w, r, func(t *tables, q Query, p *place) (any, error) {
		return s.inTurn(r, func() (any, error) { return t.values(q, p) })
	})
}

// watched is a requested field.
type watched struct {
	slot int
	path string
	seen map[statespace.PartID]string
}

func (t *tables) values(q Query, p *place) (*Values, error) {
	fields := make([]watched, len(q.Fields))
	for i, name := range q.Fields {
		slot, path, ok := t.fieldNamed(name)
		if !ok {
			return nil, badRequest(fmt.Errorf("unknown field %q: must be the name of an actor and one of its fields", name))
		}
		fields[i] = watched{slot, path, make(map[statespace.PartID]string)}
	}
	v := &Values{Schema: Schema, Values: make([][]string, p.depth+1)}
	for ; p != nil; p = p.parent {
		texts := make([]string, len(fields))
		for i, f := range fields {
			id := p.state[f.slot]
			text, known := f.seen[id]
			if !known {
				d, err := t.space.Detail(f.slot, id)
				if err != nil {
					return nil, err
				}
				text, _ = lookUp(d.Value, f.path)
				text = valid(text)
				f.seen[id] = text
			}
			texts[i] = text
		}
		v.Values[p.depth] = texts
	}
	return v, nil
}

// fieldNamed splits a field name as used in changes into the slot, whose name may contain dots, and the path.
func (t *tables) fieldNamed(name string) (slot int, path string, ok bool) {
	longest := -1
	for i := range t.space.Slots() {
		slotName := valid(t.space.SlotName(i))
		rest, is := strings.CutPrefix(name, slotName)
		if !is || len(slotName) <= longest || rest != "" && rest[0] != '.' && rest[0] != '[' {
			continue
		}
		longest, slot, path, ok = len(slotName), i, strings.TrimPrefix(rest, "."), true
	}
	return slot, path, ok
}
