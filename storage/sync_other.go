//go:build !linux

package storage

import "os"

// datasync syncs the data of a file.
func datasync(f *os.File) error { return f.Sync() }
