package command

import (
	"fmt"

	"github.com/spf13/pflag"

	"synod/spawn/secure"
	"synod/spawn/transports"
)

// TLS is the set of flags for certificates.
type TLS struct{ files secure.Files }

// Add adds the flags to a set.
func (f *TLS) Add(set *pflag.FlagSet) {
	set.StringVar(&f.files.Cert, "tls-cert", "", "the `file` of this side's certificate, in PEM; with --tls-key and --tls-ca")
	set.StringVar(&f.files.Key, "tls-key", "", "the `file` of its key")
	set.StringVar(&f.files.CA, "tls-ca", "", "the `file` of the authorities that the others' certificates must be of")
}

// Identity returns the configured identity; nil for none.
func (f *TLS) Identity() (*secure.Identity, error) { return f.files.Load() }

// IdentityFor is like Identity for a transport that may not support certificates.
func (f *TLS) IdentityFor(transport string) (*secure.Identity, error) {
	if t, err := transports.Find(transport); err == nil && !t.Secure && f.files != (secure.Files{}) {
		return nil, fmt.Errorf("--tls-cert, --tls-key and --tls-ca: the transport %s has no certificates; it must be grpc", transport)
	}
	return f.Identity()
}
