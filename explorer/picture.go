package explorer

import (
	"net/http"

	"synod/model"
)

// Pictures are the pictures of the state at the end of a path; see model.Picture.
type Pictures struct {
	Schema   string    `json:"schema"`
	Pictures []Picture `json:"pictures"`
}

// Picture has a row for each of some actors, with cells along an axis.
type Picture struct {
	Title   string   `json:"title"`
	Axis    string   `json:"axis"`
	Columns []string `json:"columns"`
	Rows    []Row    `json:"rows"`
}

// Row is the row of an actor.
type Row struct {
	Name  string `json:"name"`
	Note  string `json:"note,omitempty"`
	Cells []Cell `json:"cells"`
}

// Cell is a cell of a row; Column counts from 0.
type Cell struct {
	Column int        `json:"column"`
	Text   string     `json:"text"`
	Mark   model.Mark `json:"mark"`
}

// pictures handles a request for the pictures at the end of a path.
func (s *Server) pictures(w http.ResponseWriter, r *http.Request) {
	s.withPlace(w, r, func(t *tables, _ Query, p *place) (any, error) {
		return s.inTurn(r, func() (any, error) { return t.pictures(p) })
	})
}

func (t *tables) pictures(p *place) (*Pictures, error) {
	all, err := model.Pictures(t.space, pathTo(p))
	if err != nil {
		return nil, err
	}
	answer := &Pictures{Schema: Schema, Pictures: []Picture{}}
	for _, one := range all {
		shown := Picture{Title: valid(one.Title), Axis: valid(one.Axis), Columns: []string{}, Rows: []Row{}}
		for _, c := range one.Columns {
			shown.Columns = append(shown.Columns, valid(c))
		}
		for _, r := range one.Rows {
			row := Row{Name: valid(r.Name), Note: valid(r.Note), Cells: []Cell{}}
			for _, c := range r.Cells {
				row.Cells = append(row.Cells, Cell{c.Column, valid(c.Text), c.Mark})
			}
			shown.Rows = append(shown.Rows, row)
		}
		answer.Pictures = append(answer.Pictures, shown)
	}
	return answer, nil
}
