// Package layout holds the tests that keep the repository in shape: imports point one way only, every
// public package has a runnable example, and no source file carries traces of the machine it was
// written on.
//
// There is no code to import here. The import arrows are one table in rules_test.go. Figures in docs that come from the
// sources are brought up to date by
//
//	go test ./internal/layout -update
package layout
