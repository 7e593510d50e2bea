package multipaxos

import (
	"fmt"
	"slices"

	"synod/actor"
	"synod/model"
	"synod/paxos/rsm"
)

// draw adds pictures to the model: the slots of the log on an axis, with the batches that each replica proposed,
// knows to be decided and has executed, and the highest vote of each acceptor.
func (sys *system[O]) draw(replicas, acceptors []actor.ID) {
	sys.Picture(func(_ []model.Happening[rsm.Message], now model.View) []model.Picture {
		logs := sys.drawLogs(replicas, now)
		votes := sys.drawVotes(acceptors, now)
		slots := slices.Max([]rsm.Slot{1, logs.last, votes.last})
		return []model.Picture{logs.finish(slots), votes.finish(slots)}
	})
}

// sheet is a picture under construction.
type sheet struct {
	model.Picture
	last rsm.Slot // the last slot with a cell
}

// cell adds a cell at a slot to a row.
func (s *sheet) cell(row *model.PictureRow, slot rsm.Slot, text string, mark model.Mark) {
	s.last = max(s.last, slot)
	row.Cells = append(row.Cells, model.PictureCell{Column: int(slot) - 1, Text: text, Mark: mark})
}

func (s *sheet) finish(slots rsm.Slot) model.Picture {
	for slot := rsm.Slot(1); slot <= slots; slot++ {
		s.Columns = append(s.Columns, fmt.Sprint(slot))
	}
	for _, row := range s.Rows {
		slices.SortFunc(row.Cells, func(a, b model.PictureCell) int { return a.Column - b.Column })
	}
	return s.Picture
}

func (sys *system[O]) drawLogs(ids []actor.ID, now model.View) *sheet {
	s := &sheet{Picture: model.Picture{Title: "Logs", Axis: "slot"}}
	for i, projection := range sys.replicas {
		row := model.PictureRow{Name: sys.Name(ids[i])}
		r, up := projection.In(now)
		if !up {
			row.Note = "down"
			s.Rows = append(s.Rows, row)
			continue
		}
		for slot, batch := range r.Decisions.All() {
			mark := model.Chosen
			if slot < r.SlotOut {
				mark = model.Applied
			}
			s.cell(&row, slot, text(batch), mark)
		}
		for slot, batch := range r.Proposals.All() {
			if _, decided := r.Decisions.Get(slot); !decided {
				s.cell(&row, slot, text(batch), model.Proposed)
			}
		}
		row.Note = fmt.Sprintf("executes slot %d next", r.SlotOut)
		s.Rows = append(s.Rows, row)
	}
	return s
}

func (sys *system[O]) drawVotes(ids []actor.ID, now model.View) *sheet {
	s := &sheet{Picture: model.Picture{Title: "Highest votes", Axis: "slot"}}
	for i, projection := range sys.acceptors {
		row := model.PictureRow{Name: sys.Name(ids[i])}
		a, up := projection.In(now)
		if !up {
			row.Note = "down"
			s.Rows = append(s.Rows, row)
			continue
		}
		for slot, votes := range a.Accepted.All() {
			highest := votes.At(votes.Len() - 1)
			s.cell(&row, slot, fmt.Sprintf("%v at %v", text(highest.Batch), highest.Ballot), model.Accepted)
		}
		row.Note = fmt.Sprintf("promised %v", a.Ballot)
		s.Rows = append(s.Rows, row)
	}
	return s
}
