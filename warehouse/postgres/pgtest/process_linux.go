package pgtest

import "syscall"

// dieWithParent lets a program end when its parent does. SIGQUIT is PostgreSQL's
// immediate shutdown, and ends PgBouncer too.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGQUIT }
