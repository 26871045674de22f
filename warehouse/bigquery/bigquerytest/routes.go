//go:build cgo && !noduckdb

package bigquerytest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// A request is one call of the API on its way through the server.
type request struct {
	*http.Request
	call  Call
	fault Fault
	body  []byte // of requests that carry JSON
	job   *submission
}

// A route is one method of the API. Prepare reads what the request is about,
// so that faults can be chosen by it; act does it.
type route struct {
	method  string // "tables.get"
	pattern string
	prepare func(*request) error // nil = the JSON body, if there is one
	act     func(*request) (any, error)
}

// maxBody bounds the JSON of a request, as the service does.
const maxBody = 10 << 20

func (s *Server) routes() http.Handler {
	const project = "/bigquery/v2/projects/{project}"
	const datasets, jobs, queries = project + "/datasets", project + "/jobs", project + "/queries"
	const dataset = datasets + "/{dataset}"
	const tables, table = dataset + "/tables", dataset + "/tables/{table}"
	mux := http.NewServeMux()
	for _, r := range []route{
		{"datasets.list", "GET " + datasets, nil, s.listDatasets},
		{"datasets.insert", "POST " + datasets, nil, s.insertDataset},
		{"datasets.get", "GET " + dataset, nil, s.getDataset},
		{"datasets.patch", "PATCH " + dataset, nil, s.patchDataset},
		{"datasets.delete", "DELETE " + dataset, nil, s.deleteDataset},
		{"tables.list", "GET " + tables, nil, s.listTables},
		{"tables.insert", "POST " + tables, prepareTable, s.insertTable},
		{"tables.get", "GET " + table, nil, s.getTable},
		{"tables.patch", "PATCH " + table, nil, s.patchTable},
		{"tables.delete", "DELETE " + table, nil, s.deleteTable},
		{"tabledata.list", "GET " + table + "/data", nil, s.listData},
		{"jobs.insert", "POST " + jobs, s.prepareJob, s.insertJob},
		{"jobs.list", "GET " + jobs, nil, s.listJobs},
		{"jobs.get", "GET " + jobs + "/{job}", s.prepareOld, s.getJob},
		{"jobs.cancel", "POST " + jobs + "/{job}/cancel", s.prepareOld, s.cancelJob},
		{"jobs.delete", "DELETE " + jobs + "/{job}/delete", s.prepareOld, s.deleteJob},
		{"jobs.query", "POST " + queries, s.prepareQuery, s.queryNow},
		{"jobs.getQueryResults", "GET " + queries + "/{job}", s.prepareOld, s.getResults},
	} {
		mux.HandleFunc(r.pattern, s.serve(r))
	}
	for _, prefix := range []string{"/upload", "/resumable/upload"} {
		mux.HandleFunc("POST "+prefix+jobs, s.serveUpload)
		mux.HandleFunc("PUT "+prefix+jobs, s.serveUpload)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			w.Header().Set("Content-Type", "application/grpc")
			w.Header().Set("Grpc-Status", "12") // UNIMPLEMENTED: the client falls back to REST
			w.Header().Set("Grpc-Message", "the Storage API is not served by bigquerytest")
			return
		}
		tell(w, refuse(http.StatusNotFound, "notFound", "%s %s is not served by bigquerytest", r.Method, r.URL.Path))
	})
	return mux
}

// serve answers one method: it reads the request, meets the fault that is due,
// and acts.
func (s *Server) serve(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, hr *http.Request) {
		r := &request{Request: hr, call: Call{Method: rt.method, Job: hr.PathValue("job")}}
		if d := hr.PathValue("dataset"); d != "" {
			r.call.Table = strings.Trim(d+"."+hr.PathValue("table"), ".")
		}
		err := s.checkProject(hr)
		if err == nil {
			r.body, err = io.ReadAll(http.MaxBytesReader(w, hr.Body, maxBody))
		}
		if err == nil && rt.prepare != nil {
			err = rt.prepare(r)
		}
		if err != nil {
			tell(w, err)
			return
		}
		s.perform(w, r, rt.act)
	}
}

// perform meets the fault that is due for a request, acts and answers.
func (s *Server) perform(w http.ResponseWriter, r *request, act func(*request) (any, error)) {
	r.fault = s.meet(r.call)
	if err := r.fault.before(r.Context()); err != nil {
		_, _ = io.Copy(io.Discard, r.Body) // a client that still sends a chunk must not send it again meanwhile
		tell(w, err)
		return
	}
	v, err := act(r)
	switch refusal := r.fault.refusal(); {
	case r.fault.Lose && refusal == nil:
		panic(http.ErrAbortHandler) // cuts the connection
	case r.fault.Lose:
		tell(w, refusal)
	case err != nil:
		tell(w, err)
	case v == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		answer(w, http.StatusOK, v)
	}
}

func (s *Server) checkProject(r *http.Request) error {
	if p := r.PathValue("project"); p != s.opt.Project {
		return notFound("Project %s", p)
	}
	return nil
}

// decode reads a JSON body.
func decode(body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		return refuse(http.StatusBadRequest, "parseError", "Invalid JSON payload received: %v", err)
	}
	return nil
}
