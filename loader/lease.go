package loader

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tapline/objstore"
)

const (
	leaseTTL   = time.Minute
	leaseRenew = leaseTTL / 4
)

// A BusyError names the run that holds a pipeline. It unwraps to ErrBusy.
type BusyError struct {
	Pipeline, Run, Host string
	PID                 int
	Since               time.Time
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("pipeline %s: %v: run %s, process %d on %s, since %s",
		e.Pipeline, ErrBusy, e.Run, e.PID, e.Host, e.Since.UTC().Format(time.RFC3339))
}

// Unwrap returns ErrBusy.
func (e *BusyError) Unwrap() error { return ErrBusy }

// A lease keeps two runs of a pipeline from doing the same work. It is a
// courtesy: what keeps their parts and rows apart are the manifests' and the
// warehouse's own checks. A holder that has died on this machine is seen at
// once; one elsewhere when it has not renewed for a minute.
type lease struct {
	Run     string    `json:"run"`
	Host    string    `json:"host"`
	Boot    string    `json:"boot"`
	PID     int       `json:"pid"`
	Process string    `json:"process"` // when it started, in the kernel's ticks
	Since   time.Time `json:"since"`
	Renewed time.Time `json:"renewed"`
}

func ownLease(run string, now time.Time) lease {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return lease{Run: run, Host: host, Boot: bootID(), PID: os.Getpid(), Process: processStart(os.Getpid()), Since: now, Renewed: now}
}

// alive reports whether the holder may still be at work, as seen by me.
func (l lease) alive(me lease, now time.Time) bool {
	if l.Host != me.Host || l.Boot != me.Boot {
		return now.Sub(l.Renewed) < leaseTTL && l.Renewed.Sub(now) < leaseTTL
	}
	if l.PID == me.PID && l.Process == me.Process { // another loader of this process
		return now.Sub(l.Renewed) < leaseTTL
	}
	if started := processStart(l.PID); started != "" {
		return started == l.Process
	}
	p, err := os.FindProcess(l.PID)
	return err == nil && p.Signal(syscall.Signal(0)) == nil
}

// hold takes the pipeline's lease and keeps it until release is called. The
// context it returns ends with ErrBusy as its cause when the lease is lost.
func (s shelf) hold(ctx context.Context, pipeline string, now func() time.Time) (held context.Context, release func(), err error) {
	mine := ownLease(s.run, now())
	generation, err := s.takeLease(ctx, pipeline, mine)
	if err != nil {
		return nil, nil, err
	}
	held, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.renew(held, cancel, mine, &generation, now)
	}()
	return held, func() {
		cancel(nil)
		<-done
		s.dropLease(context.WithoutCancel(ctx))
	}, nil
}

// dropLease removes the lease unless another run has taken it meanwhile. One
// that stays behind is seen to be a dead process's.
func (s shelf) dropLease(ctx context.Context) {
	if l, err := s.readLease(ctx, objstore.Object{Name: s.leaseName()}); err == nil && l.Run == s.run {
		_ = s.store.Remove(ctx, s.leaseName())
	}
}

func (s shelf) leaseName() string { return s.root + "lease.json" }

func (s shelf) takeLease(ctx context.Context, pipeline string, mine lease) (generation string, err error) {
	when := objstore.Precondition{Absent: true}
	for o, err := range s.store.List(ctx, s.leaseName()) {
		if err != nil {
			return "", fmt.Errorf("loader: stage: %w", err)
		}
		theirs, err := s.readLease(ctx, o)
		if errors.Is(err, objstore.ErrNotExist) || errors.Is(err, objstore.ErrChanged) {
			continue // it ends just now; Put tells whether someone else was quicker
		}
		if err == nil && theirs.alive(mine, mine.Since) {
			return "", busy(pipeline, theirs)
		}
		when = objstore.Precondition{Generation: o.Generation} // dead or unreadable
	}
	o, err := s.putLease(ctx, mine, when)
	if errors.Is(err, objstore.ErrPrecondition) {
		if theirs, readErr := s.readLease(ctx, objstore.Object{Name: s.leaseName()}); readErr == nil {
			return "", busy(pipeline, theirs)
		}
		return "", fmt.Errorf("loader: pipeline %s: %w", pipeline, ErrBusy)
	}
	if err != nil {
		// Whether it is there is unknown; one that nobody renews would be in the way.
		removeErr := s.store.Remove(context.WithoutCancel(ctx), s.leaseName())
		return "", fmt.Errorf("loader: stage: %w", errors.Join(err, removeErr))
	}
	return o.Generation, nil
}

func busy(pipeline string, l lease) error {
	return &BusyError{Pipeline: pipeline, Run: l.Run, Host: l.Host, PID: l.PID, Since: l.Since}
}

// renew keeps the lease fresh until ctx ends. A write that fails for another
// reason than a new holder is tried again: the lease lasts for several of them.
func (s shelf) renew(ctx context.Context, cancel context.CancelCauseFunc, mine lease, generation *string, now func() time.Time) {
	tick := time.NewTicker(leaseRenew)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		mine.Renewed = now()
		o, err := s.putLease(ctx, mine, objstore.Precondition{Generation: *generation})
		if errors.Is(err, objstore.ErrPrecondition) {
			cancel(fmt.Errorf("loader: %w: it took the lease while this run was not heard of", ErrBusy))
			return
		}
		if err == nil {
			*generation = o.Generation
		}
	}
}

func (s shelf) putLease(ctx context.Context, l lease, when objstore.Precondition) (objstore.Object, error) {
	return s.store.Put(ctx, s.leaseName(), when, func(w io.Writer) error { return json.NewEncoder(w).Encode(l) })
}

func (s shelf) readLease(ctx context.Context, o objstore.Object) (l lease, err error) {
	r, err := s.store.Open(ctx, o, 0)
	if err != nil {
		return l, err
	}
	defer r.Close()
	return l, json.NewDecoder(r).Decode(&l)
}

// processStart returns when a process of this machine started, in the kernel's
// own count, or "" where the kernel does not tell: pids are used again.
func processStart(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	// The second field, the program's name, may hold spaces and brackets.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return ""
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return "ended" // though nobody has asked yet how: some containers have no init
	}
	return fields[19]
}

// bootID tells this boot of this machine from others, and this container from
// those beside it, whose processes have the same numbers; "" where it cannot.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		space = ""
	}
	return strings.TrimSpace(string(id)) + space
}
