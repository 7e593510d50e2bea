package actor

import "io"

// Passage is the point in a message's life at which an observer sees it.
type Passage uint8

// An observer may see each message twice: when it is sent, and when its recipient accepts it, that is, acts on it.
const (
	Sent Passage = iota
	Accepted
)

// Observer derives a value H from the messages that pass, for example a history of client operations. All functions
// must be pure; the same observer watches a model and a recorded run.
type Observer[M, H any] struct {
	Name  string                                         // the name of the property that Holds decides
	Start H                                              // the value before the first message
	Sees  func(e Envelope[M], p Passage) bool            // selects the passages that matter; must be cheap
	Next  func(h H, e Envelope[M], p Passage) (H, error) // must leave h unchanged
	Crash func(h H, id ID) (H, error)                    // an actor goes down; must leave h unchanged; nil: no change
	Holds func(h H) bool                                 // the property; nil if there is none
	// Visualize writes a self-contained HTML page that shows h; may be nil.
	Visualize func(w io.Writer, h H) error
	// Tell describes in words what changed from before to after, one line each; nil to show the differences field by
	// field.
	Tell func(before, after H) []string
	// Explain explains the last value of a path, which differs from the one before it: if it is the first for which
	// Holds is false, what is wrong with it. The first value is the one before the first step. May be nil.
	Explain func(path []H) []string
}
