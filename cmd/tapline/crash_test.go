//go:build !noduckdb && cgo

package main

import (
	"bufio"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sourcegraph/conc/pool"

	"tapline/exporter/clevertap/clevertaptest"
)

// undisturbed returns what the tables hold after a run that nothing befell.
func (r *crashRig) undisturbed(t testing.TB) string {
	t.Helper()
	want, _ := r.rehearse(t)
	return want
}

// rehearse returns what the tables hold after a run that nothing befell, and the
// failpoints that it passed.
func (r *crashRig) rehearse(t testing.TB) (want string, points []string) {
	t.Helper()
	s := r.scene(t, sceneOptions{})
	log := filepath.Join(s.dir, "points.log")
	if code := s.run(t, []string{"TAPLINE_FAULTS=count", "TAPLINE_FAULTS_LOG=" + log}, "run"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, s.said.String())
	}
	s.mustRun(t, "verify")
	s.clean(t)
	points = passed(t, log)
	t.Logf("a run passes %d failpoints", len(points))
	return s.content(t), points
}

// passed are the failpoints that a run noted.
func passed(t testing.TB, log string) []string {
	t.Helper()
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// TestCrashEverywhere kills the binary, and makes it fail, at every operation of
// the order of writing. The next run must end with the table of an undisturbed
// one, proven from the warehouse alone, and an empty stage.
//
// A run passes hundreds of failpoints, for each of its slices the same. Of each
// kind of point some are taken, as pickOfAccount says; TAPLINE_SOAK takes them
// all.
func TestCrashEverywhere(t *testing.T) {
	r := newAccountRig(t)
	want, points := r.rehearse(t)
	kinds := byKind(points)
	for _, family := range []string{"source.batch", "stage.put.before", "stage.put.half", "stage.put.mid", "stage.put.after", "stage.remove.before", "ensure.before", "load.before", "load.after", "sql.before COMMIT", "publish.after", "history.after"} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(kinds)), func(k string) bool { return strings.HasPrefix(k, family) }) {
			t.Errorf("no run passes a failpoint %s", family)
		}
	}
	r.sweep(t, want, kinds, pickOfAccount)
}

// pickOfAccount says where to kill and where to fail among the points of a kind,
// in the order in which they are passed. The first is killed at, of those that
// come often the last too, and one in the middle fails. Left out is what
// others try or what leaves the same behind:
//   - failures of the stage are what package loader tries at every operation, and
//     a Put that is not over is the same to the caller as one that has not begun,
//     so that of parts and manifests alone every moment of it is tried;
//   - after a statement is before the next one, but for what a commit ends;
//   - failures of statements are the warehouse's own suite's;
//   - what a statement sets for its connection alone dies with it, what only
//     reads leaves nothing, and a transaction that has just begun is as if it had not.
func pickOfAccount(kind string, at []int) (kill, fail []int) {
	point, what, _ := strings.Cut(kind, " ")
	first, middle, ends := at[:1], []int{at[len(at)/2]}, at[:1]
	if len(at) > 3 {
		ends = []int{at[0], at[len(at)-1]}
	}
	switch point {
	case "stage.put.before", "stage.put.half":
		if what != "part" && what != "manifest.json" {
			return nil, nil
		}
		return first, nil
	case "stage.put.mid", "stage.remove.after":
		return first, nil
	case "history.before", "history.after":
		return first, middle
	case "sql.before":
		switch what {
		case "SET", "USE", "BEGIN":
			return nil, nil
		case "COMMIT", "INSERT":
			return ends, nil
		}
		return first, nil
	case "sql.after":
		if what == "COMMIT" {
			return ends, nil
		}
		return nil, nil
	}
	if strings.HasPrefix(point, "stage.") {
		return ends, nil
	}
	return ends, middle
}

// sweep runs once for each fault that pick names, of the points of each kind;
// TAPLINE_SOAK takes all points.
func (r *crashRig) sweep(t *testing.T, want string, kinds map[string][]int, pick func(kind string, at []int) (kill, fail []int)) {
	t.Helper()
	var faults []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		at := kinds[kind]
		kill, fail := pick(kind, at)
		if os.Getenv("TAPLINE_SOAK") != "" {
			kill, fail = at, at
		}
		for _, k := range slices.Compact(kill) {
			faults = append(faults, fmt.Sprintf("kill@%d", k))
		}
		for _, k := range fail {
			faults = append(faults, fmt.Sprintf("error@%d", k))
		}
	}
	p := pool.New().WithMaxGoroutines(2)
	for _, fault := range faults {
		p.Go(func() { r.crashAt(t, want, fault) })
	}
	p.Wait()
}

