// Package gameoflife is Conway's Game of Life on a small board, after the TLA+ example GameOfLife. Every board is
// initial.
package gameoflife

import (
	"math/bits"
	"strings"

	"synod/examples/tla"
	"synod/model"
)

// Config is the size of the board.
type Config struct{ Side int } // number of cells on each side; 1 to MaxSide

// MaxSide bounds Config.Side.
const MaxSide = 4

// Default is the size that the original checks.
var Default = Config{Side: MaxSide}

// Board has a bit for each cell, in rows of MaxSide cells; cells outside the configured size are dead.
type Board uint16

// String returns the rows of the board, separated by slashes.
func (b Board) String() string {
	var rows strings.Builder
	for cell := range MaxSide * MaxSide {
		if cell > 0 && cell%MaxSide == 0 {
			rows.WriteByte('/')
		}
		rows.WriteByte(".#"[b>>cell&1])
	}
	return rows.String()
}

func (b Board) alive(row, column int) bool {
	return row >= 0 && column >= 0 && row < MaxSide && column < MaxSide && b>>(row*MaxSide+column)&1 != 0
}

// Tick is the only action: all cells change at once.
type Tick struct{}

// Initial returns every board.
func (c Config) Initial() []Board {
	all := make([]Board, 0, 1<<(c.Side*c.Side))
	for n := range 1 << (c.Side * c.Side) {
		var b Board
		for row := range c.Side {
			b |= Board(n>>(row*c.Side)&(1<<c.Side-1)) << (row * MaxSide)
		}
		all = append(all, b)
	}
	return all
}

// Actions returns the only action.
func (Config) Actions(Board) []Tick { return []Tick{{}} }

// Next returns the next generation: a cell is alive if it has three live neighbours, or is alive now and has two.
func (c Config) Next(b Board, _ Tick) (next Board, possible bool) {
	for row := range c.Side {
		for column := range c.Side {
			neighbours := 0
			for r := row - 1; r <= row+1; r++ {
				for k := column - 1; k <= column+1; k++ {
					if b.alive(r, k) && (r != row || k != column) {
						neighbours++
					}
				}
			}
			if neighbours == 3 || neighbours == 2 && b.alive(row, column) {
				next |= 1 << (row*MaxSide + column)
			}
		}
	}
	return next, true
}

// Source returns the model with its properties, or an error if the configuration is invalid. The original has no
// properties.
func Source(c Config) (*model.Plain[Board, Tick], error) {
	p := model.NewPlain[Board, Tick](c)
	p.Sometimes("a still life", func(b Board) bool {
		next, _ := c.Next(b, Tick{})
		return next == b && bits.OnesCount16(uint16(b)) >= 4
	})
	p.Always("nothing comes of nothing", func(b Board) bool {
		next, _ := c.Next(b, Tick{})
		return b != 0 || next == 0
	})
	return p, tla.Between("cells of a side", c.Side, 1, MaxSide)
}
