package parquet

import (
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
)

// A finished column, or why there is none.
type finished struct {
	chunk *chunk
	err   error
}

// encodeAtOnce encodes the columns of a row group on several goroutines and
// writes them in order as they come. What is done early waits in memory: at
// most the compressed row group, which is a fraction of the record itself.
func (w *Writer) encodeAtOnce(rec arrow.Record) {
	var (
		mu    sync.Mutex
		ready = sync.NewCond(&mu)
		next  int
		done  = make([]finished, len(w.columns))
		wg    sync.WaitGroup
	)
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1
	}
	deliver := func(i int, f finished) {
		mu.Lock()
		defer mu.Unlock()
		done[i] = f
		ready.Signal()
	}
	await := func(i int) finished {
		mu.Lock()
		defer mu.Unlock()
		for done[i].chunk == nil {
			ready.Wait()
		}
		return done[i]
	}
	for range w.parallel {
		wg.Go(func() {
			enc := w.pool.encoder(w.codec)
			defer w.pool.putEncoder(enc)
			for i := take(); i < len(w.columns); i = take() {
				out := w.pool.chunk()
				deliver(i, finished{out, enc.encode(out, w.columns[i].kind, rec.Column(i))})
			}
		})
	}
	// After an error the columns are still awaited, so that their memory goes
	// back to the pool.
	for i := range w.columns {
		f := await(i)
		if w.err == nil {
			w.emit(i, f.chunk, f.err)
		}
		w.pool.putChunk(f.chunk)
	}
	wg.Wait()
}
