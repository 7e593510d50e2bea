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
	set.StringVar(&f.files.Cert, "tls-cert", "", "PEM `file` with the certificate of this process; requires --tls-key and --tls-ca")
	set.StringVar(&f.files.Key, "tls-key", "", "PEM `file` with the private key of the certificate")
	set.StringVar(&f.files.CA, "tls-ca", "", "PEM `file` with the certificate authorities of the other side")
}

// Identity returns the configured identity; nil for none.
func (f *TLS) Identity() (*secure.Identity, error) { return f.files.Load() }

// IdentityFor is like Identity for a transport that may not support certificates.
func (f *TLS) IdentityFor(transport string) (*secure.Identity, error) {
	if t, err := transports.Find(transport); err == nil && !t.Secure && f.files != (secure.Files{}) {
		return nil, fmt.Errorf("--tls-cert, --tls-key and --tls-ca require --transport grpc, not %s", transport)
	}
	return f.Identity()
}
