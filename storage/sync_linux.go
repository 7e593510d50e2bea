package storage

import (
	"errors"
	"os"
	"syscall"
)

// datasync syncs the data of a file and its size, but not its modification time, which would be a second write.
func datasync(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if !errors.Is(err, syscall.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
