package model

import (
	"synod/actor"
	"synod/model/statespace"
)

// Picture describes a state, and the steps that led to it, in terms of the protocol: a row for each actor, and cells
// along an axis such as ballots or log slots. It is only data; the program that shows it does the drawing.
type Picture struct {
	Title   string       // without a full stop
	Axis    string       // meaning of the columns, such as ballot or slot
	Columns []string     // their names, in order
	Rows    []PictureRow // one for each actor
}

// PictureRow is the row of an actor.
type PictureRow struct {
	Name  string        // of the actor; see System.Name
	Cells []PictureCell // by column, at most one for each
	Note  string        // beside the row; may be empty
}

// PictureCell is the cell of an actor in a column.
type PictureCell struct {
	Column int    // counts from 0
	Text   string // short: a value, or empty
	Mark   Mark
}

// Mark describes what a cell means.
type Mark string

// The marks, weakest first: of several marks for a cell, a picture shows the strongest.
const (
	Promised Mark = "promised" // accepts nothing below this column any more
	Proposed Mark = "proposed" // votes were requested
	Accepted Mark = "accepted" // voted for
	Chosen   Mark = "chosen"   // by a quorum, or considered so
	Applied  Mark = "applied"  // executed
)

// Picture sets a function that returns pictures of the state at the end of a path. Its first argument has the steps
// that an actor took, in order. It is called for displayed paths, never during a search, and must be pure. The last
// call counts.
func (sys *System[M]) Picture(picture func(path []Happening[M], now View) []Picture) {
	sys.picture = func(all []Happening[any], now View) []Picture { return picture(typed[M](all), now) }
}

// Name returns the display name of an actor: its role, if it has one, and its number.
func (sys *System[M]) Name(id actor.ID) string { return sys.nameOf(id) }

// Pictures returns the pictures of the state at the end of a path; none if the model has no Picture function. If a
// function of the model panics, it returns an error.
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
