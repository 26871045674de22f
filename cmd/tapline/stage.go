package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"tapline/config"
	"tapline/exporter/bucket"
	"tapline/objstore"
)

// stage opens the place where parts wait. A folder is made; a bucket has to be
// there, which shows on first use.
func (p *project) stage(ctx context.Context) (objstore.StoreCloser, error) {
	s := p.cfg.Settings.Stage
	var errs []error
	keys := stageKeys(s, func(r config.SecretRef) config.Secret {
		secret, err := r.Resolve()
		errs = append(errs, err)
		return secret
	})
	if err := errors.Join(errs...); err != nil {
		return nil, config.Join(errs...)
	}
	place := keys.Objects()
	place.Create, place.Patience = true, faultyPatience()
	store, err := objstore.Open(ctx, place)
	if err != nil {
		return nil, fmt.Errorf("stage: %w", err)
	}
	return store, nil
}

// stageKeys are the keys of a stage as those of a bucket connection, which are
// the same words.
func stageKeys(s config.Stage, secret func(config.SecretRef) config.Secret) bucket.Config {
	return bucket.Config{
		URL: s.URL, Endpoint: s.Endpoint, Region: s.Region, KeyFile: s.KeyFile, KeyJSON: secret(s.KeyJSON), Project: s.Project,
		AccessKey: secret(s.AccessKey), SecretKey: secret(s.SecretKey), SessionToken: secret(s.SessionToken),
	}
}

// checkStageKeys finds keys that do not go together. It looks up no secret.
func checkStageKeys(s config.Stage) error {
	keys := stageKeys(s, func(r config.SecretRef) config.Secret {
		if r.IsZero() {
			return config.Secret{}
		}
		return config.NewSecret("given")
	})
	if !s.Remote() {
		keys.URL = "file:///" // a folder may have any name
	}
	if err := keys.Validate(); err != nil {
		return s.Errorf("", "%v", err)
	}
	return nil
}

// checkStage does on the stage what a run does there: it writes, lists, reads
// and removes an object, and tries whether the stage keeps two processes apart.
func (p *project) checkStage(ctx context.Context) finding {
	const what = "stage"
	s, err := p.stage(ctx)
	if err != nil {
		return p.a.bad(what, err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			p.a.warn(err.Error())
		}
	}()
	if err := tryStage(ctx, s, "check/"+newRunID(p.now())); err != nil {
		return p.a.bad(what, err)
	}
	return good(what, p.cfg.Settings.Stage.URL+" is writable")
}

// tryStage leaves nothing of that name behind.
func tryStage(ctx context.Context, s objstore.Store, name string) (err error) {
	first, err := putText(ctx, s, name, "first", objstore.Precondition{Absent: true})
	if err != nil {
		return err
	}
	defer func() {
		if e := s.Remove(context.WithoutCancel(ctx), name); err == nil {
			err = e
		}
	}()
	listed := false
	for o, err := range s.List(ctx, name) {
		if err != nil {
			return err
		}
		listed = listed || o.Name == name
	}
	if !listed {
		return fmt.Errorf("stage: %s is not listed after it was written", name)
	}
	r, err := s.Open(ctx, first, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	return trySwap(ctx, s, name, first.Generation)
}

// trySwap replaces the object once, and wants to be refused from then on.
func trySwap(ctx context.Context, s objstore.Store, name, generation string) error {
	replace := objstore.Precondition{Generation: generation}
	if _, err := putText(ctx, s, name, "second", replace); err != nil {
		return err
	}
	for _, when := range []objstore.Precondition{{Absent: true}, replace} {
		switch _, err := putText(ctx, s, name, "third", when); {
		case errors.Is(err, objstore.ErrPrecondition):
		case err != nil:
			return err
		default:
			return fmt.Errorf("stage: %w: the store replaces objects whatever the precondition, so that two runs could mix their parts; "+
				"use a folder, gs://, or a store that honours If-Match and If-None-Match", objstore.ErrUnwritable)
		}
	}
	return nil
}

func putText(ctx context.Context, s objstore.Store, name, text string, when objstore.Precondition) (objstore.Object, error) {
	return s.Put(ctx, name, when, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}
