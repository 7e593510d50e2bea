package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"synod/actor"
)

// File is the log of one actor in a file, which only one process at a time can open. It is not safe for concurrent
// use.
type File struct {
	*Log
	file *os.File
	path string
}

// patience is how long Open waits for another process to close the file.
const patience = 500 * time.Millisecond

// Name returns the file name for an actor.
func Name(id actor.ID) string { return id.String() + ".paxos" }

// advice describes what to do about a damaged file.
const advice = "do not start the server with an empty folder instead: what it promised and voted for is lost with the " +
	"file, and the others rely on it; they go on without it while a majority is up; docs/running.md says how it may " +
	"come back (\"A server that lost its disk\")"

// Open opens an actor's file in a folder, or creates it. What it then holds is durable. A file that belongs to
// another actor, is in use or is damaged is refused and not changed; the error for a damaged one wraps a *Damage.
func Open(folder string, id Identity) (*File, error) {
	path := filepath.Join(folder, Name(id.Actor))
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := create(path, id); err != nil {
			return nil, fmt.Errorf("create %s: %w", path, err)
		}
	}
	file, err := take(path, os.O_RDWR, true)
	if err != nil {
		return nil, err
	}
	log, err := Mount(device{file}, id)
	if err != nil {
		return nil, errors.Join(explained(path, err), file.Close())
	}
	return &File{log, file, path}, nil
}

// explained adds the path to an error, and advice for damage.
func explained(path string, err error) error {
	if errors.As(err, new(*Damage)) {
		return fmt.Errorf("%s: %w; %s", path, err, advice)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// take opens a file exclusively, or shared with other readers.
func take(path string, mode int, alone bool) (*os.File, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	file, err := os.OpenFile(path, mode, 0)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(patience); ; time.Sleep(patience / 50) {
		err := lock(file, alone)
		if err == nil {
			return file, nil
		}
		if errors.Is(err, errInUse) && time.Now().Before(end) {
			continue
		}
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
}

// errInUse reports that a file is locked.
var errInUse = errors.New("another process has the file open")

// Path returns the path of the file.
func (f *File) Path() string { return f.path }

// Save applies changes, all or none of them. When it returns nil they are durable. After an error the content of the
// file must not be relied on: it must be opened again.
func (f *File) Save(changes []Record) error {
	if err := f.Log.Save(changes); err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return nil
}

// Close closes the file. Everything saved is durable already.
func (f *File) Close() error { return f.file.Close() }

// device is a file as a Device.
type device struct{ *os.File }

func (d device) Sync() error { return datasync(d.File) }

func (d device) Size() (int64, error) {
	info, err := d.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// create creates a file without records. The file is complete before it gets its name, and the name is durable before
// create returns. If another process was faster, its file stays.
func create(path string, id Identity) error {
	draft, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	// This full sync makes the size durable, which does not change for a while.
	if err := errors.Join(Format(device{draft}, id), draft.Sync(), draft.Close()); err != nil {
		return err
	}
	err = os.Link(draft.Name(), path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(draft.Name(), path) // Some file systems have no links.
	} else {
		err = nil
	}
	return errors.Join(err, syncFolder(filepath.Dir(path)))
}

// syncFolder syncs the entries of a folder.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
