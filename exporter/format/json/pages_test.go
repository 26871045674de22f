package json

import (
	stdjson "encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tapline/exporter/format"
)

// page makes a page of n event records in the shape of CleverTap's events API:
// 26 leaves and about 610 bytes a record, some keys absent now and then.
func page(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	var b strings.Builder
	b.WriteString(`{"status":"success","next_cursor":"ZyZjfwYEAgdjYmZyKz8NegYFAwxmamF%2FZ21meU4BBQFlYmN7ZG5ifAYFTQQrai57K2ouegJMABl6","records":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"profile":{"objectId":"__g%032x","platform":"%s","identity":"%d","email":"user%d@example.com","name":"%s","phone":9198%08d,"os_version":"%d.%d","app_version":"4.2.%d","make":"%s","model":"SM-G%d","df":%d,`,
			r.Uint64(), pick("Android", "iOS", "Web"), r.IntN(1e7), r.IntN(1e7), pick("Asha Rao", "Иван Петров", "Jo Smith", "李雷", "Maria del Carmen"),
			r.IntN(1e8), 8+r.IntN(6), r.IntN(3), r.IntN(40), pick("Samsung", "Apple", "Xiaomi"), 900+r.IntN(90), r.IntN(400))
		fmt.Fprintf(&b, `"profileData":{"Customer Type":"%s","Plan":"%s","Signup":"$D_%d"`, pick("Gold", "Silver", "New"), pick("free", "pro"), 1500000000+r.IntN(1e8))
		if r.IntN(3) > 0 {
			fmt.Fprintf(&b, `,"Score":%d.%02d`, r.IntN(1000), r.IntN(100))
		}
		fmt.Fprintf(&b, `}},"ts":202609%02d%02d%02d%02d,"event_props":{"Amount":%d.%02d,"Quantity":%d,"Category":"%s"`,
			1+r.IntN(30), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(5000), r.IntN(100), 1+r.IntN(9), pick("Shoes", "Books, used", "Électronique"))
		if r.IntN(2) > 0 {
			fmt.Fprintf(&b, `,"Coupon":"%s"`, pick("SAVE10", "FESTIVE \\\"20\\\"", "none"))
		}
		fmt.Fprintf(&b, `,"Order Id":"OD%010d","First":%v`, r.IntN(1e9), r.IntN(2) == 0)
		fmt.Fprintf(&b, `},"session_props":{"session_source":"%s","session_referrer":"https://www.example.com/in/%d","utm_source":"%s","session_lead":%d}}`,
			pick("Direct", "Google"), r.IntN(1e6), pick("google", "newsletter"), r.IntN(1e5))
	}
	b.WriteString("]}")
	return []byte(b.String())
}

// eventNode lays those records out.
func eventNode() Node {
	return Node{Fields: []Field{
		{"profile", Node{Rest: "profile.", Fields: []Field{
			{"profileData", Node{Rest: "profile.", Dates: true}},
		}}},
		{"ts", Node{Column: "ts"}},
		{"event_props", Node{Rest: "eventProps.", Dates: true}},
		{"session_props", Node{Rest: "sessionProps."}},
	}}
}

// readPage reads a page as a source does.
func readPage(d *Decoder, doc []byte) error {
	s := NewScanner(doc)
	err := s.Object(func(key []byte) error {
		if string(key) == "records" {
			return d.Records(s, nil)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Done()
}

func BenchmarkDecoder(b *testing.B) {
	doc := page(1, 5000)
	pool := format.NewPool(0)
	builder := format.NewBuilder(pool)
	d := NewDecoder(builder, eventNode(), Options{})
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	cpu := cpuTime(b)
	for b.Loop() {
		if err := readPage(d, doc); err != nil {
			b.Fatal(err)
		}
		if builder.Read() >= 120000 {
			recycle(builder)
		}
	}
	cpu = cpuTime(b) - cpu
	b.ReportMetric(float64(b.N)*float64(len(doc))/1e6/cpu.Seconds(), "MB/cpu-s")
}

func recycle(b *format.Builder) {
	batch := b.Flush()
	if batch.Record != nil {
		batch.Record.Release()
	}

}

// BenchmarkEncodingJSON is the yardstick: the same pages into Go structs.
func BenchmarkEncodingJSON(b *testing.B) {
	type record struct {
		Profile struct {
			ObjectID    string `json:"objectId"`
			Platform    string `json:"platform"`
			Identity    string `json:"identity"`
			Email       string `json:"email"`
			Name        string `json:"name"`
			Phone       int64  `json:"phone"`
			OSVersion   string `json:"os_version"`
			AppVersion  string `json:"app_version"`
			Make        string `json:"make"`
			Model       string `json:"model"`
			DF          int    `json:"df"`
			ProfileData struct {
				CustomerType string   `json:"Customer Type"`
				Plan         string   `json:"Plan"`
				Signup       string   `json:"Signup"`
				Score        *float64 `json:"Score"`
			} `json:"profileData"`
		} `json:"profile"`
		TS    int64 `json:"ts"`
		Event struct {
			Amount   float64 `json:"Amount"`
			Quantity int64   `json:"Quantity"`
			Category string  `json:"Category"`
			Coupon   *string `json:"Coupon"`
			OrderID  string  `json:"Order Id"`
			First    bool    `json:"First"`
		} `json:"event_props"`
		Session struct {
			Source   string `json:"session_source"`
			Referrer string `json:"session_referrer"`
			UTM      string `json:"utm_source"`
			Lead     int64  `json:"session_lead"`
		} `json:"session_props"`
	}
	doc := page(1, 5000)
	b.SetBytes(int64(len(doc)))
	cpu := cpuTime(b)
	for b.Loop() {
		var p struct{ Records []record }
		if err := stdjson.Unmarshal(doc, &p); err != nil {
			b.Fatal(err)
		}
	}
	cpu = cpuTime(b) - cpu
	b.ReportMetric(float64(b.N)*float64(len(doc))/1e6/cpu.Seconds(), "MB/cpu-s")
}