// byKind are failpoints by kind, as the numbers at which they can be told to act.
func byKind(points []string) map[string][]int {
	kinds := map[string][]int{}
	for i, p := range points {
		kinds[kindOfPoint(p)] = append(kinds[kindOfPoint(p)], i+1)
	}
	return kinds
}

// kindOfPoint is a point without what differs from slice to slice.
func kindOfPoint(p string) string {
	_, p, _ = strings.Cut(p, " ")
	point, what, _ := strings.Cut(p, " ")
	switch {
	case strings.HasPrefix(point, "sql."):
		what, _, _ = strings.Cut(what, " ")
	case strings.Contains(what, "-fit"):
		what = "shaped part"
	case strings.Contains(what, "-rejects"):
		what = "rejects"
	case strings.HasSuffix(what, ".parquet"):
		what = "part"
	case strings.HasPrefix(point, "stage."):
		what = filepath.Base(what)
	case strings.HasPrefix(point, "ensure."):
		what = ""
	default:
		what, _, _ = strings.Cut(what, " ")
		if strings.Contains(what, "/") {
			what = ""
		}
	}
	return point + " " + what
}

func (r *crashRig) crashAt(t *testing.T, want, fault string) {
	dir, err := os.MkdirTemp("", "tapline-crash")
	if err != nil {
		t.Error(err)
		return
	}
	defer os.RemoveAll(dir)
	s := r.sceneIn(t, dir, sceneOptions{})
	log := filepath.Join(dir, "points.log")
	code := s.run(t, []string{"TAPLINE_FAULTS=" + fault, "TAPLINE_FAULTS_LOG=" + log}, "run")
	reached, _ := os.ReadFile(log)
	last := string(reached[strings.LastIndex(strings.TrimSpace(string(reached)), "\n")+1:])
	if strings.HasPrefix(fault, "kill") && code != -1 && strings.HasPrefix(last, strings.TrimPrefix(fault, "kill@")+" ") {
		t.Errorf("%s: exit code %d, want a kill at %s", fault, code, last)
	}
	runs := 1
	if strings.HasPrefix(fault, "error") {
		runs = 2 // what an error left behind may be swept by the run after the next
	}
	for range runs {
		if code := s.run(t, nil, "run"); code != 0 {
			t.Errorf("%s (%s): the next run ends with %d\n%s", fault, strings.TrimSpace(last), code, s.said.String())
			return
		}
	}
	if code := s.run(t, nil, "verify"); code != 0 {
		t.Errorf("%s (%s): verify ends with %d\n%s", fault, strings.TrimSpace(last), code, s.said.String())
	}
	if got := s.content(t); got != want {
		t.Errorf("%s (%s): %s", fault, strings.TrimSpace(last), brief(want, got))
	}
	s.clean(t)
}

// TestKillLoop kills the binary from outside whenever it has come as far as a
// seeded mark, one to five times, with faults in one of five answers, and wants
// the table of an undisturbed run.
func TestKillLoop(t *testing.T) {
	r := newAccountRig(t)
	want, points := r.rehearse(t)
	marks := len(points)
	r.server.SetFaults(clevertaptest.Faults{Rate: 5, Seed: 11, Kinds: clevertaptest.Transient()})
	cycles := 6
	if soak := os.Getenv("TAPLINE_SOAK"); soak != "" {
		n, err := strconv.Atoi(soak)
		if err != nil {
			t.Fatal(err)
		}
		cycles = n
	}
	for seed := range uint64(cycles) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := r.scene(t, sceneOptions{concurrency: 1 + rng.IntN(4)})
		for range 1 + rng.IntN(5) {
			killAtMark(t, s, 1+rng.IntN(marks))
		}
		s.mustRun(t, "run")
		s.mustRun(t, "verify")
		if got := s.content(t); got != want {
			t.Fatalf("seed %d: %s", seed, brief(want, got))
		}
		s.clean(t)
	}
}

// killAtMark starts a run and kills it when it has passed n marks, or lets it end.
func killAtMark(t testing.TB, s *scene, n int) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd := s.command(t.Context(), []string{"TAPLINE_FAULTS=count", "TAPLINE_FAULTS_LOG=/dev/fd/3"}, "run")
	cmd.ExtraFiles = []*os.File{write}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	lines := bufio.NewScanner(read)
	for i := 0; lines.Scan(); i++ {
		if i == n {
			_ = cmd.Process.Kill() // it may have ended just now
			break
		}
	}
	_ = cmd.Wait() // killed, or done
}

