// Package secure is who servers and clients are to one another: each has a certificate, and lets in only those who have one of
// the same authority.
package secure

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// Files are the files of an identity, in PEM. The zero value is of those who have none.
type Files struct {
	Cert string // the certificate, and such between it and the authority's
	Key  string // its key
	CA   string // the certificates of the authorities whose word counts
}

// Identity is a certificate with its key, and whose word counts. It is safe for concurrent use.
type Identity struct {
	certificate tls.Certificate
	authorities *x509.CertPool
}

// Load reads an identity; nil if there are no files.
func (f Files) Load() (*Identity, error) {
	switch {
	case f == Files{}:
		return nil, nil //nolint:nilnil // Nobody is no error.
	case f.Cert == "" || f.Key == "" || f.CA == "":
		return nil, errors.New("a certificate, its key and an authority belong together: --tls-cert, --tls-key and --tls-ca must be " +
			"given, or none of them")
	}
	certificate, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("the certificate %s with the key %s: %w", f.Cert, f.Key, err)
	}
	authorities := x509.NewCertPool()
	data, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, fmt.Errorf("the authority: %w", err)
	}
	if !authorities.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("the authority %s: must have certificates in PEM", f.CA)
	}
	return &Identity{certificate, authorities}, nil
}

// Server returns the side that is connected to: it lets in who has a certificate of an authority.
func (i *Identity) Server() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{i.certificate}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: i.authorities,
		MinVersion: tls.VersionTLS13,
	}
}

// Client returns the side that connects: the other one must have a certificate of an authority for the name or address that it
// is connected to by.
func (i *Identity) Client() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{i.certificate}, RootCAs: i.authorities, MinVersion: tls.VersionTLS13,
	}
}
