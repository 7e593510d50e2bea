package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/crc64"
	"math"
	"slices"

	"synod/actor"
)

// A file is a header, a mark, and a log in one of several segments. All numbers are little-endian.
//
//	0     header: the owner of the file; written once
//	4096  mark: the current segment, and the end of the data saved in it
//	8192  segments: batches, then zeros up to the end of the segment
//
// A batch is the data of one save. It begins at a sector boundary, so that it overwrites nothing but zeros, and each
// of its sectors has a checksum, the number of the batch, and its index in it. Disks write a sector entirely or not
// at all: after a crash each sector of a batch that was in flight is as written or empty, and anything else is
// damage.
const (
	SectorSize = 512
	MarkAt     = headerSize // the offset of the mark's sector

	headerSize = 4096
	segmentsAt = MarkAt + 4096 // the offset of the first segment

	// leastRoom is the minimum space of a segment for batches after the first, in bytes.
	leastRoom = 64 << 10
	// maxContent is the maximum size of a batch, in bytes.
	maxContent = 1 << 30
)

// format is the version of the format written. Files of format 1 were bbolt databases.
const format = 2

// magic begins every file.
const magic = "synod\x00\x1a\n"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var ecma = crc64.MakeTable(crc64.ECMA)

// zeros is an empty sector.
var zeros [SectorSize]byte

// seal writes the checksum of a block into its first four bytes. The seed differs between files, so that a sector of
// another file is not mistaken for one of this file.
func seal(block []byte, seed uint32) {
	binary.LittleEndian.PutUint32(block, crc32.Update(seed, castagnoli, block[4:]))
}

// sealed reports whether the checksum of a block is correct.
func sealed(block []byte, seed uint32) bool {
	return binary.LittleEndian.Uint32(block) == crc32.Update(seed, castagnoli, block[4:])
}

// appendHeader appends the header of a file: the magic, the format, the identity, zeros, and a checksum of all this.
func appendHeader(dst []byte, id Identity) ([]byte, error) {
	start := len(dst)
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint32(dst, format)
	dst = binary.LittleEndian.AppendUint32(dst, id.Version)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(id.Actor))
	dst = appendText(appendText(dst, id.Model), id.Cluster)
	if len(dst)-start > headerSize-4 {
		return nil, fmt.Errorf("the names of model and cluster have %d bytes; the limit is %d",
			len(id.Model)+len(id.Cluster), headerSize-4-len(magic)-4*6)
	}
	dst = append(dst, make([]byte, start+headerSize-4-len(dst))...)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli)), nil
}

func appendText(dst []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(s))), s...)
}

// errForeign reports that a file is not in this format.
var errForeign = errors.New("the file does not contain the records of an actor")

// errOld reports that a file was written by an earlier release.
var errOld = errors.New("the file has format 1, a bbolt database, which this program does not read: " +
	"go on with the release that wrote it, or read the register there and put the value into a new cluster")

// bboltMagic is 16 bytes after the beginning of the first two pages of a bbolt database, in the byte order of its
// machine.
const bboltMagic = 0xED0CDAED

// decodeHeader parses a header. The seed is that of all other checksums of the file.
func decodeHeader(block []byte) (id Identity, seed uint32, err error) {
	if !bytes.HasPrefix(block, []byte(magic)) {
		if len(block) >= 20 && (binary.LittleEndian.Uint32(block[16:]) == bboltMagic ||
			binary.BigEndian.Uint32(block[16:]) == bboltMagic) {
			return id, 0, errOld
		}
		return id, 0, errForeign
	}
	if len(block) < headerSize {
		return id, 0, &Damage{0, int64(len(block)), "the header is cut off"}
	}
	body := block[len(magic) : headerSize-4]
	seed = binary.LittleEndian.Uint32(block[headerSize-4:])
	if crc32.Checksum(block[:headerSize-4], castagnoli) != seed {
		return id, 0, &Damage{0, headerSize, "the checksum of the header is wrong"}
	}
	if v := binary.LittleEndian.Uint32(body); v != format {
		return id, 0, fmt.Errorf("the file has format %d, this program expects %d", v, format)
	}
	id.Version = binary.LittleEndian.Uint32(body[4:])
	id.Actor = actor.ID(binary.LittleEndian.Uint64(body[8:]))
	rest := body[16:]
	for _, text := range []*string{&id.Model, &id.Cluster} {
		n := uint64(math.MaxUint64)
		if len(rest) >= 4 {
			n = uint64(binary.LittleEndian.Uint32(rest))
			rest = rest[4:]
		}
		if n > uint64(len(rest)) {
			return id, 0, &Damage{0, headerSize, "the header has a name that is longer than it"}
		}
		*text, rest = string(rest[:n]), rest[n:]
	}
	return id, seed, nil
}

// place is a position in the log, after a batch.
type place struct {
	number uint64 // the number of the batch, from 1; continues across segments
	end    int64  // the offset after its last sector
	chain  uint64 // the checksum of the batch, which covers all earlier ones
}

// mark describes what was saved. It is written after the sync of a batch, and made durable by the sync of the next
// batch. So everything up to the mark was saved, and at most one more batch.
type mark struct {
	start, end int64  // the offsets of the current segment
	first      uint64 // the number of its first batch
	saved      place
}

// encode returns the sector of the mark.
func (m mark) encode(seed uint32) []byte {
	b := make([]byte, 4, SectorSize)
	for _, n := range []uint64{
		uint64(m.start), uint64(m.end), m.first, m.saved.number, uint64(m.saved.end), m.saved.chain,
	} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	b = b[:SectorSize]
	seal(b, seed)
	return b
}

