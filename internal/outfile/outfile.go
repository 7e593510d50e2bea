// Package outfile writes files named by users atomically.
package outfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// File is a file that is written atomically: the existing content stays until its replacement is complete.
type File struct {
	Given string      // path as given by the user
	path  string      // path without symbolic links
	mode  os.FileMode // of the file
	plain bool        // a regular or a new file; otherwise a device or pipe, which is written directly
}

// New checks in advance that the file of a flag can be written. It leaves nothing behind.
func New(flag, given string) (*File, error) {
	f := &File{Given: given, path: given, mode: 0o644, plain: true}
	unwritable := func(err error) error {
		return fmt.Errorf("--%s %q cannot be written (%w): expected a file in a folder that exists and is writable",
			flag, given, cause(err))
	}
	if resolved, err := filepath.EvalSymlinks(given); err == nil {
		f.path = resolved
	}
	info, err := os.Stat(f.path)
	switch {
	case err == nil:
		f.mode, f.plain = info.Mode().Perm(), info.Mode().IsRegular()
		if info.IsDir() {
			return nil, unwritable(errors.New("it is a folder"))
		}
		if f.plain {
			// A write-protected file is kept, even if its folder would permit replacing it.
			existing, err := os.OpenFile(f.path, os.O_WRONLY, 0)
			if err != nil {
				return nil, unwritable(err)
			}
			if err := existing.Close(); err != nil {
				return nil, unwritable(err)
			}
		}
	case !errors.Is(err, os.ErrNotExist):
		return nil, unwritable(err)
	}
	if f.plain {
		probe, err := f.temporary()
		if err != nil {
			return nil, unwritable(err)
		}
		if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
			return nil, unwritable(err)
		}
	}
	return f, nil
}

// temporary creates a file beside the real one.
func (f *File) temporary() (*os.File, error) {
	return os.CreateTemp(filepath.Dir(f.path), "."+filepath.Base(f.path)+".*.tmp")
}

// cause returns a file error without the name of the file, because the message contains the name given by the user.
func cause(err error) error {
	var inner *os.PathError
	if errors.As(err, &inner) {
		return inner.Err
	}
	return err
}

// Untouched prints why the file was not written, and whether an older one exists.
func (f *File) Untouched(stderr io.Writer, why string) {
	state := "was not written"
	if _, err := os.Stat(f.path); err == nil && f.plain {
		state += ", and is the one that was there before"
	}
	fmt.Fprintf(stderr, "%s: %s %s.\n", why, f.Given, state)
}

// Replace replaces the content atomically.
func (f *File) Replace(content []byte) error {
	if err := f.put(content); err != nil {
		return fmt.Errorf("write %s: %w", f.Given, cause(err))
	}
	return nil
}

func (f *File) put(content []byte) error {
	if !f.plain {
		return os.WriteFile(f.path, content, f.mode)
	}
	t, err := f.temporary()
	if err != nil {
		return err
	}
	_, err = t.Write(content)
	err = errors.Join(err, t.Chmod(f.mode), t.Sync(), t.Close())
	if err == nil {
		err = os.Rename(t.Name(), f.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(t.Name()))
	}
	return nil
}
