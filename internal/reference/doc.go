// Package reference is the plain search that tests compare the engine with: breadth-first over Go values, with every
// state a key in a Go map and every handler called again for every state. It shares nothing with the engine, not even
// the network, so that no error can hide in both. It is written to be read and trusted, not to be fast: expect tens
// of thousands of states per second, and a few kilobytes per state.
//
// Search explores any Model, such as a System of actors.
package reference
