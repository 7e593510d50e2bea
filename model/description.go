package model

import "maps"

// Describe says by which name and configuration the system can be made again, for files that tell of it: those of the
// catalogue. The last call counts.
func (sys *system) Describe(name string, config map[string]string) {
	sys.described = description{name, maps.Clone(config)}
}

// Description gives what Describe said, or an empty name. The configuration is the caller's own.
func (sys *system) Description() (name string, config map[string]string) {
	return sys.described.give()
}

// Describe says by which name and configuration the model can be made again, as for a System.
func (p *Plain[S, A]) Describe(name string, config map[string]string) {
	p.described = description{name, maps.Clone(config)}
}

// Description gives what Describe said, or an empty name. The configuration is the caller's own.
func (p *Plain[S, A]) Description() (name string, config map[string]string) {
	return p.described.give()
}

// description is how a source can be made again.
type description struct {
	name   string
	config map[string]string
}

func (d description) give() (string, map[string]string) { return d.name, maps.Clone(d.config) }
