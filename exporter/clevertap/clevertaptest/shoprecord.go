package clevertaptest

import (
	"strconv"
	"time"

	"tapline/exporter"
)

var (
	firstNames = []string{"Asha", "Zoë", "José", "Priya", "Müller", "Noor", "Ivan", "Lucía", "Ravi", "Chloé", "Wei", "Ömer"}
	lastNames  = []string{"Iyer", "O'Brien", "Núñez", "Patel", "Schmidt", "Khan", "Petrov", "García", "Rao", "Dupont", "Chen", "Yılmaz"}
	makers     = [...][4]string{ // platform, make, model, os_version
		{"Android", "Samsung", "SM-G991B", "14"}, {"iOS", "Apple", "iPhone14,2", "17.1"},
		{"Web", "Chrome", "Desktop", "129"}, {"Android", "Xiaomi", "M2101K6G", "13"}, {"iOS", "Apple", "iPad13,4", "16.7"},
	}
	tiers    = []string{"gold", "silver", "bronze"}
	products = []string{"Trail Shoe", `Cafeti\u00e8re \"Été\"`, "Jean délavé", "Yoga mat 🧘", "Kettle 1.7 l", `A\/B cable`, "Tee, red"}
	sources  = []string{"Direct", "Google", "Newsletter", "Réseau social"}
)

// Append appends record i of the event's day; i >= Len makes a late one.
func (s *Shop) Append(b []byte, event string, day exporter.Day, i int, v View) []byte {
	e := s.event(event)
	r := s.record(e, day, i)
	b = append(b, `{"profile":{`...)
	b = r.profile(b, v, s.First)
	b = append(b, `},"ts":`...)
	b = r.ts(b)
	b = append(b, `,"event_props":{"CT Session Id":`...)
	b = strconv.AppendInt(b, r.at-int64(r.h%900), 10)
	b = append(b, `,"Campaign id":`...)
	if i%2 == 0 {
		b = append(b, '"')
		b = strconv.AppendUint(b, 1524576510+r.h%40, 10)
		b = append(b, '"')
	} else {
		b = strconv.AppendUint(b, 1644841452+r.h%40, 10)
	}
	switch e {
	case 0:
		b = r.launched(b)
	case 1:
		b = r.viewed(b)
	case 2:
		b = r.ordered(b)
	case 3:
		b = r.charged(b)
	default:
		b = r.pushed(b)
	}
	b = append(b, '}')
	if i%4 != 3 {
		b = append(b, `,"session_props":{"session_source":"`...)
		b = append(b, sources[r.h>>4%4]...)
		b = append(b, '"')
		if i%8 == 0 {
			b = append(b, `,"utm_source":"spring mail","utm_campaign":"été 26"`...)
		}
		b = append(b, '}')
	} else if i%8 == 3 {
		b = append(b, `,"session_props":{}`...)
	}
	return append(b, '}')
}

func (r record) ts(b []byte) []byte {
	switch r.odd {
	case garbageTS:
		return append(b, `"0000-00-00"`...)
	case epochTS:
		return strconv.AppendInt(b, r.at, 10)
	}
	y, m, d := time.Unix(r.wall, 0).UTC().Date()
	clock := r.wall % 86400
	n := int64(y)*10000 + int64(m)*100 + int64(d)
	return strconv.AppendInt(b, n*1000000+clock/3600*10000+clock/60%60*100+clock%60, 10)
}

func (r record) profile(b []byte, v View, first exporter.Day) []byte {
	d := makers[r.dev]
	b = append(b, `"objectId":"`...)
	b = append(b, objectID(r.user, r.dev)...)
	b = append(b, `","platform":"`...)
	b = append(b, d[0]...)
	b = append(b, '"')
	if v.App {
		for i, k := range [...]string{`,"make":"`, `","model":"`, `","os_version":"`} {
			b = append(append(b, k...), d[i+1]...)
		}
		b = append(b, `","app_version":"6.`...)
		b = strconv.AppendUint(b, r.h>>9%4, 10)
		b = append(b, `.0","df":{"0":68,"1":136,"2":320}`...)
	}
	if r.dev%3 == 0 {
		b = append(b, `,"push_token":"tok:`...)
		b = strconv.AppendUint(b, mix(r.user^77), 36)
		b = append(b, '"')
	}
	if anonymous(r.user) {
		return b
	}
	b = appendIdentity(b, r.user)
	if v.Events {
		b = append(b, `,"events":{"App Launched":{"count":12,"first_seen":1780000000,"last_seen":1790000000}}`...)
	}
	if v.Profile {
		b = r.profileData(b, v, first)
	}
	return b
}

// objectID is that of a user's device.
func objectID(user, dev uint64) string {
	return [...]string{"__g", "-", "w"}[dev%3] + strconv.FormatUint(mix(user*8+dev)>>16, 16)
}

// appendIdentity appends who a user is that signed in.
func appendIdentity(b []byte, user uint64) []byte {
	id, phone := 100000+user, 919800000000+user*37
	b = append(b, `,"identity":"`...)
	b = strconv.AppendUint(b, id, 10)
	b = append(b, `","all_identities":["`...)
	b = strconv.AppendUint(b, id, 10)
	b = append(b, `","user`...)
	b = strconv.AppendUint(b, id, 10)
	b = append(b, `@example.com","`...)
	b = strconv.AppendUint(b, phone, 10)
	b = append(b, `"],"name":"`...)
	b = append(b, firstNames[user%12]...)
	b = append(b, ' ')
	b = append(b, lastNames[user/12%12]...)
	b = append(b, `","email":"user`...)
	b = strconv.AppendUint(b, id, 10)
	b = append(b, `@example.com","phone":`...)
	return strconv.AppendUint(b, phone, 10)
}

