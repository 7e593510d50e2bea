package singledecree

import (
	"fmt"
	"slices"

	"synod/actor"
	"synod/model"
	"synod/paxos/singledecree"
	"synod/register"
)

// picture draws ballots on an axis, and on it what each server promised, asked for, voted for and decided, in truth: as
// explanations do, by what happened along the path and not by what the states remember of it.
func picture(
	name func(actor.ID) string, servers []reader, votes int,
) func([]model.Happening[register.Message], model.View) []model.Picture {
	return func(path []model.Happening[register.Message], now model.View) []model.Picture {
		t := teller{facts: facts{servers: len(servers), votes: votes}, readers: servers}
		for _, h := range path {
			if s, ok := t.look(h); ok {
				t.facts.learn(s)
			}
		}
		d := drawing{facts: t.facts, ballots: t.ballots()}
		p := model.Picture{Title: "Promises and votes by ballot", Axis: "ballot"}
		for _, b := range d.ballots {
			p.Columns = append(p.Columns, ballot(b))
		}
		for id, r := range servers {
			p.Rows = append(p.Rows, d.row(name(actor.ID(id)), actor.ID(id), r, now))
		}
		return []model.Picture{p}
	}
}

// ballots returns the ballots that were opened, promised or voted for, in ascending order.
func (f *facts) ballots() []singledecree.Ballot {
	var all []singledecree.Ballot
	for b := range f.opened {
		all = append(all, b)
	}
	for _, p := range f.promised {
		all = append(all, p.ballot)
	}
	for _, c := range f.given {
		all = append(all, c.ballot)
	}
	slices.SortFunc(all, func(a, b singledecree.Ballot) int {
		switch {
		case a.Less(b):
			return -1
		case b.Less(a):
			return 1
		}
		return 0
	})
	return slices.Compact(all)
}

// drawing is a picture that is being made.
type drawing struct {
	facts
	ballots []singledecree.Ballot
}

// wins reports whether a quorum gave a vote.
func (d *drawing) wins(v vote) bool {
	voters := make(map[actor.ID]bool)
	for _, c := range d.given {
		if c.vote == v {
			voters[c.who] = true
		}
	}
	return len(voters) >= d.facts.votes
}

// row shows what a server did.
func (d *drawing) row(name string, id actor.ID, r reader, now model.View) model.PictureRow {
	row := model.PictureRow{Name: name}
	mark := func(b singledecree.Ballot, text string, m model.Mark) {
		at := slices.Index(d.ballots, b)
		i := slices.IndexFunc(row.Cells, func(c model.PictureCell) bool { return c.Column == at })
		if i < 0 {
			row.Cells = append(row.Cells, model.PictureCell{Column: at})
			i = len(row.Cells) - 1
		}
		row.Cells[i].Text, row.Cells[i].Mark = text, m
	}
	for _, p := range d.promised {
		if p.who == id {
			mark(p.ballot, "", model.Promised)
		}
	}
	for _, c := range d.given {
		if c.who != id {
			continue
		}
		is := model.Accepted
		if d.wins(c.vote) {
			is = model.Chosen
		}
		mark(c.ballot, fmt.Sprint(c.value), is)
	}
	slices.SortFunc(row.Cells, func(a, b model.PictureCell) int { return a.Column - b.Column })
	st, up := r.state(now)
	if !up {
		row.Note = "down"
		return row
	}
	v, known := look(st)
	switch {
	case !known:
	case v.decided:
		row.Note = fmt.Sprintf("takes %v for chosen", v.accepted.value)
	case v.proposal != nil && v.ballot.Leader == id && len(v.prepares) > 0:
		promises, votes := plural(len(v.prepares), "promise"), plural(len(v.accepts), "vote")
		row.Note = fmt.Sprintf("proposes %v: %s, %s", *v.proposal, promises, votes)
	}
	return row
}
