package model

import "maps"

// Describe sets the name and configuration by which the system can be rebuilt, for files that refer to it: those of the
// catalogue. The last call counts.
func (sys *system) Describe(name string, config map[string]string) {
	sys.described = description{name, maps.Clone(config), sys.described.publisher}
}

// Publish sets the import path of the package whose function Find returns the builder of the system by the name that
// Describe sets.
func (sys *system) Publish(pkg string) { sys.described.publisher = pkg }

// Description returns what Describe said, or an empty name. The configuration is the caller's own.
func (sys *system) Description() (name string, config map[string]string) {
	return sys.described.give()
}

// Describe sets the name and configuration by which the model can be rebuilt, as for a System.
func (p *Plain[S, A]) Describe(name string, config map[string]string) {
	p.described = description{name, maps.Clone(config), p.described.publisher}
}

// Publish sets where the model can be found, as for a System.
func (p *Plain[S, A]) Publish(pkg string) { p.described.publisher = pkg }

// Publisher returns what Publish said, or an empty string.
func (sys *system) Publisher() string { return sys.described.publisher }

// Publisher returns what Publish said, or an empty string.
func (p *Plain[S, A]) Publisher() string { return p.described.publisher }

// Description returns what Describe said, or an empty name. The configuration is the caller's own.
func (p *Plain[S, A]) Description() (name string, config map[string]string) {
	return p.described.give()
}

// description is how a source can be made again.
type description struct {
	name      string
	config    map[string]string
	publisher string // the import path of a package; empty for none
}

func (d description) give() (string, map[string]string) { return d.name, maps.Clone(d.config) }
