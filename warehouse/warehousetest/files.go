package warehousetest

import (
	"cmp"
	"fmt"
	"slices"

	gocmp "github.com/google/go-cmp/cmp"

	"tapline/warehouse"
)

// testFiles writes entries anew and in place of others, of two pipelines.
func testFiles(e *env) {
	f := e.Warehouse.(warehouse.Files)
	if got := e.files(f, ""); len(got) > 0 {
		e.Fatalf("a new warehouse has %d files", len(got))
	}
	file := func(name, generation string, state warehouse.FileState) warehouse.File {
		return warehouse.File{
			Pipeline: "p", Stream: `files/"*.csv'`, Name: name, Generation: generation, Size: 12, Checksum: "crc32c:00ff",
			UpdatedAt: at(1), FirstSeen: at(2), State: state, ChangedAt: at(3),
		}
	}
	odd := file("it's \\ \"odd\"\n/größe {}.csv", "1#2", warehouse.FileIgnored)
	odd.Reason, odd.LoadedBy, odd.Load = "is 'empty'", "run-1", "load"
	other := file("a.csv", "1", warehouse.FileLoaded)
	other.Pipeline = "q"
	first := []warehouse.File{file("a.csv", "1", warehouse.FileSettling), odd, other}
	e.must(f.PutFiles(e.ctx, first))
	e.sameFiles(e.files(f, ""), first)

	second := []warehouse.File{file("a.csv", "1", warehouse.FileReplaced), file("a.csv", "2", warehouse.FileLoaded)}
	for range 2 { // the same once more changes nothing
		e.must(f.PutFiles(e.ctx, append([]warehouse.File{file("a.csv", "2", warehouse.FileLoading)}, second...))) // the last one counts
		e.sameFiles(e.files(f, "p"), append(second, odd))
	}
	e.sameFiles(e.files(f, "q"), []warehouse.File{other})
	e.sameFiles(e.files(e.Reopen(e.T).(warehouse.Files), ""), append(second, odd, other))
	e.must(f.PutFiles(e.ctx, nil))

	var many []warehouse.File
	for i := range 6_000 {
		many = append(many, file(fmt.Sprintf("many/%d.csv", i), "1", warehouse.FileSettled))
	}
	e.must(f.PutFiles(e.ctx, many))
	e.sameFiles(e.files(f, "p"), append(append(many, second...), odd))
}

func (e *env) files(f warehouse.Files, pipeline string) []warehouse.File {
	e.Helper()
	var all []warehouse.File
	for x, err := range f.Files(e.ctx, pipeline) {
		e.must(err)
		all = append(all, x)
	}
	return all
}

func (e *env) sameFiles(have, want []warehouse.File) {
	e.Helper()
	order := func(a, b warehouse.File) int {
		return cmp.Or(cmp.Compare(a.Pipeline, b.Pipeline), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Generation, b.Generation))
	}
	have, want = slices.SortedFunc(slices.Values(have), order), slices.SortedFunc(slices.Values(want), order)
	if d := gocmp.Diff(want, have); d != "" {
		e.Fatalf("files differ (- want, + have):\n%s", d)
	}
}

func (e *env) must(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}
