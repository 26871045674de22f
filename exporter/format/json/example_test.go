package json_test

import (
	"fmt"

	"tapline/exporter"
	"tapline/exporter/format"
	"tapline/exporter/format/json"
)

func Example() {
	page := `{"records":[
		{"ts":20260929043022,"profile":{"name":"Asha"},"event_props":{"Amount":12,"When":"$D_1790670621"}},
		{"ts":20260929043023,"profile":{"name":"\ud800"},"event_props":{"Amount":12.5}}
	],"next_cursor":"abc"}`

	b := format.NewBuilder(format.NewPool(0), format.Declared{Name: "ts", Kind: exporter.Int})
	defer b.Release()
	d := json.NewDecoder(b, json.Node{Fields: []json.Field{
		{Key: "profile", Node: json.Node{Rest: "profile."}},
		{Key: "event_props", Node: json.Node{Rest: "eventProps.", Dates: true}},
	}}, json.Options{})

	before, next := b.Mark(), ""
	s := json.NewScanner([]byte(page))
	err := s.Object(func(key []byte) (err error) {
		switch string(key) {
		case "records":
			err = d.Records(s, func(i int) string { return fmt.Sprintf("page 1, record %d", i+1) })
		case "next_cursor":
			next, err = s.Text()
		}
		return err
	})
	if err == nil {
		err = s.Done()
	}
	if err != nil {
		b.Rollback(before) // nothing of this page is kept
		fmt.Println(err)
		return
	}

	batch := b.Flush()
	defer batch.Record.Release()
	for i, f := range batch.Record.Schema().Fields() {
		fmt.Printf("%s %v %v\n", f.Name, f.Type, batch.Record.Column(i))
	}
	for _, r := range batch.Rejects {
		fmt.Println(r.Row, r.Column, r.Reason, r.Place, r.Raw)
	}
	fmt.Println(batch.Rows, "rows, next", next)

	// Output:
	// ts int64 [20260929043022 20260929043023]
	// eventProps.Amount float64 [12 12.5]
	// eventProps.When timestamp[us, tz=UTC] [1790670621000000 (null)]
	// profile.name utf8 ["Asha" (null)]
	// 1 profile.name text.invalid_utf8 page 1, record 2 "\ud800"
	// 2 rows, next abc
}
