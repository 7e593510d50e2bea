package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"synod/actor"
)

// File is the records of one actor on disk. Only one process at a time has it open. Its methods are not safe for
// concurrent use.
type File struct {
	db   *bolt.DB
	path string
}

// format is the version of what this package writes: buckets, their keys, and the frame of a record.
const format = 1

// Names in a file.
var (
	about   = []byte("synod")   // the bucket that says whose file it is, with the keys below
	records = []byte("records") // the bucket of records, each with a frame before its data

	keyFormat  = []byte("format")
	keyModel   = []byte("model")
	keyVersion = []byte("version")
	keyActor   = []byte("actor")
	keyCluster = []byte("cluster")
)

// patience is how long Open waits for another process to close the file.
const patience = 500 * time.Millisecond

// Name is the name of an actor's file in its folder.
func Name(id actor.ID) string { return id.String() + ".paxos" }

// Open opens an actor's file in a folder, or creates it, durably; what it then holds is on disk. A file that belongs to somebody else, is in use or is
// damaged is refused, and left as it was.
func Open(folder string, id Identity) (*File, error) {
	path := filepath.Join(folder, Name(id.Actor))
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := create(path, id); err != nil {
			return nil, fmt.Errorf("create %s: %w", path, err)
		}
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: expected a file", path)
	default:
		// Opening it for writing may change it, so look first.
		if err := inspect(path, id, info.Size()); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: patience})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, explained(err))
	}
	if err := settle(db); err != nil {
		return nil, fmt.Errorf("%s: %w", path, errors.Join(err, db.Close()))
	}
	return &File{db: db, path: path}, nil
}

// settle makes durable what a file shows. A process that was killed in the middle of a save, or whose fsync failed, leaves
// pages in the system's cache that are on no disk: whoever opens the file sees them, and must not build on them. Another
// fsync is not enough, as it may pass over pages that failed before (Rebello et al., "Can Applications Recover from
// fsync Failures?", 2020), so that everything is written again, to other pages.
func settle(db *bolt.DB) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil { // Some damage shows only when something is written.
			err = damaged(r)
		}
	}()
	return db.Update(func(tx *bolt.Tx) error {
		return tx.ForEach(func(_ []byte, b *bolt.Bucket) error {
			// A bucket must not be changed while it is walked through.
			var all []Record
			err := b.ForEach(func(name, data []byte) error {
				all = append(all, Record{string(name), bytes.Clone(data)})
				return nil
			})
			for _, r := range all {
				err = errors.Join(err, b.Put([]byte(r.Name), r.Data))
			}
			return err
		})
	})
}

// Path is where the file is.
func (f *File) Path() string { return f.path }

// create makes a file without records. It is complete before it has its name, and has it before create returns.
func create(path string, id Identity) error {
	draft, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	if err := draft.Close(); err != nil {
		return err
	}
	db, err := bolt.Open(draft.Name(), 0o600, &bolt.Options{Timeout: patience})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucket(about)
		if err != nil {
			return err
		}
		if _, err := tx.CreateBucket(records); err != nil {
			return err
		}
		return errors.Join(
			b.Put(keyFormat, binary.BigEndian.AppendUint32(nil, format)),
			b.Put(keyModel, []byte(id.Model)),
			b.Put(keyVersion, binary.BigEndian.AppendUint32(nil, id.Version)),
			b.Put(keyActor, binary.BigEndian.AppendUint64(nil, uint64(id.Actor))),
			b.Put(keyCluster, []byte(id.Cluster)),
		)
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Rename(draft.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// errForeign tells that a file holds something else.
var errForeign = errors.New("the file holds something else than the records of an actor")

// inspect reads the whole file, which it does not change, and tells why it is not one to go on with.
func inspect(path string, id Identity, size int64) (err error) {
	if size == 0 {
		return errForeign
	}
	// A damaged file can lead bbolt beyond the end of its mapping.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = damaged(r)
		}
	}()
	db, err := bolt.Open(path, 0o400, &bolt.Options{
		Timeout: patience, ReadOnly: true, PreLoadFreelist: true, // or damage to the list of free pages shows only later
	})
	if err != nil {
		return explained(err)
	}
	defer db.Close()
	return db.View(func(tx *bolt.Tx) error {
		if tx.Size() > size {
			return fmt.Errorf("the file is damaged: it has %d bytes of %d", size, tx.Size())
		}
		if err := verify(tx, id); err != nil {
			return err
		}
		_, err := load(tx)
		return err
	})
}

