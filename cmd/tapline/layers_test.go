package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers says which packages of tapline each may import: data goes one way.
// A name that ends in /* stands for every package below it.
var layers = map[string][]string{
	"config":                  {},
	"sql":                     {},
	"objstore":                {},
	"objstore/objstoretest":   {"objstore"},
	"objstore/buckettest":     {},
	"objstore/gcstest":        {"objstore/buckettest"},
	"objstore/s3test":         {"objstore/buckettest"},
	"alerts":                  {},
	"exporter":                {},
	"exporter/exportertest":   {"exporter"},
	"exporter/format":         {"exporter"},
	"exporter/format/*":       {"exporter", "exporter/format"},
	"exporter/format/unpack":  {"exporter", "exporter/format", "exporter/format/unpack/inflate"},
	"exporter/*":              {"exporter", "exporter/format", "exporter/format/*", "objstore", "config"},
	"warehouse":               {},
	"warehouse/*":             {"warehouse", "sql", "config"},
	"warehouse/parts":         {},
	"warehouse/postgres":      {"warehouse", "warehouse/parts", "sql", "config"},
	"warehouse/warehousetest": {"warehouse", "loader/parquet"},
	"loader":                  {"exporter", "warehouse", "objstore", "loader/parquet"},
	"loader/parquet":          {},
	"reverse":                 {"warehouse"},
	"schedule":                {"loader"},
	"cmd/*":                   {"*"},
}

// testOnly may be imported by any test, and by the demo.
var testOnly = []string{"exporter/exportertest", "warehouse/warehousetest", "objstore/objstoretest", "loader/parquet", "exporter/format", "exporter/format/unpack"}

// everywhere may be imported by every package: the data format.
var everywhere = []string{"github.com/apache/arrow/go/v15"}

// pure packages import the standard library and arrow only.
var pure = []string{"exporter", "warehouse"}

// A source file's imports, as the tests see them.
type importing struct {
	file, dir string
	test      bool
	paths     []string
}

func TestLayers(t *testing.T) {
	for _, f := range imports(t) {
		allowed, known := layerOf(f.dir)
		if !known {
			t.Errorf("%s: the folder %s is not in the list of layers", f.file, f.dir)
			continue
		}
		for _, path := range f.paths {
			to, own := strings.CutPrefix(path, "tapline/")
			switch {
			case !own || to == f.dir || within(to, allowed):
			case f.test && (slices.Contains(testOnly, to) || strings.HasSuffix(to, "test")):
			case strings.HasSuffix(f.dir, "test") && strings.HasPrefix(f.dir, to):
			case f.test && strings.HasPrefix(f.dir, "warehouse/") && to == "objstore":
			default:
				t.Errorf("%s imports %s: a new arrow between layers", f.file, path)
			}
		}
	}
}

func TestContractsImportLittle(t *testing.T) {
	for _, f := range imports(t) {
		if !slices.Contains(pure, f.dir) || f.test {
			continue
		}
		for _, path := range f.paths {
			if thirdParty(path) {
				t.Errorf("%s imports %s: contracts import the standard library and arrow", f.file, path)
			}
		}
	}
}

// shared are libraries that several packages may use: they are no SDK of a
// system, and nothing of theirs shows in an API.
var shared = []string{
	"github.com/klauspost/compress", "github.com/sourcegraph/conc", "golang.org/x", "github.com/google/go-cmp",
	"github.com/dustin/go-humanize", "github.com/spf13/pflag", "github.com/zeebo/xxh3", "google.golang.org/api",
}

// Fakes and suites, whose folders end in test, may speak to what they stand for.
func TestEachSDKInOnePackage(t *testing.T) {
	users := map[string]map[string]bool{}
	for _, f := range imports(t) {
		for _, path := range f.paths {
			if f.test || strings.HasSuffix(f.dir, "test") || !thirdParty(path) || slices.ContainsFunc(shared, func(s string) bool { return below(path, s) }) {
				continue
			}
			module := strings.Join(strings.SplitN(path, "/", 4)[:min(3, strings.Count(path, "/")+1)], "/")
			if users[module] == nil {
				users[module] = map[string]bool{}
			}
			users[module][f.dir] = true
		}
	}
	for module, dirs := range users {
		if len(dirs) > 1 {
			t.Errorf("%s is imported by %v: one package only", module, slices.Sorted(maps.Keys(dirs)))
		}
	}
}

// layerOf returns the packages that the folder may import. The longest entry
// that matches counts.
func layerOf(dir string) ([]string, bool) {
	if allowed, ok := layers[dir]; ok {
		return allowed, true
	}
	best := ""
	for pattern := range layers {
		if prefix, ok := strings.CutSuffix(pattern, "*"); ok && strings.HasPrefix(dir, prefix) && len(pattern) > len(best) {
			best = pattern
		}
	}
	return layers[best], best != ""
}

func within(path string, allowed []string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		prefix, wild := strings.CutSuffix(a, "*")
		return path == a || wild && strings.HasPrefix(path, prefix)
	})
}

func thirdParty(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".") && !slices.ContainsFunc(everywhere, func(s string) bool { return below(path, s) })
}

func below(path, module string) bool { return path == module || strings.HasPrefix(path, module+"/") }

// imports reads every Go file of the module, whatever its build tags.
func imports(t *testing.T) (all []importing) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || len(d.Name()) > 2 && d.Name()[0] == '.'):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		f := importing{file: filepath.ToSlash(rel), dir: filepath.ToSlash(filepath.Dir(rel)), test: strings.HasSuffix(path, "_test.go")}
		for _, spec := range file.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f.paths = append(f.paths, p)
		}
		all = append(all, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d Go files found below %s", len(all), root)
	}
	return all
}
