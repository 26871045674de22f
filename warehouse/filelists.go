package warehouse

import (
	"encoding/json"
	"iter"
	"slices"
	"time"
)

// listedFiles is how many entries FileLists puts into one list.
const listedFiles = 5000

// A listedFile is a File as FileLists writes it.
type listedFile struct {
	Pipeline   string    `json:"pipeline"`
	Stream     string    `json:"stream"`
	Name       string    `json:"name"`
	Generation string    `json:"generation"`
	Size       int64     `json:"size"`
	Checksum   string    `json:"checksum"`
	UpdatedAt  time.Time `json:"updated_at"`
	FirstSeen  time.Time `json:"first_seen"`
	State      FileState `json:"state"`
	Reason     string    `json:"reason"`
	LoadedBy   string    `json:"loaded_by"`
	Load       string    `json:"load"`
	ChangedAt  time.Time `json:"changed_at"`
}

// FileLists writes entries for databases that read JSON: lists of objects whose
// keys are the columns of TableFiles, so many in each that a statement can take
// it. Of entries of one pipeline, stream, name and generation the last is kept.
func FileLists(files []File) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for chunk := range slices.Chunk(LastFiles(files), listedFiles) {
			list := make([]listedFile, len(chunk))
			for i, f := range chunk {
				f.UpdatedAt, f.FirstSeen, f.ChangedAt = Micros(f.UpdatedAt), Micros(f.FirstSeen), Micros(f.ChangedAt)
				list[i] = listedFile(f)
			}
			text, err := json.Marshal(list)
			if !yield(string(text), err) || err != nil {
				return
			}
		}
	}
}

// LastFiles are the entries without those that a later one takes the place of.
func LastFiles(files []File) []File {
	type key struct{ pipeline, stream, name, generation string }
	place := make(map[key]int, len(files))
	var last []File
	for _, f := range files {
		k := key{f.Pipeline, f.Stream, f.Name, f.Generation}
		if i, ok := place[k]; ok {
			last[i] = f
			continue
		}
		place[k] = len(last)
		last = append(last, f)
	}
	return last
}
