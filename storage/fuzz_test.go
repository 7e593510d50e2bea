package storage

import (
	"bytes"
	"slices"
	"testing"
)

// FuzzMount mounts logs that a disk made up, also such whose checksums are right: it must not panic, not change what it
// refuses, and find the same again in what it takes.
func FuzzMount(f *testing.F) {
	d := new(Disk)
	log := formatted(f, d)
	var before []byte
	for i := range 4 {
		before = slices.Clone(d.shown[MarkAt:segmentsAt])
		if err := log.Save([]Record{{"a", bytes.Repeat([]byte{byte(i)}, 300*i)}, {"b", nil}}); err != nil {
			f.Fatal(err)
		}
	}
	end := int(log.mark.saved.end)
	want := ascending(log.records)
	f.Add(uint32(0), []byte("x"), false, false, uint32(0))
	f.Add(uint32(MarkAt+4), []byte{1, 2, 3, 4, 5, 6, 7, 8}, true, false, uint32(0))
	f.Add(uint32(segmentsAt+SectorSize+4), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, true, true, uint32(0))
	f.Add(uint32(end-SectorSize+headSize), []byte("\x00\x00\x00\x00\x00\x00\x00\x00\x02\x01a\x80\x00"), true, true, uint32(0))
	f.Add(uint32(end), appendSectors(nil, log.seed, log.mark.saved.number+2, []byte("content")), false, false, uint32(10))
	f.Fuzz(func(t *testing.T, at uint32, data []byte, reseal, behind bool, cut uint32) {
		image := slices.Clone(d.shown)
		if behind { // The mark does not know of the last batch.
			copy(image[MarkAt:], before)
		}
		whole := slices.Clone(image)
		at %= uint32(len(image))
		n := copy(image[at:], data)
		for s := int(at) / SectorSize * SectorSize; reseal && s < int(at)+n && s >= MarkAt; s += SectorSize {
			seal(image[s:s+SectorSize], log.seed)
		}
		unchanged := cut == 0 && bytes.Equal(image, whole)
		image = image[:len(image)-int(cut)%len(image)]
		sound := slices.Clone(image)
		disk := &Disk{shown: image, stable: slices.Clone(image)}
		found, err := Mount(disk, me)
		if err != nil {
			if !bytes.Equal(disk.shown, sound) {
				t.Errorf("refused with %v, and changed", err)
			}
			if unchanged {
				t.Errorf("refused although nothing was changed: %v", err)
			}
			return
		}
		got := ascending(found.records)
		if !reseal && int(at) < end && !behind && !same(got, want) {
			t.Errorf("it holds %v", names(got))
		}
		if again := mounted(t, disk); !same(ascending(again.records), got) {
			t.Errorf("it holds %v, and then %v", names(got), names(ascending(again.records)))
		}
	})
}

// FuzzContent reads contents of batches: it must not panic, and what it reads it reads again after it was written.
func FuzzContent(f *testing.F) {
	f.Add(appendContent(nil, 1, kindWhole, []Record{{"a", []byte{}}, {"", []byte("x")}}))
	f.Add(appendContent(nil, 1<<63, kindChanges, []Record{{"a", nil}, {"b", make([]byte, 300)}}))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, content []byte) {
		chain, kind, records, err := decodeContent(content)
		if err != nil {
			return
		}
		written := appendContent(nil, chain, kind, records)
		chain2, kind2, again, err := decodeContent(written)
		if err != nil || chain2 != chain || kind2 != kind || len(again) != len(records) {
			t.Fatalf("%x is read as %v, and then as %v, %v", content, records, again, err)
		}
		for i, r := range again {
			if r.Name != records[i].Name || !bytes.Equal(r.Data, records[i].Data) || (r.Data == nil) != (records[i].Data == nil) {
				t.Errorf("%v is %v", records[i], r)
			}
		}
	})
}

// FuzzHeader reads headers: it must not panic, and one that it takes is written the same.
func FuzzHeader(f *testing.F) {
	sound, err := appendHeader(nil, me)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sound)
	f.Add([]byte(magic))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, block []byte) {
		id, _, err := decodeHeader(block)
		if err != nil {
			return
		}
		again, err := appendHeader(nil, id)
		if err != nil {
			t.Fatal(err)
		}
		if back, _, err := decodeHeader(again); err != nil || back != id {
			t.Errorf("%v is read as %v, %v", id, back, err)
		}
	})
}
