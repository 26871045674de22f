//go:build !noduckdb && cgo

package main

import (
	"bytes"
	"compress/gzip"
	stdsql "database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // what others do to a database file
	"github.com/rogpeppe/go-internal/testscript"

	"tapline/exporter"
	"tapline/exporter/clevertap/clevertaptest"
	"tapline/objstore/buckettest"
	"tapline/objstore/gcstest"
	"tapline/objstore/s3test"
	"tapline/warehouse/bigquery/bigquerytest"
	"tapline/warehouse/postgres/pgtest"
)

// TestMain lets the test binary be tapline for the scripts.
func TestMain(m *testing.M) {
	testscript.Main(tidy{m}, map[string]func(){"tapline": main})
}

// tidy removes what was built for the tests, and their PostgreSQL, when they
// are over.
type tidy struct{ *testing.M }

func (m tidy) Run() int {
	defer func() { _ = os.RemoveAll(builtDir()) }()
	return pgtest.Main(m.M)
}

// TestScripts runs testdata/script/*.txtar: tapline as child processes, against
// a small account that lives in this process. A script finds in its folder
// testdata/shop.yaml as tapline.yaml, unless it brings one.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"account": account,
			"late":    late,
			"asked":   asked,
			"sql":     execSQL,
			"hold":    hold,
			"bucket":  bucketCommand,
			"age":     age,
			"cutgzip": cutGzip,
			"psql":    psql,
		},
	})
}

// shop is the account's data: three days of some 1,900 events.
func shop() *clevertaptest.Shop {
	return &clevertaptest.Shop{Seed: 1, First: exporter.Day{Year: 2026, Month: time.September, Day: 1}, Days: 3, Rows: 620}
}

type serverKey struct{}

type cloudsKey struct{}

func setup(env *testscript.Env) error {
	server := clevertaptest.New(clevertaptest.Options{Data: shop()})
	if err := server.Start("127.0.0.1:0"); err != nil {
		return err
	}
	env.Defer(func() { _ = server.Close() })
	env.Values[serverKey{}] = server
	clouds := map[string]*buckettest.Server{
		"gs": gcstest.New(gcstest.Options{}, "drops"), "s3": s3test.New(s3test.Options{AccessKeyID: "reader-of-drops"}, "drops"),
	}
	env.Values[cloudsKey{}] = clouds
	for name, cloud := range clouds {
		if err := cloud.Start("127.0.0.1:0"); err != nil {
			return err
		}
		env.Defer(func() { _ = cloud.Close() })
		env.Setenv(strings.ToUpper(name)+"_URL", cloud.URL)
	}
	// A binary without the race detector, for what would take minutes with it.
	plain, err := faultsBinary()
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"PLAIN": plain, "AWS_EC2_METADATA_DISABLED": "true",
		"CT_URL": server.URL, "CT_ACCOUNT_ID": clevertaptest.DefaultAccountID, "CT_PASSCODE": clevertaptest.DefaultPasscode,
		"TZ": "UTC", "NO_COLOR": "1",
		"GORACE": "atexit_sleep_ms=10", // a second, if nothing is said, at each exit
	} {
		env.Setenv(name, value)
	}
	path := filepath.Join(env.WorkDir, "tapline.yaml")
	if content, err := os.ReadFile(path); err == nil {
		return serveWarehouses(env, string(content), clouds["gs"].URL)
	}
	content, err := os.ReadFile(filepath.Join("testdata", "shop.yaml"))
	if err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o600)
}

// serveWarehouses starts the warehouses on other machines that a configuration
// speaks of. BigQuery reads objects of the storage.
func serveWarehouses(env *testscript.Env, config, storage string) error {
	if strings.Contains(config, "PG_URL") {
		env.Setenv("PG_URL", pgtest.NewDatabase(env.T().(testing.TB)))
	}
	if !strings.Contains(config, "BQ_URL") {
		return nil
	}
	bq, err := bigquerytest.Start(bigquerytest.Options{Storage: storage})
	if err != nil {
		return err
	}
	env.Defer(func() { _ = bq.Close() })
	env.Setenv("BQ_URL", bq.URL)
	return nil
}

