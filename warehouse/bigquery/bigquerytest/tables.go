//go:build cgo && !noduckdb

package bigquerytest

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// clone copies a resource, so that a change does not reach those who have it.
func clone[T any](v *T) (*T, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	out := new(T)
	return out, json.Unmarshal(b, out)
}

// patched is a resource after a JSON merge patch: what the patch names is
// replaced, null removes it. Labels are merged key by key.
func patched[T any](v *T, patch []byte) (*T, error) {
	var change map[string]any
	if err := decode(patch, &change); err != nil {
		return nil, err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var have map[string]any
	if err := json.Unmarshal(b, &have); err != nil {
		return nil, err
	}
	if b, err = json.Marshal(merge(have, change)); err != nil {
		return nil, err
	}
	out := new(T)
	return out, decode(b, out)
}

func merge(have, change map[string]any) map[string]any {
	if have == nil {
		have = map[string]any{}
	}
	for k, v := range change {
		sub, isMap := v.(map[string]any)
		switch old, _ := have[k].(map[string]any); {
		case v == nil:
			delete(have, k)
		case isMap:
			have[k] = merge(old, sub)
		default:
			have[k] = v
		}
	}
	return have
}

func (s *Server) listDatasets(*request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := &bq.DatasetList{Kind: "bigquery#datasetList"}
	for _, d := range s.datasets {
		list.Datasets = append(list.Datasets, &bq.DatasetListDatasets{
			Kind: "bigquery#dataset", Id: d.meta.Id, DatasetReference: d.meta.DatasetReference, Location: d.meta.Location, Labels: d.meta.Labels,
		})
	}
	slices.SortFunc(list.Datasets, func(a, b *bq.DatasetListDatasets) int { return strings.Compare(a.Id, b.Id) })
	return list, nil
}

func (s *Server) insertDataset(r *request) (any, error) {
	d := new(bq.Dataset)
	if err := decode(r.body, d); err != nil {
		return nil, err
	}
	if err := s.createDataset(r.Context(), d); err != nil {
		return nil, err
	}
	return d, nil
}

func (s *Server) getDataset(r *request) (any, error) { return s.dataset(r.PathValue("dataset")) }

func (s *Server) patchDataset(r *request) (any, error) {
	have, err := s.dataset(r.PathValue("dataset"))
	if err != nil {
		return nil, err
	}
	m, err := patched(have, r.body)
	if err != nil {
		return nil, err
	}
	if err := checkLabels(m.Labels); err != nil {
		return nil, err
	}
	m.DatasetReference, m.Location, m.Etag = have.DatasetReference, have.Location, s.name("ds")
	m.LastModifiedTime = s.opt.Now().UnixMilli()
	s.mu.Lock()
	defer s.mu.Unlock()
	if want := r.Header.Get("If-Match"); want != "" && want != have.Etag {
		return nil, stale()
	}
	if d, ok := s.datasets[m.DatasetReference.DatasetId]; ok {
		d.meta = m
	}
	return m, nil
}

func stale() error {
	return refuse(http.StatusPreconditionFailed, "conditionNotMet", "Precondition check failed.")
}

func (s *Server) deleteDataset(r *request) (any, error) {
	id := r.PathValue("dataset")
	if _, err := s.dataset(id); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.datasets[id].tables) > 0 && r.URL.Query().Get("deleteContents") != "true" {
		return nil, refuse(http.StatusBadRequest, "resourceInUse", "Dataset %s:%s is still in use", s.opt.Project, id)
	}
	delete(s.datasets, id)
	_, err := s.db.ExecContext(r.Context(), "DROP SCHEMA "+schemaName(id)+" CASCADE")
	return nil, err
}

// ref is the table that a request's path names.
func (s *Server) ref(r *request) *bq.TableReference {
	return &bq.TableReference{ProjectId: s.opt.Project, DatasetId: r.PathValue("dataset"), TableId: r.PathValue("table")}
}

func (s *Server) listTables(r *request) (any, error) {
	if _, err := s.dataset(r.PathValue("dataset")); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*bq.TableListTables, 0)
	for _, t := range s.datasets[r.PathValue("dataset")].tables {
		m := t.meta
		if m.ExpirationTime != 0 && m.ExpirationTime <= s.opt.Now().UnixMilli() {
			continue
		}
		all = append(all, &bq.TableListTables{
			Kind: "bigquery#table", Id: m.Id, TableReference: m.TableReference, Type: m.Type, Labels: m.Labels,
			CreationTime: m.CreationTime, ExpirationTime: m.ExpirationTime, TimePartitioning: m.TimePartitioning, Clustering: m.Clustering,
		})
	}
	slices.SortFunc(all, func(a, b *bq.TableListTables) int { return cmp.Compare(a.Id, b.Id) })
	total := len(all)
	from, to, next, err := window(r, total, 50)
	if err != nil {
		return nil, err
	}
	return &bq.TableList{Kind: "bigquery#tableList", Tables: all[from:to], TotalItems: int64(total), NextPageToken: next}, nil
}

