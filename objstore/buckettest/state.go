// Package buckettest holds buckets in memory for servers that speak a protocol
// over them, gcstest and s3test: objects with generations, and faults as data.
// It speaks no protocol itself.
package buckettest

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"slices"
	"strings"
	"sync"
	"time"
)

// Errors of a State.
var (
	ErrNoBucket     = errors.New("no such bucket")
	ErrNoObject     = errors.New("no such object")
	ErrPrecondition = errors.New("precondition failed")
)

// An Object is one generation of an object. It is never changed: a write makes
// another one.
type Object struct {
	Name       string
	Content    []byte
	Generation int64 // grows with each write of the state
	Created    time.Time
	Metadata   map[string]string
	// Encoding is the Content-Encoding the object was stored with.
	Encoding string
	// ETag, without quotes, is the MD5 of the content unless the writer says
	// otherwise.
	ETag   string
	CRC32C uint32
}

// A Condition decides whether a write or removal may happen; old is nil where
// there is no such object. A nil Condition always holds.
type Condition func(old *Object) bool

// A State is a set of buckets. Make it with NewState. It is safe for concurrent use.
type State struct {
	now func() time.Time

	mu         sync.Mutex
	buckets    map[string]*bucket
	generation int64
}

type bucket struct {
	objects map[string]*Object
	names   []string // of objects, in order when sorted
	sorted  bool
}

// NewState returns a state without buckets. A nil now is time.Now.
func NewState(now func() time.Time) *State {
	if now == nil {
		now = time.Now
	}
	return &State{now: now, buckets: map[string]*bucket{}, generation: 1_700_000_000_000_000}
}

// CreateBucket makes a bucket; one that exists stays as it is.
func (s *State) CreateBucket(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] == nil {
		s.buckets[name] = &bucket{objects: map[string]*Object{}}
	}
}

// HasBucket reports whether there is such a bucket.
func (s *State) HasBucket(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buckets[name] != nil
}

// Put stores o in the bucket, which is made when it does not exist, whatever
// was there before. Generation, CRC32C and, where empty, Created and ETag are
// filled in.
func (s *State) Put(bucketName string, o Object) *Object {
	s.CreateBucket(bucketName)
	stored, _ := s.PutIf(bucketName, o, nil) // no condition, and the bucket is there
	return stored
}

// PutIf stores o when the condition holds. Errors: ErrNoBucket, ErrPrecondition.
func (s *State) PutIf(bucketName string, o Object, when Condition) (*Object, error) {
	o.CRC32C = crc32.Checksum(o.Content, castagnoli)
	if o.ETag == "" {
		sum := md5.Sum(o.Content)
		o.ETag = hex.EncodeToString(sum[:])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return nil, ErrNoBucket
	}
	old := b.objects[o.Name]
	if when != nil && !when(old) {
		return nil, ErrPrecondition
	}
	s.generation++
	o.Generation = s.generation
	if o.Created.IsZero() {
		o.Created = s.now().UTC().Truncate(time.Millisecond)
	}
	if old == nil {
		b.sorted = b.sorted && (len(b.names) == 0 || b.names[len(b.names)-1] < o.Name)
		b.names = append(b.names, o.Name)
	}
	b.objects[o.Name] = &o
	return &o, nil
}

// Get returns the newest generation of an object. Errors: ErrNoBucket, ErrNoObject.
func (s *State) Get(bucketName, name string) (*Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return nil, ErrNoBucket
	}
	if o := b.objects[name]; o != nil {
		return o, nil
	}
	return nil, ErrNoObject
}

// Remove deletes an object when the condition holds. Errors: ErrNoBucket,
// ErrNoObject, ErrPrecondition.
func (s *State) Remove(bucketName, name string, when Condition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return ErrNoBucket
	}
	old := b.objects[name]
	if old == nil {
		return ErrNoObject
	}
	if when != nil && !when(old) {
		return ErrPrecondition
	}
	delete(b.objects, name)
	b.sort()
	if i, ok := slices.BinarySearch(b.names, name); ok {
		b.names = slices.Delete(b.names, i, i+1)
	}
	return nil
}

// List returns up to limit objects whose name starts with prefix and is greater
// than after, by name, and whether there are more. Errors: ErrNoBucket.
func (s *State) List(bucketName, prefix, after string, limit int) (page []*Object, more bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return nil, false, ErrNoBucket
	}
	b.sort()
	i, _ := slices.BinarySearch(b.names, max(prefix, after))
	for ; i < len(b.names) && strings.HasPrefix(b.names[i], prefix); i++ {
		if after != "" && b.names[i] == after {
			continue
		}
		if len(page) == limit {
			return page, true, nil
		}
		page = append(page, b.objects[b.names[i]])
	}
	return page, false, nil
}

func (b *bucket) sort() {
	if !b.sorted {
		slices.Sort(b.names)
		b.sorted = true
	}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
