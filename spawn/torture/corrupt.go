package torture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"synod/spawn/nemesis"
	"synod/storage"
)

// refuse damages the file of a stopped server, if a fault requires it, and starts the server, which must refuse the
// file and leave it unchanged. Then it restores the file byte for byte.
func (s *server) refuse(ctx context.Context) error {
	harm := s.harm
	s.harm = nemesis.Harm{}
	if harm == (nemesis.Harm{}) {
		return nil
	}
	names, err := filepath.Glob(filepath.Join(s.member.Dir, "*.paxos"))
	if err != nil || len(names) != 1 {
		return err // The server has no file.
	}
	name := names[0]
	sound, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	report, err := storage.Inspect(name)
	if err != nil {
		return fmt.Errorf("server %d, before its file was damaged: %w", s.member.Place, err)
	}
	damaged := damage(sound, report, harm)
	if err := os.WriteFile(name, damaged, 0o600); err != nil {
		return err
	}
	if err := s.launch(); err != nil {
		return err
	}
	switch err := s.connect(ctx); {
	case err == nil:
		return fmt.Errorf("%w: server %d started, %v", ErrAccepted, s.member.Place, harm)
	case !errors.Is(err, ErrStopped) || !strings.Contains(err.Error(), "the file is damaged"):
		return err
	}
	after, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(after, damaged) {
		return fmt.Errorf("%w: server %d changed the file, %v", ErrAccepted, s.member.Place, harm)
	}
	s.cluster.count(nemesis.Corrupt, 1)
	return os.WriteFile(name, sound, 0o600)
}

// damage returns a copy of a file with damage to saved data: to the mark, or to the batches that the mark covers.
func damage(sound []byte, r *storage.Report, h nemesis.Harm) []byte {
	data := bytes.Clone(sound)
	at := int(h.Where * float64(storage.SectorSize+r.Marked-r.From))
	if at < storage.SectorSize {
		at += storage.MarkAt
	} else {
		at += int(r.From) - storage.SectorSize
	}
	switch h.Damage {
	case nemesis.Bit:
		data[at] ^= 1 << (at % 8)
	case nemesis.Tail:
		data = data[:at]
	case nemesis.Sector:
		at -= at % storage.SectorSize
		clear(data[at : at+storage.SectorSize])
	}
	return data
}