// profileData shows the user as of now: points grow by the day.
func (r record) profileData(b []byte, v View, first exporter.Day) []byte {
	age := max(0, int64(exporter.DayOf(v.Now).Epoch()-first.Epoch()))
	b = append(b, `,"profileData":{"Tier":"`...)
	b = append(b, tiers[(r.user+uint64(age))%3]...)
	b = append(b, `","Points":`...)
	b = strconv.AppendInt(b, int64(r.user%500)+age*3, 10)
	b = append(b, `,"Joined":"$D_`...)
	b = strconv.AppendUint(b, 1700000000+r.user*86, 10)
	b = append(b, `","Newsletter":"`...)
	b = strconv.AppendBool(b, r.user%3 == 1)
	b = append(b, `","Pin code":"0`...)
	b = strconv.AppendUint(b, 56001+r.user%900, 10)
	b = append(b, `","Alt phone":"+9198`...)
	b = strconv.AppendUint(b, 10000000+r.user, 10)
	b = append(b, `","Favourite colours":["blå","red"],"Address":{"City":"Pune","Geo":{"lat":18.52,"lng":73.86}}}`...)
	return b
}

func (r record) launched(b []byte) []byte {
	b = append(b, `,"CT App Version":"6.1","CT SDK Version":40300,"CT Source":"Mobile","First session":"`...)
	b = strconv.AppendBool(b, r.h%5 == 0)
	b = append(b, '"')
	if r.i%5 == 1 {
		b = append(b, `,"ct_app_version":"6.1.0"`...)
	}
	if r.i%6 == 1 {
		b = append(b, `,"Battery":`...)
		b = append(b, [...]string{"0.5", "1", "87", "12.25"}[r.i/6%4]...)
	}
	return b
}

func (r record) viewed(b []byte) []byte {
	b = append(b, `,"Product name":"`...)
	b = append(b, products[r.h>>3%7]...)
	b = append(b, `","SKU":"00`...)
	b = strconv.AppendUint(b, 1000+r.h>>3%7, 10)
	b = append(b, `","Price":`...)
	b = money(b, r.amount()/10)
	b = append(b, `,"Category | Path":"Home|Sale","page.title":"Été","3D view":`...)
	b = strconv.AppendBool(b, r.h&16 == 0)
	b = append(b, `,"Tags":["new",`...)
	b = strconv.AppendUint(b, r.h>>7%9, 10)
	b = append(b, ']')
	if r.i%10 == 4 {
		b = append(b, `,"Rank":null`...)
	}
	return b
}

func (r record) ordered(b []byte) []byte {
	b = append(b, `,"Amount":`...)
	b = money(b, r.amount())
	b = append(b, `,"Currency":"INR","Order id":`...)
	b = strconv.AppendUint(b, 1<<53+1+r.h>>12%(1<<40), 10)
	b = append(b, `,"Delivery date":"$D_`...)
	b = strconv.AppendInt(b, r.at+48*3600, 10)
	b = append(b, `","Gift":"`...)
	b = strconv.AppendBool(b, r.i%4 == 0)
	b = append(b, `","Quantity":`...)
	b = strconv.AppendUint(b, 1+r.h>>5%5, 10)
	b = append(b, `,"Prénom":"Zoë","Contact":"+91980000`...)
	b = strconv.AppendUint(b, 1000+r.user%9000, 10)
	b = append(b, `","Shipping":{"Mode":"Air","Zone":3},"👍 rating":`...)
	b = append(b, [...]string{"4", "4.5", "5", `"n\/a"`}[r.i%4]...)
	if r.i%3 == 2 {
		b = append(b, `,"Coupon":"ÉTÉ-10%"`...)
	}
	return b
}

func (r record) charged(b []byte) []byte {
	b = append(b, `,"Amount":`...)
	b = money(b, r.amount())
	b = append(b, `,"Payment mode":"`...)
	b = append(b, [...]string{"UPI", "Card", "Cash"}[r.h>>6%3]...)
	b = append(b, `","Charged ID":`...)
	b = strconv.AppendUint(b, 70000000+r.h>>10%1000000, 10)
	b = append(b, `,"Items":[{"name":"Trail Shoe","qty":1},{"name":"Tee, red","qty":2}],"0":"first","from":"cart","ts":1790000000`...)
	b = append(b, `,"eventName":"inner","identity":"x`...)
	b = strconv.AppendUint(b, r.user, 10)
	return append(b, '"')
}

func (r record) pushed(b []byte) []byte {
	b = append(b, `,"wzrk_id":"1644841452_20260901","Delivered":`...)
	b = append(b, [...]string{"true", "false", `"true"`}[r.i%3]...)
	b = append(b, `,"Wait ms":`...)
	b = strconv.AppendUint(b, r.h>>11%5000, 10)
	return b
}

// money writes hundredths as vendors do: whole amounts without a point.
func money(b []byte, v int64) []byte {
	b = strconv.AppendInt(b, v/100, 10)
	if c := v % 100; c != 0 {
		b = append(b, '.', byte('0'+c/10))
		if c%10 != 0 {
			b = append(b, byte('0'+c%10))
		}
	}
	return b
}
