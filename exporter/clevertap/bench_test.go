//go:build cgo && !noduckdb

package clevertap

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"tapline/exporter"
	"tapline/exporter/format"
	fjson "tapline/exporter/format/json"
	"tapline/loader/parquet"
)

// The pages of the benchmark: 44 of 5,000 records, about 610 bytes each, with 26 leaves.
const (
	benchPages   = 44
	benchRecords = 5000
)

var benchDay = exporter.Day{Year: 2026, Month: time.September, Day: 1}

// benchPage makes page n as the API sends it.
func benchPage(n int) []byte {
	rng := rand.New(rand.NewPCG(uint64(n), 7))
	var b bytes.Buffer
	b.WriteString(`{"status":"success","next_cursor":"abc%2F","records":[`)
	for i := range benchRecords {
		if i > 0 {
			b.WriteByte(',')
		}
		id := n*benchRecords + i
		fmt.Fprintf(&b, `{"profile":{"objectId":"__g%032x","platform":%q,"identity":"user-%d","phone":%d,"name":"Person Nr %d","email":"person%d@example.com","make":%q,"model":%q,"os_version":"1%d.%d","app_version":"6.%d.0","profileData":{"Tier":%q,"Lifetime Value":%d.%02d,"Referral":"ref-%d","City":%q}},`,
			rng.Uint64(), pick(rng, "Android", "iOS", "Web"), rng.IntN(50000), 15550100+rng.IntN(99999), id%9000, id%9000, pick(rng, "Apple", "Samsung", "Xiaomi"), pick(rng, "iPhone14,2", "SM-G991B", "Redmi 9"),
			rng.IntN(6), rng.IntN(9), rng.IntN(30), pick(rng, "gold", "silver", "none"), rng.IntN(5000), rng.IntN(100), rng.IntN(1000), pick(rng, "Pune", "München", "東京"))
		fmt.Fprintf(&b, `"ts":202609%02d%02d%02d%02d,"event_props":{"Amount":%d.%02d,"Currency":%q,"Quantity":%d,"CT Session Id":%d,"Category":%q,"Coupon":"SAVE%d","Payment mode":%q,"Charged ID":%d},"session_props":{"session_source":%q,"utm_source":"news-%d"}}`,
			1, rng.IntN(24), rng.IntN(60), rng.IntN(60), rng.IntN(900), rng.IntN(100), pick(rng, "INR", "USD"), 1+rng.IntN(9), 1790000000+rng.IntN(86400), pick(rng, "Shoes", "Bags", "Books", "Toys"), rng.IntN(40), pick(rng, "card", "upi", "cod"), id, pick(rng, "Direct", "Search", "Mail"), rng.IntN(20))
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

func pick(rng *rand.Rand, of ...string) string { return of[rng.IntN(len(of))] }

// BenchmarkPagesToParquet compares the way from JSON pages to Parquet with DuckDB's own, on two cores,
// in turn, in one run. The pages are in the page cache for both.
func BenchmarkPagesToParquet(b *testing.B) {
	dir := b.TempDir()
	var pages [][]byte
	total := 0
	for n := range benchPages {
		page := benchPage(n)
		pages, total = append(pages, page), total+len(page)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("page%02d.json", n)), page, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, set := range []string{"set threads=2", "set preserve_insertion_order=false"} {
		if _, err := db.Exec(set); err != nil {
			b.Fatal(err)
		}
	}
	var ours, theirs time.Duration
	s, pool := &Source{mem: format.NewPool(0), loc: time.UTC}, new(parquet.Pool)
	for b.Loop() {
		began := time.Now()
		pagesToParquet(b, s, pool, pages, dir)
		ours += time.Since(began)
		began = time.Now()
		if _, err := db.Exec(copyPages(dir)); err != nil {
			b.Fatal(err)
		}
		theirs += time.Since(began)
	}
	samePages(b, db, dir)
	b.SetBytes(int64(total))
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "of-duckdb")
	b.ReportMetric(float64(b.N)*benchPages*benchRecords/ours.Seconds(), "rows/s")
	b.ReportMetric(float64(b.N)*float64(total)/1e6/ours.Seconds(), "MB/s-of-JSON")
	b.ReportMetric(0, "ns/op")
}

// pagesToParquet decodes the pages on two goroutines, as two slices would, into
// a Parquet file each.
func pagesToParquet(b *testing.B, s *Source, pool *parquet.Pool, pages [][]byte, dir string) {
	var all sync.WaitGroup
	half := len(pages) / 2
	for i, part := range [][][]byte{pages[:half], pages[half:]} {
		all.Go(func() {
			if err := writePages(s, pool, part, filepath.Join(dir, fmt.Sprintf("ours%d.parquet", i))); err != nil {
				b.Error(err)
			}
		})
	}
	all.Wait()
}

func writePages(s *Source, pool *parquet.Pool, pages [][]byte, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	t := s.eventTable(Selection{}, exporter.Slice{Stream: exporter.Stream{Vars: map[string]string{"event": "Order Placed"}}, Day: benchDay})
	defer t.b.Release()
	w := walk{table: t}
	var pw *parquet.Writer
	for i, page := range pages {
		if _, err := w.envelope(fjson.NewScanner(page)); err != nil {
			return err
		}
		if t.b.Rows() < 100_000 && i < len(pages)-1 {
			continue
		}
		batch := t.b.Flush()
		if pw == nil {
			if pw, err = parquet.NewWriter(f, batch.Record.Schema(), parquet.Options{Pool: pool}); err != nil {
				return err
			}
		}
		err := pw.Write(batch.Record)
		batch.Record.Release()
		if err != nil {
			return err
		}
	}
	return pw.Close()
}

// benchColumns are the leaves as DuckDB's struct has them, and their names in our file.
var benchColumns = []struct{ path, typ, name string }{
	{"profile.objectId", "VARCHAR", ""}, {"profile.platform", "VARCHAR", ""}, {"profile.identity", "VARCHAR", ""}, {"profile.phone", "BIGINT", ""},
	{"profile.name", "VARCHAR", ""}, {"profile.email", "VARCHAR", ""}, {"profile.make", "VARCHAR", "deviceInfo.make"}, {"profile.model", "VARCHAR", "deviceInfo.model"},
	{"profile.os_version", "VARCHAR", "deviceInfo.osVersion"}, {"profile.app_version", "VARCHAR", "deviceInfo.appVersion"},
	{"profile.profileData.Tier", "VARCHAR", ""}, {"profile.profileData.Lifetime Value", "DOUBLE", ""}, {"profile.profileData.Referral", "VARCHAR", ""}, {"profile.profileData.City", "VARCHAR", ""},
	{"event_props.Amount", "DOUBLE", "eventProps.Amount"}, {"event_props.Currency", "VARCHAR", "eventProps.Currency"}, {"event_props.Quantity", "BIGINT", "eventProps.Quantity"},
	{"event_props.CT Session Id", "BIGINT", "eventProps.CT Session Id"}, {"event_props.Category", "VARCHAR", "eventProps.Category"}, {"event_props.Coupon", "VARCHAR", "eventProps.Coupon"},
	{"event_props.Payment mode", "VARCHAR", "eventProps.Payment mode"}, {"event_props.Charged ID", "BIGINT", "eventProps.Charged ID"},
	{"session_props.session_source", "VARCHAR", "sessionProps.session_source"}, {"session_props.utm_source", "VARCHAR", "sessionProps.utm_source"},
}

// copyPages is DuckDB's way: the same columns, with their types given, ts made a
// timestamp, and event name and day beside it.
func copyPages(dir string) string {
	group := map[string][]string{}
	var cols []string
	for _, c := range benchColumns {
		at := strings.LastIndex(c.path, ".")
		group[c.path[:at]] = append(group[c.path[:at]], fmt.Sprintf(`"%s" %s`, c.path[at+1:], c.typ))
		parts := strings.Split(c.path, ".")
		cols = append(cols, fmt.Sprintf(`r."%s" as "%s"`, strings.Join(parts, `"."`), cmpName(c.name, c.path)))
	}
	record := fmt.Sprintf("STRUCT(profile STRUCT(%s, profileData STRUCT(%s)), ts BIGINT, event_props STRUCT(%s), session_props STRUCT(%s))",
		strings.Join(group["profile"], ", "), strings.Join(group["profile.profileData"], ", "), strings.Join(group["event_props"], ", "), strings.Join(group["session_props"], ", "))
	return fmt.Sprintf(`copy (select strptime(r.ts::varchar, '%%Y%%m%%d%%H%%M%%S') as ts, date '2026-09-01' as event_date, 'Order Placed' as "eventName", %s
		from (select unnest(records) as r from read_json('%s/page*.json', format='unstructured', maximum_object_size=33554432, columns={status: 'VARCHAR', records: '%s[]'})))
		to '%s/theirs.parquet' (format parquet, compression zstd, compression_level 1)`, strings.Join(cols, ", "), dir, record, dir)
}

func cmpName(name, path string) string {
	if name == "" {
		return path
	}
	return name
}

// samePages checks that both ways gave the same rows, column by column.
func samePages(b *testing.B, db *sql.DB, dir string) {
	sums := `count(*), sum(hash(epoch_us(ts)))::varchar, sum(hash(event_date))::varchar`
	for _, c := range benchColumns {
		sums += fmt.Sprintf(`, sum(hash("%s"))::varchar`, cmpName(c.name, c.path))
	}
	read := func(files string) string {
		var n int64
		row := make([]any, 2+len(benchColumns))
		for i := range row {
			row[i] = new(string)
		}
		if err := db.QueryRow(fmt.Sprintf("select %s from read_parquet('%s/%s')", sums, dir, files)).Scan(append([]any{&n}, row...)...); err != nil {
			b.Fatal(err)
		}
		out := fmt.Sprint(n)
		for _, v := range row {
			out += " " + *v.(*string)
		}
		return out
	}
	if ours, theirs := read("ours*.parquet"), read("theirs.parquet"); ours != theirs {
		b.Errorf("the files differ:\n%s\n%s", ours, theirs)
	}
}
