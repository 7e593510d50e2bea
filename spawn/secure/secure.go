// Package secure provides mutual authentication of servers and clients: each has a certificate and accepts only
// certificates of the same authority.
package secure

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// Files are the PEM files of an identity. The zero value means no identity.
type Files struct {
	Cert string // the certificate and any intermediate certificates
	Key  string // private key of the certificate
	CA   string // certificates of the trusted authorities
}

// Identity is a certificate with its key and the trusted authorities. It is safe for concurrent use.
type Identity struct {
	certificate tls.Certificate
	authorities *x509.CertPool
}

// Load reads an identity; it returns nil if there are no files.
func (f Files) Load() (*Identity, error) {
	switch {
	case f == Files{}:
		return nil, nil //nolint:nilnil // No identity is not an error.
	case f.Cert == "" || f.Key == "" || f.CA == "":
		return nil, errors.New("--tls-cert, --tls-key and --tls-ca require each other")
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

// Server returns the configuration for accepting connections: clients must have a certificate of a trusted authority.
func (i *Identity) Server() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{i.certificate}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: i.authorities,
		MinVersion: tls.VersionTLS13,
	}
}

// Client returns the configuration for connecting: the server must have a certificate of a trusted authority for the
// name or address used to connect.
func (i *Identity) Client() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{i.certificate}, RootCAs: i.authorities, MinVersion: tls.VersionTLS13,
	}
}