// window is the part of a list that a request asks for.
func window(r *request, total, size int) (from, to int, next string, err error) {
	q := r.URL.Query()
	if m := q.Get("maxResults"); m != "" {
		if size, err = strconv.Atoi(m); err != nil || size < 0 {
			return 0, 0, "", invalid("Invalid value for maxResults: %s", m)
		}
	}
	if p := q.Get("pageToken"); p != "" {
		if from, err = strconv.Atoi(p); err != nil || from < 0 {
			return 0, 0, "", invalid("Invalid page token %s", p)
		}
	}
	from = min(from, total)
	to = min(from+size, total)
	if to < total {
		next = strconv.Itoa(to)
	}
	return from, to, next, nil
}

func prepareTable(r *request) error {
	m := new(bq.Table)
	if err := decode(r.body, m); err != nil {
		return err
	}
	if m.TableReference == nil {
		return invalid("Required parameter is missing: tableReference")
	}
	r.call.Table = r.PathValue("dataset") + "." + m.TableReference.TableId
	return nil
}

func (s *Server) insertTable(r *request) (any, error) {
	m := new(bq.Table)
	if err := decode(r.body, m); err != nil {
		return nil, err
	}
	m.TableReference.ProjectId, m.TableReference.DatasetId = s.opt.Project, r.PathValue("dataset")
	if err := s.createTable(r.Context(), r, m, "", nil); err != nil {
		return nil, err
	}
	return s.getTableMeta(r.Context(), m.TableReference)
}

func (s *Server) getTable(r *request) (any, error) { return s.getTableMeta(r.Context(), s.ref(r)) }

// getTableMeta is a table's resource with its numbers of rows and bytes.
func (s *Server) getTableMeta(ctx context.Context, ref *bq.TableReference) (*bq.Table, error) {
	t, err := s.table(ref)
	if err != nil {
		return nil, err
	}
	m, err := clone(t.meta)
	if err != nil || t.isView() {
		return m, err
	}
	rows, err := s.countRows(ctx, t)
	if err != nil {
		return nil, err
	}
	n := uint64(rows)
	m.NumRows, m.NumBytes = n, rows*width(m.Schema.Fields)
	m.ForceSendFields = []string{"NumRows", "NumBytes"}
	return m, nil
}

func (s *Server) countRows(ctx context.Context, t *table) (int64, error) {
	var n int64
	err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM "+t.phys).Scan(&n)
	return n, err
}

// width is about how many bytes BigQuery would count for a row: 8 for a number
// or time, 1 for a bool, and 16 for a text of whatever length.
func width(fields []*bq.TableFieldSchema) int64 {
	var n int64
	for _, f := range fields {
		switch f.Type {
		case "RECORD":
			n += width(f.Fields)
		case "BOOLEAN":
			n++
		case "STRING", "BYTES", "JSON", "NUMERIC":
			n += 16
		case "BIGNUMERIC":
			n += 32
		default:
			n += 8
		}
	}
	return n
}

func (s *Server) patchTable(r *request) (any, error) {
	ref := s.ref(r)
	if _, err := s.locks.take(r.Context(), r, ref.DatasetId+"."+ref.TableId, held{hold: alters}); err != nil {
		return nil, err
	}
	defer s.locks.drop(r)
	t, err := s.table(ref)
	if err != nil {
		return nil, err
	}
	if want := r.Header.Get("If-Match"); want != "" && want != t.meta.Etag {
		return nil, stale()
	}
	m, err := patched(t.meta, r.body)
	if err != nil {
		return nil, err
	}
	m.TableReference, m.CreationTime, m.Type = t.meta.TableReference, t.meta.CreationTime, t.meta.Type
	if err := s.alterTable(r.Context(), t, m); err != nil {
		return nil, err
	}
	return s.getTableMeta(r.Context(), ref)
}

func (s *Server) deleteTable(r *request) (any, error) {
	ref := s.ref(r)
	if _, err := s.table(ref); err != nil {
		return nil, err
	}
	return nil, s.dropTable(r.Context(), r, ref)
}
