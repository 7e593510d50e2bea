package actor

import "io"

// Passage is a moment in the life of a message.
type Passage uint8

// A message passes twice: when it is sent, and when its recipient accepts it, that is, acts on it.
const (
	Sent Passage = iota
	Accepted
)

// Observer sees messages pass, and remembers H of them: a history of what clients asked and were told, for example.
// All functions must be pure; the same observer watches a model and a recorded run.
type Observer[M, H any] struct {
	Name  string                                         // names the property that Holds decides
	Start H                                              // before the first message
	Sees  func(e Envelope[M], p Passage) bool            // which passages matter; a cheap filter
	Next  func(h H, e Envelope[M], p Passage) (H, error) // leaves h as it is
	Crash func(h H, id ID) (H, error)                    // an actor goes down; leaves h as it is; nil: nothing changes then
	Holds func(h H) bool                                 // nil: nothing is demanded of what is remembered
	// Visualize writes an HTML page that shows what is remembered to people, with all that it needs inside; nil for none.
	Visualize func(w io.Writer, h H) error
	// Tell describes in words what was noted between two memories, a line each; nil for their differences, field by
	// field.
	Tell func(before, after H) []string
	// Explain returns what there is to say of the last of the memories along a path, which differs from the one before:
	// what is wrong with it, if Holds is false of it first. Before the first step the memory is the first one. nil for
	// nothing.
	Explain func(path []H) []string
}
