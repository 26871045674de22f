package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
)

// programs returns the folder of initdb and postgres, the newest version's.
func programs() (string, error) {
	if dir := find(); dir != "" {
		return dir, nil
	}
	if err := install("postgresql"); err != nil {
		return "", fmt.Errorf("PostgreSQL is not on this machine, and these tests need it: install it (apt-get install postgresql), or put initdb and postgres in PATH: %w", err)
	}
	if dir := find(); dir != "" {
		return dir, nil
	}
	return "", fmt.Errorf("PostgreSQL was installed, and initdb is not in /usr/lib/postgresql/*/bin")
}

func find() string {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	sort.Slice(dirs, func(i, j int) bool {
		return len(dirs[i]) > len(dirs[j]) || len(dirs[i]) == len(dirs[j]) && dirs[i] > dirs[j]
	})
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	for _, dir := range dirs {
		if there(filepath.Join(dir, "initdb")) && there(filepath.Join(dir, "postgres")) {
			return dir
		}
	}
	return ""
}

func there(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// bouncer returns the path of pgbouncer.
func bouncer() (string, error) {
	for range 2 {
		for _, path := range []string{"/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"} {
			if there(path) {
				return path, nil
			}
		}
		if path, err := exec.LookPath("pgbouncer"); err == nil {
			return path, nil
		}
		if err := install("pgbouncer"); err != nil {
			return "", fmt.Errorf("PgBouncer is not on this machine, and this test needs it: install it (apt-get install pgbouncer): %w", err)
		}
	}
	return "", fmt.Errorf("PgBouncer was installed and cannot be found")
}

// install installs a Debian package. Processes that test at the same time take
// turns. The package of PostgreSQL would make and start a cluster of the system's
// own; it is told not to.
func install(name string) error {
	if os.Getuid() != 0 {
		return fmt.Errorf("only root may install it")
	}
	lock, err := os.OpenFile(filepath.Join(os.TempDir(), "pgtest-install.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close() // lets go of the lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	if err := keepClusterAway(); err != nil {
		return err
	}
	for _, args := range [][]string{{"update", "-qq"}, {"install", "-y", "-qq", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", name}} {
		cmd := exec.Command("apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "UCF_FORCE_CONFFOLD=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}

// keepClusterAway writes Debian's setting against a cluster of the system's own,
// unless someone has written it before.
func keepClusterAway() error {
	const path = "/etc/postgresql-common/createcluster.conf"
	if there(path) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte("create_main_cluster = false\n"), 0o644)
}
