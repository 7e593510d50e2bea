// Package layout holds the tests that keep the repository in shape: imports point one way only, every
// public package has a runnable example, and no source file carries traces of the machine it was
// written on.
//
// There is no code to import here. The import arrows are one table in rules_test.go. The tests check
// it over the sources, so that go test ./... alone reports a violation, and keep the depguard section
// of .golangci.yml equal to it, so that an editor shows the same violation while one types.
// After a change to the table run
//
//	go test ./internal/layout -update
package layout