// decodeMark parses the sector of the mark of a file of size bytes.
func decodeMark(block []byte, seed uint32, size int64) (mark, error) {
	if len(block) < SectorSize {
		return mark{}, &Damage{MarkAt, MarkAt + int64(len(block)), "the mark of what was saved is cut off"}
	}
	block = block[:SectorSize]
	if !sealed(block, seed) {
		return mark{}, &Damage{MarkAt, MarkAt + SectorSize, "the checksum of the mark of what was saved is wrong"}
	}
	n := func(i int) uint64 { return binary.LittleEndian.Uint64(block[4+8*i:]) }
	m := mark{int64(n(0)), int64(n(1)), n(2), place{n(3), int64(n(4)), n(5)}}
	aligned := m.start%SectorSize == 0 && m.end%SectorSize == 0 && m.saved.end%SectorSize == 0
	if !aligned || m.start < segmentsAt || m.saved.end <= m.start || m.end < m.saved.end || m.first < 1 || m.saved.number < m.first {
		return mark{}, &Damage{MarkAt, MarkAt + SectorSize, "the mark of what was saved contradicts itself"}
	}
	if m.end > size {
		return mark{}, &Damage{size, m.end, fmt.Sprintf("the file is truncated: it has %d of %d bytes", size, m.end)}
	}
	return m, nil
}

// A sector of a batch has a head before its part of the content: its checksum, its index in the batch and the length
// of the content, four bytes each, and the number of the batch, eight bytes.
const (
	headSize   = 4 + 4 + 4 + 8
	sectorRoom = SectorSize - headSize
)

// head is the head of a sector of a batch.
type head struct {
	number uint64 // of the batch
	index  uint32 // the index of the sector in the batch, from 0
	length uint32 // the length of the batch's content, in bytes
}

// span returns the size of the sectors of a batch with length bytes of content.
func span(length int) int64 { return int64((length+sectorRoom-1)/sectorRoom) * SectorSize }

// appendSectors appends the sectors of a batch.
func appendSectors(dst []byte, seed uint32, number uint64, content []byte) []byte {
	length := uint32(len(content))
	for index := uint32(0); len(content) > 0; index++ {
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		dst = binary.LittleEndian.AppendUint32(dst, index)
		dst = binary.LittleEndian.AppendUint32(dst, length)
		dst = binary.LittleEndian.AppendUint64(dst, number)
		n := min(sectorRoom, len(content))
		dst = append(dst, content[:n]...)
		dst = append(dst, zeros[:at+SectorSize-len(dst)]...)
		content = content[n:]
		seal(dst[at:], seed)
	}
	return dst
}

// decodeHead parses the head of a sector. It returns false for a sector that is not part of a batch, such as an empty
// one.
func decodeHead(sector []byte, seed uint32) (h head, ok bool) {
	if !sealed(sector, seed) {
		return h, false
	}
	h = head{
		number: binary.LittleEndian.Uint64(sector[12:]),
		index:  binary.LittleEndian.Uint32(sector[4:]),
		length: binary.LittleEndian.Uint32(sector[8:]),
	}
	return h, h.length > 0 && h.length <= maxContent && int64(h.index)*SectorSize < span(int(h.length))
}

// The content of a batch is the chain of the previous batch, a byte for its kind, and records: the length of the name
// and the name, then 0 for a deleted record, or the length of the data plus 1, and the data.
const (
	kindWhole   = 1 // all records: the first batch of a segment
	kindChanges = 2
)

// appendContent appends the content of a batch.
func appendContent(dst []byte, chain uint64, kind byte, records []Record) []byte {
	dst = append(binary.LittleEndian.AppendUint64(dst, chain), kind)
	for _, r := range records {
		dst = append(binary.AppendUvarint(dst, uint64(len(r.Name))), r.Name...)
		if r.Data == nil {
			dst = append(dst, 0)
			continue
		}
		dst = append(binary.AppendUvarint(dst, uint64(len(r.Data))+1), r.Data...)
	}
	return dst
}

// chained returns the chain after a batch with this content.
func chained(content []byte) uint64 { return crc64.Checksum(content, ecma) }

var errContent = errors.New("its content is not a batch")

// decodeContent parses the content of a batch. The records share its memory.
func decodeContent(content []byte) (chain uint64, kind byte, records []Record, err error) {
	if len(content) < 9 {
		return 0, 0, nil, errContent
	}
	chain, kind = binary.LittleEndian.Uint64(content), content[8]
	if kind != kindWhole && kind != kindChanges {
		return 0, 0, nil, errContent
	}
	for rest := content[9:]; len(rest) > 0; {
		var r Record
		name, ok := takePart(&rest, 0)
		if !ok || len(rest) == 0 {
			return 0, 0, nil, errContent
		}
		r.Name = string(name)
		if rest[0] != 0 {
			r.Data, ok = takePart(&rest, 1)
		} else {
			rest, ok = rest[1:], kind == kindChanges
		}
		if !ok {
			return 0, 0, nil, errContent
		}
		records = append(records, r)
	}
	return chain, kind, records, nil
}

// takePart reads bytes preceded by their length, to which more was added.
func takePart(rest *[]byte, more uint64) (part []byte, ok bool) {
	n, size := binary.Uvarint(*rest)
	if size <= 0 || n < more || n-more > uint64(len(*rest)-size) {
		return nil, false
	}
	end := size + int(n-more)
	part, *rest = (*rest)[size:end:end], (*rest)[end:]
	return part, true
}

// ascending returns the records of a set in ascending order of name.
func ascending(set map[string][]byte) []Record {
	all := make([]Record, 0, len(set))
	for name, data := range set {
		all = append(all, Record{name, data})
	}
	slices.SortFunc(all, func(a, b Record) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return all
}
