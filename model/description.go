package model

import "maps"

// Describe sets the catalogue name and the configuration from which the system can be rebuilt, for files that refer
// to it. The last call counts.
func (sys *system) Describe(name string, config map[string]string) {
	sys.described = description{name, maps.Clone(config), sys.described.publisher}
}

// Publish sets the import path of the package whose function Find returns the builder of the system by the name set
// with Describe.
func (sys *system) Publish(pkg string) { sys.described.publisher = pkg }

// Description returns the name and configuration set with Describe, or an empty name. The caller owns the
// configuration.
func (sys *system) Description() (name string, config map[string]string) {
	return sys.described.give()
}

// Describe sets the name and configuration from which the model can be rebuilt, as for a System.
func (p *Plain[S, A]) Describe(name string, config map[string]string) {
	p.described = description{name, maps.Clone(config), p.described.publisher}
}

// Publish sets the import path of the package of the model, as for a System.
func (p *Plain[S, A]) Publish(pkg string) { p.described.publisher = pkg }

// Publisher returns the import path set with Publish, or an empty string.
func (sys *system) Publisher() string { return sys.described.publisher }

// Publisher returns the import path set with Publish, or an empty string.
func (p *Plain[S, A]) Publisher() string { return p.described.publisher }

// Description returns the name and configuration set with Describe, or an empty name. The caller owns the
// configuration.
func (p *Plain[S, A]) Description() (name string, config map[string]string) {
	return p.described.give()
}

// description identifies a source, so that it can be rebuilt.
type description struct {
	name      string
	config    map[string]string
	publisher string // import path of a package; may be empty
}

func (d description) give() (string, map[string]string) { return d.name, maps.Clone(d.config) }
