package model

import (
	"synod/actor"
	"synod/model/statespace"
)

// Picture shows a state, and what led there, in the terms of its protocol: a row for each of some actors, and what is to
// be said of it at places of an axis, such as ballots or slots of a log. It is data; anyone who shows it does the drawing.
type Picture struct {
	Title   string       // without a full stop
	Axis    string       // what columns are, such as ballot or slot
	Columns []string     // their names, in order
	Rows    []PictureRow // one for each actor
}

// PictureRow is what a picture shows of an actor.
type PictureRow struct {
	Name  string        // of the actor; see System.Name
	Cells []PictureCell // by column, with at most one for each
	Note  string        // beside the row; may be empty
}

// PictureCell is what is to be said of an actor at a place of the axis.
type PictureCell struct {
	Column int    // counts from 0
	Text   string // short: a value, or nothing
	Mark   Mark
}

// Mark describes what a cell means.
type Mark string

// The marks. The weaker ones come first: of several at a place, a picture shows the strongest.
const (
	Promised Mark = "promised" // nothing below this place any more
	Proposed Mark = "proposed" // asked for
	Accepted Mark = "accepted" // voted for
	Chosen   Mark = "chosen"   // by a quorum, or taken for so
	Applied  Mark = "applied"  // executed
)

// Picture lets a system be drawn: picture gives pictures of the state at the end of a path, of which it is told the steps
// that an actor took, first one first. It is called for paths that are shown, never during a search, and must be pure. The
// last call counts.
func (sys *System[M]) Picture(picture func(path []Happening[M], now View) []Picture) {
	sys.picture = func(all []Happening[any], now View) []Picture { return picture(typed[M](all), now) }
}

// Name is what people call an actor of the system: by its role, if it has one, and its number.
func (sys *System[M]) Name(id actor.ID) string { return sys.nameOf(id) }

// Pictures returns the pictures of the state at the end of a path; none of a model that draws none. An error is that
// of a function of the model that panics.
func Pictures(space statespace.Space, p statespace.Path) (all []Picture, err error) {
	sp, ok := space.(interface {
		pictures(p statespace.Path) []Picture
	})
	if !ok {
		return nil, nil
	}
	defer statespace.Caught(&err, "the picture", func() string { return "drawing the end of a path" })
	return sp.pictures(p), nil
}

func (sp *space) pictures(p statespace.Path) []Picture {
	if sp.sys.picture == nil {
		return nil
	}
	return sp.sys.picture(sp.happenings(p), View{statespace.ReadingOf(sp, p.Last())})
}
