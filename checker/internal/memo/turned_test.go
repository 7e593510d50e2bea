package memo

import (
	"testing"

	"synod/model/statespace"
)

// turnable has a number of images of every state.
type turnable struct {
	statespace.Symmetry
	images int
}

func (s turnable) Images(state []statespace.PartID, yield func([]statespace.PartID) bool) {
	for range s.images {
		if !yield(state) {
			return
		}
	}
}

// flat is a space of which nothing is used but aspects.
type flat struct{ statespace.Space }

func (flat) Aspect(int, statespace.PartID, statespace.Aspect) uint32 { return 0 }

// TestImagesOver makes sure that a search that is over does not evaluate the millions of images that a state may have.
func TestImagesOver(t *testing.T) {
	const images = 3_628_800
	for _, c := range []struct{ overAt, most int }{{1, 1}, {2, 1 + imagesAtOnce}, {10, 1 + 9*imagesAtOnce}} {
		evaluated, polled := 0, 0
		p := NewMapping(flat{}, "p", func(*statespace.Reading) uint32 { evaluated++; return yes })
		p.forgets = true
		p.forgotten.Store(guardFirst) // From here on it evaluates a state twice only now and then.
		p.Turned = &Turned{
			Symmetry: turnable{images: images}, Over: func() bool { polled++; return polled >= c.overAt },
		}
		answer, err := p.Value(statespace.NewReading(flat{}), []statespace.PartID{0})
		if err != nil || answer != yes {
			t.Errorf("answer %d, %v", answer, err)
		}
		if polled != c.overAt || evaluated < c.most || evaluated > c.most+2 {
			t.Errorf("over at the poll %d: %d evaluations, %d polls; want %d evaluations", c.overAt, evaluated, polled, c.most)
		}
	}
}