// damaged says what a panic of bbolt means. Where it ran beyond the file or into what is no page, its own words help nobody.
func damaged(panicked any) error {
	if _, ok := panicked.(runtime.Error); ok {
		return errors.New("the file is damaged: a part of it is missing or no database")
	}
	return fmt.Errorf("the file is damaged: %v", panicked)
}

// explained says what an error of bbolt means for who starts a server.
func explained(err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return errors.New("another process has the file open")
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch),
		errors.Is(err, bolterrors.ErrChecksum):
		return errForeign
	}
	return err
}

// verify tells why a file is not that of id.
func verify(tx *bolt.Tx, id Identity) error {
	b := tx.Bucket(about)
	if b == nil || tx.Bucket(records) == nil {
		return errForeign
	}
	made, version, owner := b.Get(keyFormat), b.Get(keyVersion), b.Get(keyActor)
	if len(made) != 4 || len(version) != 4 || len(owner) != 8 {
		return errForeign
	}
	if v := binary.BigEndian.Uint32(made); v != format {
		return fmt.Errorf("the file has format %d, this program expects %d", v, format)
	}
	found := Identity{
		Model: string(b.Get(keyModel)), Version: binary.BigEndian.Uint32(version),
		Actor: actor.ID(binary.BigEndian.Uint64(owner)), Cluster: string(b.Get(keyCluster)),
	}
	if found != id {
		return fmt.Errorf("the file belongs to %v, expected %v", found, id)
	}
	return nil
}

// Load gives all records, in ascending order of their names. The caller owns them.
func (f *File) Load() ([]Record, error) {
	var all []Record
	err := f.db.View(func(tx *bolt.Tx) (err error) {
		all, err = load(tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	return all, nil
}

func load(tx *bolt.Tx) ([]Record, error) {
	var all []Record
	err := tx.Bucket(records).ForEach(func(name, framed []byte) error {
		data, err := unframe(framed)
		if err != nil {
			return fmt.Errorf("record %q: %w", name, err)
		}
		all = append(all, Record{string(name), data})
		return nil
	})
	return all, err
}

// Save makes changes, all or none of them. When it returns nil they are on disk. After an error nothing may be built on
// what the file holds: it has to be opened anew.
func (f *File) Save(changes []Record) error {
	err := f.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(records)
		for _, c := range changes {
			var err error
			if c.Data == nil {
				err = b.Delete([]byte(c.Name))
			} else {
				err = b.Put([]byte(c.Name), frame(c.Data))
			}
			if err != nil {
				return fmt.Errorf("record %q: %w", c.Name, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return nil
}

// Close closes the file. All that was saved is on disk already.
func (f *File) Close() error { return f.db.Close() }

// A record has a frame before its data: a byte for the version of the frame, and a checksum of the data.
const (
	frameVersion = 1
	frameSize    = 1 + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func frame(data []byte) []byte {
	framed := make([]byte, 0, frameSize+len(data))
	framed = append(framed, frameVersion)
	framed = binary.BigEndian.AppendUint32(framed, crc32.Checksum(data, castagnoli))
	return append(framed, data...)
}

// unframe gives a copy of the data in a frame.
func unframe(framed []byte) ([]byte, error) {
	if len(framed) < frameSize {
		return nil, fmt.Errorf("the record is damaged: it has %d bytes, expected at least %d", len(framed), frameSize)
	}
	if framed[0] != frameVersion {
		return nil, fmt.Errorf("the record has version %d, this program expects %d", framed[0], frameVersion)
	}
	data := framed[frameSize:]
	if sum := crc32.Checksum(data, castagnoli); sum != binary.BigEndian.Uint32(framed[1:]) {
		return nil, errors.New("the record is damaged: its checksum is another one")
	}
	return append([]byte{}, data...), nil
}
