// Package reference is the plain search that the engine is compared with in tests: breadth-first over Go values, every
// state a key in a Go map, every handler called anew for every state. It shares nothing with the engine, not even the
// network, so that one mistake cannot hide in both. It is meant to be read and believed, not to be fast: expect tens of
// thousands of states a second, and a few kilobytes for each.
//
// Search explores any Model. A System of actors is one.
package reference