// account changes how the account behaves from now on: "account refuses" its
// credentials, "account fails N" answers the next N openings of Charged with
// an error that is final, "account flaky" answers one request in five wrongly,
// "account hangs" lets every request wait for long.
func account(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: account refuses|withholds|fails|flaky|hangs")
	}
	server := ts.Value(serverKey{}).(*clevertaptest.Server)
	switch args[0] {
	case "refuses": // everything, or a path
		match := clevertaptest.Any
		if len(args) > 1 {
			match = func(r clevertaptest.Request) bool { return r.Path == args[1] }
		}
		server.Fail(match, -1, clevertaptest.Fault{Kind: clevertaptest.Refused})
	case "withholds":
		server.Fail(clevertaptest.Opening(args[1]), -1,
			clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 400, Text: `{"status":"fail","error":"Export not allowed for this event","code":400}`})
	case "fails":
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		server.Fail(clevertaptest.Opening(clevertaptest.Charged), n,
			clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 400, Text: `{"status":"fail","error":"no such thing"}`})
	case "flaky":
		server.SetFaults(clevertaptest.Faults{Rate: 5, Seed: 7, Kinds: []clevertaptest.Fault{
			{Kind: clevertaptest.CutBody}, {Kind: clevertaptest.HTML}, {Kind: clevertaptest.Reset}, {Kind: clevertaptest.CutJSON},
		}})
	case "hangs":
		server.Fail(clevertaptest.Any, -1, clevertaptest.Fault{Kind: clevertaptest.Slow, Delay: time.Minute})
	default:
		ts.Fatalf("account %s: unknown", args[0])
	}
}

// late adds N events that devices sent after the day was closed: late EVENT DAY N.
func late(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: late EVENT DAY N")
	}
	day, err := exporter.ParseDay(args[1])
	ts.Check(err)
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	server := ts.Value(serverKey{}).(*clevertaptest.Server)
	server.AddEvents(args[0], day, shop().Late(args[0], day, n)...)
	ts.Logf("%s", fmt.Sprintf("%d late events", n))
}

// asked waits until the account was asked N times.
func asked(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: asked N")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	server := ts.Value(serverKey{}).(*clevertaptest.Server)
	deadline := time.Now().Add(time.Minute)
	for server.Count(clevertaptest.Any) < n {
		if time.Now().After(deadline) {
			ts.Fatalf("asked %d times within a minute, want %d", server.Count(clevertaptest.Any), n)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// execSQL does to a database file what its owner might: sql FILE STATEMENT.
func execSQL(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sql FILE STATEMENT")
	}
	db, err := stdsql.Open("duckdb", ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = db.Exec(args[1])
	ts.Check(err)
	ts.Check(db.Close())
}

// psql does to the script's PostgreSQL what its owner might, and prints the rows
// of queries, "|" between values: psql STATEMENTS.
func psql(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: psql STATEMENTS")
	}
	out, err := pgtest.Psql(ts.Getenv("PG_URL"), args[0])
	ts.Check(err)
	_, err = io.WriteString(ts.Stdout(), out)
	ts.Check(err)
}

// bucketCommand changes the buckets gs://drops and s3://drops of this process:
// "bucket put gs NAME FILE" puts a file of an hour ago there, "bucket remove gs
// NAME" deletes one, "bucket flaky gs" lets one request in five go wrong.
func bucketCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: bucket put|remove|flaky gs|s3 [NAME [FILE]]")
	}
	cloud := ts.Value(cloudsKey{}).(map[string]*buckettest.Server)[args[1]]
	switch {
	case args[0] == "put" && len(args) == 4:
		cloud.Put("drops", buckettest.Object{Name: args[2], Content: []byte(ts.ReadFile(args[3])), Created: time.Now().Add(-time.Hour)})
	case args[0] == "remove" && len(args) == 3:
		ts.Check(cloud.Remove("drops", args[2], nil))
	case args[0] == "flaky":
		cloud.SetFaults(buckettest.Faults{Rate: 5, Seed: 3})
	default:
		ts.Fatalf("bucket %v: unknown", args)
	}
}

// age makes files so many hours old: age HOURS FILE...
func age(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: age HOURS FILE...")
	}
	hours, err := strconv.Atoi(args[0])
	ts.Check(err)
	at := time.Now().Add(-time.Duration(hours) * time.Hour)
	for _, f := range args[1:] {
		ts.Check(os.Chtimes(ts.MkAbs(f), at, at))
	}
}

// cutGzip packs a file and leaves the end off: cutgzip FILE TO.
func cutGzip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cutgzip FILE TO")
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(z.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes()[:b.Len()-9], 0o600))
}

// hold keeps a database file open, as a BI tool might, until the script ends.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hold FILE")
	}
	db, err := stdsql.Open("duckdb", ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(db.Ping())
	ts.Defer(func() { _ = db.Close() })
}
