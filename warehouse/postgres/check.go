package postgres

import (
	"context"
	"fmt"
	"strings"

	taplinesql "tapline/sql"
	"tapline/warehouse"
)

// Check connects and asks the database for each right that loading needs: to use
// the schema and make tables in it (or to make the schema), to make temporary
// tables, and to read and write the tables that are there. It changes nothing. The
// error names the statements that give what is missing.
func (w *Warehouse) Check(ctx context.Context) error {
	var missing []string
	err := w.within(ctx, mode{readOnly: true}, func(t *tx) (err error) {
		missing, err = t.missingRights(ctx)
		return err
	})
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("%s: %w: run as its owner: %s", w.where(), warehouse.ErrUnauthorized, strings.Join(missing, "; "))
	}
	if err != nil {
		return fmt.Errorf("postgres: check: %w", err)
	}
	return nil
}

// missingRights lists the statements that give what the role lacks.
func (t *tx) missingRights(ctx context.Context) ([]string, error) {
	var there, use, create, temporary, schemas, writes, utf8 bool
	var role, database string
	err := t.row(ctx, "rights", nil, []any{t.w.cfg.Schema}, &there, &use, &create, &temporary, &schemas, &writes, &utf8, &role, &database)
	switch {
	case err != nil:
		return nil, err
	case !writes:
		return nil, fmt.Errorf("%s: %w: it takes no writes: name the primary server, or lift default_transaction_read_only", t.w.where(), warehouse.ErrUnauthorized)
	case !utf8:
		return nil, fmt.Errorf("%s: %w: its texts are not UTF-8; make a database with ENCODING 'UTF8'", t.w.where(), warehouse.ErrSchema)
	}
	schema, name, base := taplinesql.Quote(dialect, t.w.cfg.Schema), taplinesql.Quote(dialect, role), taplinesql.Quote(dialect, database)
	var missing []string
	need := func(have bool, format string, args ...any) {
		if !have {
			missing = append(missing, fmt.Sprintf(format, args...))
		}
	}
	need(there || schemas, "CREATE SCHEMA %s AUTHORIZATION %s", schema, name)
	need(!there || use, "GRANT USAGE ON SCHEMA %s TO %s", schema, name)
	need(!there || create, "GRANT CREATE ON SCHEMA %s TO %s", schema, name)
	need(temporary, "GRANT TEMPORARY ON DATABASE %s TO %s", base, name)
	if there && use {
		var grant string
		err = t.rows(ctx, "rights_missing", nil, []any{t.w.cfg.Schema}, []any{&grant}, func() error {
			missing = append(missing, grant)
			return nil
		})
	}
	if err != nil || len(missing) > 0 || !there {
		return missing, err
	}
	_, err = t.known(ctx) // and no newer tapline has been here
	return nil, err
}
