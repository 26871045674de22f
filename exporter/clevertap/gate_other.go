//go:build !unix

package clevertap

import (
	"errors"
	"os"
)

// tryLock says that this system's locks are of another kind.
func tryLock(*os.File) (bool, error) { return false, errors.ErrUnsupported }