// TestTwoProcessesAtOnce starts the same pipeline twice: one does the work, the
// other says who does, or finds nothing to do.
func TestTwoProcessesAtOnce(t *testing.T) {
	r := newAccountRig(t)
	want := r.undisturbed(t)
	for range 3 {
		s := r.scene(t, sceneOptions{})
		other := &scene{crashRig: r.crashRig, dir: s.dir, batchRows: s.batchRows}
		first, second := s.command(t.Context(), nil, "run"), other.command(t.Context(), nil, "run")
		if err := first.Start(); err != nil {
			t.Fatal(err)
		}
		if err := second.Start(); err != nil {
			t.Fatal(err)
		}
		_, _ = first.Wait(), second.Wait() // judged by the exit codes
		codes := []int{first.ProcessState.ExitCode(), second.ProcessState.ExitCode()}
		if codes[0] != 0 && codes[1] != 0 || codes[0] != 0 && codes[0] != 5 || codes[1] != 0 && codes[1] != 5 {
			t.Errorf("exit codes %v, want 0 and 0 or 5\n%s\n%s", codes, s.said.String(), other.said.String())
		}
		if got := s.content(t); got != want {
			t.Error(brief(want, got))
		}
		s.clean(t)
		other.clean(t)
	}
}

// TestSIGTERM stops a run: it ends soon with 130, and the next goes on.
func TestSIGTERM(t *testing.T) {
	r := newAccountRig(t)
	want := r.undisturbed(t)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		s := r.scene(t, sceneOptions{})
		cmd := s.command(t.Context(), []string{"TAPLINE_FAULTS=count", "TAPLINE_FAULTS_LOG=/dev/fd/3"}, "run")
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.ExtraFiles = []*os.File{write}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		write.Close()
		lines := bufio.NewScanner(read)
		for i := 0; lines.Scan(); i++ {
			if i == 40 {
				if err := cmd.Process.Signal(signal); err != nil {
					t.Error(err)
				}
			}
		}
		read.Close()
		_ = cmd.Wait() // judged by the exit code
		if code := cmd.ProcessState.ExitCode(); code != 130 {
			t.Errorf("%v: exit code %d, want 130\n%s", signal, code, s.said.String())
		}
		s.mustRun(t, "run")
		if got := s.content(t); got != want {
			t.Error(brief(want, got))
		}
		s.clean(t)
	}
}

// TestFullDisk runs on a file system that is too small, says so, and goes on
// when there is space.
func TestFullDisk(t *testing.T) {
	r := newAccountRig(t)
	want := r.undisturbed(t)
	dir := t.TempDir()
	if err := syscall.Mount("tapline-test", dir, "tmpfs", 0, "size=1m"); err != nil {
		// Without the right to mount, the error that a full disk gives is made at the stage's door.
		t.Logf("no small file system here (%v): the stage says that it is full instead", err)
		s := r.scene(t, sceneOptions{})
		fullDisk(t, s, want, []string{"TAPLINE_FAULTS=full@12"})
		return
	}
	defer func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	ballast := filepath.Join(dir, "ballast")
	s := r.sceneIn(t, dir, sceneOptions{})
	if err := os.WriteFile(ballast, make([]byte, 900<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	fullDisk(t, s, "", nil)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-o", "remount,size=64m", dir).CombinedOutput(); err != nil {
		t.Fatalf("remount: %v %s", err, out)
	}
	s.mustRun(t, "run")
	if got := s.content(t); got != want {
		t.Error(brief(want, got))
	}
	s.clean(t)
}

// fullDisk wants exit code 3 and words that help; with want set, the next run's content too.
func fullDisk(t *testing.T, s *scene, want string, env []string) {
	t.Helper()
	if code := s.run(t, env, "run"); code != 3 {
		t.Errorf("full disk: exit code %d, want 3\n%s", code, s.said.String())
	}
	if !strings.Contains(s.said.String(), "disk") && !strings.Contains(s.said.String(), "space") {
		t.Errorf("full disk: it does not say so\n%s", s.said.String())
	}
	if want == "" {
		return
	}
	s.mustRun(t, "run")
	if got := s.content(t); got != want {
		t.Error(brief(want, got))
	}
}

// TestNothingShows is the metamorphic test: page size, concurrency, memory and
// with it batch size, and stops on the way change nothing in the table. The
// quarantine's places name pages, and so are left out of the content.
func TestNothingShows(t *testing.T) {
	r := newAccountRig(t)
	want := r.undisturbed(t)
	for i, o := range []sceneOptions{
		{batchSize: 23, concurrency: 1, memory: "16MiB"}, {batchSize: 92, concurrency: 6, batchRows: 200}, {batchSize: 5000, concurrency: 3, memory: "256MiB", batchRows: 122880}, {batchSize: 4991, concurrency: 1, batchRows: 11},
	} {
		s := r.scene(t, o)
		for k := range i { // some with stops on the way
			killAtMark(t, s, 20*(k+1))
		}
		s.mustRun(t, "run")
		if got := s.content(t); got != want {
			t.Errorf("%+v: %s", o, brief(want, got))
		}
	}
}
