package config

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestRelations(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{"select 1", ""},
		{"select a, b from T1", "t1"},
		{"select a from t1, t2 x, lateral t3 where a in (select b from t4) order by a, b", "t1 t2 t3 t4"},
		{"select * from t1 join t2 on t1.a = t2.a, t3 left join (t4 cross join t5) using (a, b)", "t1 t2 t3 t4 t5"},
		{"from t1 select a union all from t2 union from t3", "t1 t2 t3"},
		{`select * from "My View" join main."t.2" using (x) join a.b.c on true`, "c my view t.2"},
		{`select "t1" from "quo""te"`, `quo"te`},
		{"select t1 as t2, 'from t3', $$ from t4 $$, $q$ from t5 $q$ from t6 -- from t7\n /* from t8 /* from t9 */ from t10 */", "t6"},
		{"select extract(day from t1), trim(both ' ' from t2), a is distinct from t3, substring(x from 2) from t4", "t4"},
		{"with a as (select * from t1), b (x, y) as materialized (select * from a) select * from a join b using (x) join t2 using (y)", "t1 t2"},
		{"with t1 as (select * from t1) select * from t1", "t1"},
		{"with recursive a as (select 1 union all select * from a) select * from a", ""},
		{"with a as (select 1) select * from main.a", "a"},
		{"select * from read_csv('t1.csv') as t2, generate_series(1, 2), t3(4), t5", "t5"},
		{"select (select max(x) from t1) from (values (1)) v, (select * from (from t2)) w", "t1 t2"},
		{"select E'it\\'s' from t1 where b'1' = 'x' and c = 'it''s from t2'", "t1"},
		{"table t1", "t1"},
		{"pivot t1 on a using sum(b)", "t1"},
		{"select a from t1 tablesample (10 percent) limit 3", "t1"},
		{"select * from t1 as x (a, b), t2", "t1 t2"},
		{"select count(*) filter (where a > 1) over (partition by b order by c, d) from t1 window w as (order by e, f)", "t1"},
		{"from", ""}, {"select * from (", ""}, {")))", ""}, {"select * from 'x' 'no end", ""}, {`select * from "no end`, "no end"},
		{"select * from $1", ""}, {"/* no end", ""}, {"from a.", "a"},
	} {
		if have := names(c.sql, false); have != c.want {
			t.Errorf("%s: %q, want %q", c.sql, have, c.want)
		}
	}
}

func TestRelationsGoogleSQL(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{"select * from `p-1.raw.t1` join `raw`.`t2` using (a), my-project.raw.t3", "t1 t2 t3"},
		{`select "from t1", 'it\'s from t2', """from "t3" """, r'\', r"from t4" from t5 # from t6`, "t5"},
		{"select * except (a, b) replace (c as d) from t1, unnest(t1.list) as x with offset as o, t2", "t1 t2"},
		{"select * from t1 -- it's\nwhere a = '''\nfrom t2 ''' and b in (select c from t3)", "t1 t3"},
	} {
		if have := names(c.sql, true); have != c.want {
			t.Errorf("%s: %q, want %q", c.sql, have, c.want)
		}
	}
}

func names(sql string, google bool) string {
	return strings.Join(slices.Sorted(maps.Keys(relations(sql, google))), " ")
}

func TestOneSelect(t *testing.T) {
	for _, c := range []struct{ sql, want, err string }{
		{"select 1", "select 1", ""},
		{"-- all\nselect ';' ;; -- done", "-- all\nselect ';' ", ""},
		{"(select 1) union (select 2);", "(select 1) union (select 2)", ""},
		{"", "", "has no SQL"},
		{" -- nothing", "", "has no SQL"},
		{";", "", "has no SQL"},
		{"select 1; select 2", "", "holds more than one statement"},
		{"create view x as select 1", "", `starts with "create", and a view is a SELECT`},
	} {
		have, err := oneSelect(c.sql, false)
		said := ""
		if err != nil {
			said = err.Error()
		}
		if have != c.want || said != c.err {
			t.Errorf("%q: %q, %q; want %q, %q", c.sql, have, said, c.want, c.err)
		}
	}
}

func FuzzRelations(f *testing.F) {
	for _, s := range []string{"with a as (select * from b) select 'x' from a", "`a`.\"b\" $t$ /* */ -- x\n r'''", "((,from)) as (", "from a-b.c"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, google bool) {
		at := -1
		for _, token := range lexSQL(text, google) {
			if token.at <= at || token.at >= len(text) {
				t.Fatalf("token %+v after one at %d", token, at)
			}
			at = token.at
		}
		relations(text, google)
		if one, err := oneSelect(text, google); err == nil && !strings.HasPrefix(text, one) {
			t.Fatalf("%q is not the start of %q", one, text)
		}
	})
}
