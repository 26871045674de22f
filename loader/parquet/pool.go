package parquet

import "sync"

// A Pool lends encoders and buffers to writers, so that neither the next record
// nor the next file allocates again what the last one needed: a few megabytes
// for each column that is encoded at the same time. The zero value is ready;
// it is safe for concurrent use and must not be copied.
type Pool struct {
	encoders [codecCount]sync.Pool
	chunks   sync.Pool
}

// keepBytes is how much one encoder or chunk may keep. A column of huge texts
// must not pin its memory for ever.
const keepBytes = 64 << 20

func (p *Pool) encoder(c codecID) *encoder {
	if e, ok := p.encoders[c.slot()].Get().(*encoder); ok {
		return e
	}
	return &encoder{codec: newCompressor(c)}
}

func (p *Pool) putEncoder(e *encoder) {
	if e.release() {
		p.encoders[e.codec.id.slot()].Put(e)
	}
}

func (p *Pool) chunk() *chunk {
	if c, ok := p.chunks.Get().(*chunk); ok {
		return c
	}
	return &chunk{}
}

func (p *Pool) putChunk(c *chunk) {
	if cap(c.bytes) <= keepBytes {
		p.chunks.Put(c)
	}
}
