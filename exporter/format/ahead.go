package format

import "github.com/sourcegraph/conc"

// What is read ahead of a Stream: blocks of bytes.
const (
	aheadBlock  = 256 << 10
	aheadBlocks = 3
)

// An ahead is a Stream that another goroutine reads.
type ahead struct {
	Stream
	reader  conc.WaitGroup
	full    chan readBlock // closed behind the one with the error
	free    chan []byte
	stop    chan struct{}
	started bool
	now     readBlock // being handed out
	at      int       // in it
}

// A readBlock is what was read, and the error that ended it.
type readBlock struct {
	b   []byte
	err error
}

// Ahead returns s read by a goroutine of its own, which begins at the first Read
// and keeps less than 1 MiB ready: fetching and decompressing then go on while
// what came is made rows. Close waits for the Read of s that is under way.
func Ahead(s Stream) Stream {
	a := &ahead{Stream: s, full: make(chan readBlock), free: make(chan []byte, aheadBlocks), stop: make(chan struct{})}
	for range aheadBlocks {
		a.free <- nil
	}
	return a
}

func (a *ahead) Read(b []byte) (int, error) {
	if !a.started {
		a.started = true
		a.reader.Go(a.run)
	}
	for a.at == len(a.now.b) {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.b != nil {
			a.free <- a.now.b
		}
		next, more := <-a.full
		if !more {
			a.reader.Wait() // to panic as the goroutine did
		}
		a.now, a.at = next, 0
	}
	n := copy(b, a.now.b[a.at:])
	a.at += n
	return n, nil
}

// run reads until an error, or until it is stopped.
func (a *ahead) run() {
	defer close(a.full)
	for {
		var b []byte
		select {
		case b = <-a.free:
		case <-a.stop:
			return
		}
		if b == nil {
			b = make([]byte, aheadBlock)
		}
		next := fill(a.Stream, b[:cap(b)])
		select {
		case a.full <- next:
		case <-a.stop:
			return
		}
		if next.err != nil {
			return
		}
	}
}

// fill reads into b until it is full or reading ends.
func fill(s Stream, b []byte) readBlock {
	n := 0
	for n < len(b) {
		k, err := s.Read(b[n:])
		if n += k; err != nil {
			return readBlock{b[:n], err}
		}
	}
	return readBlock{b, nil}
}

func (a *ahead) Close() error {
	close(a.stop)
	a.reader.Wait()
	return a.Stream.Close()
}
