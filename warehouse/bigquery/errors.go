package bigquery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	bq "cloud.google.com/go/bigquery"
	"google.golang.org/api/googleapi"

	"tapline/warehouse"
)

// reasonOf is BigQuery's word for what went wrong, of a refused request or of a
// job that failed, with the HTTP status of the request, 0 for a job.
func reasonOf(err error) (reason string, status int) {
	var refused *googleapi.Error
	if errors.As(err, &refused) {
		if len(refused.Errors) > 0 {
			reason = refused.Errors[0].Reason
		}
		return reason, refused.Code
	}
	var failed *bq.Error
	if errors.As(err, &failed) {
		return failed.Reason, 0
	}
	return "", 0
}

// messageOf is BigQuery's own text.
func messageOf(err error) string {
	var refused *googleapi.Error
	if errors.As(err, &refused) {
		return refused.Message
	}
	var failed *bq.Error
	if errors.As(err, &failed) {
		return failed.Message
	}
	return err.Error()
}

func isNotFound(err error) bool {
	_, status := reasonOf(err)
	return status == http.StatusNotFound
}

// isDuplicate reports whether there is a job of that id, or a table of that
// name, already.
func isDuplicate(err error) bool {
	reason, status := reasonOf(err)
	return status == http.StatusConflict || status != 0 && reason == "duplicate"
}

// isRate reports whether the request or the job came too soon after others.
func isRate(err error) bool {
	reason, status := reasonOf(err)
	return reason == "rateLimitExceeded" || reason == "jobRateLimitExceeded" || status == http.StatusTooManyRequests
}

// isQuota reports whether a quota that refills slowly is used up.
func isQuota(err error) bool {
	reason, _ := reasonOf(err)
	return reason == "quotaExceeded"
}

// isContention reports whether another transaction was in the way.
func isContention(err error) bool {
	msg := messageOf(err)
	return strings.Contains(msg, "due to concurrent update") || strings.Contains(msg, "Could not serialize access")
}

// isPassing reports whether the same may go well a little later. Whether
// anything was done is not known.
func isPassing(err error) bool {
	reason, status := reasonOf(err)
	switch reason {
	case "backendError", "internalError", "jobBackendError", "jobInternalError", "tableUnavailable":
		return true
	}
	return isRate(err) || isContention(err) || status >= 500 || isCut(err)
}

// isCut reports whether the connection failed, before or after the request.
func isCut(err error) bool {
	var network net.Error
	var request *url.Error
	return errors.As(err, &network) || errors.As(err, &request) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// explain turns an error of BigQuery into one of the contract, with a remedy.
// Right is the permission that the call needs.
func (w *Warehouse) explain(ctx context.Context, right string, err error) error {
	if err == nil {
		return nil
	}
	if cerr := ctx.Err(); cerr != nil {
		return cerr
	}
	reason, status := reasonOf(err)
	if strings.Contains(messageOf(err), "File gs://") {
		right = "storage.objects.get" // a load job may not read the stage
	}
	switch {
	case status == http.StatusUnauthorized || strings.Contains(err.Error(), "oauth2:") || strings.Contains(err.Error(), "impersonate:"):
		return fmt.Errorf("%w: Google does not take the credentials; renew them, or give others: %w", warehouse.ErrUnauthorized, err)
	case isRate(err):
		return fmt.Errorf("%w: BigQuery says to come less often, and still did after many tries; let fewer loads run at once, or raise the limit: %w", warehouse.ErrFull, err)
	case isQuota(err):
		return fmt.Errorf("%w: a quota of BigQuery is used up; it refills over the day: wait, load less often, or ask Google for more: %w", warehouse.ErrFull, err)
	case reason == "accessDenied" || status == http.StatusForbidden && reason != "responseTooLarge":
		return fmt.Errorf("%w: %s is missing: %s: %w", warehouse.ErrUnauthorized, right, w.role(right), err)
	case reason == "billingNotEnabled" || reason == "billingTierLimitExceeded":
		return fmt.Errorf("%w: project %s has no billing; enable it: %w", warehouse.ErrUnauthorized, w.cfg.BillingProject, err)
	case strings.Contains(messageOf(err), "limit for bytes billed"):
		return fmt.Errorf("%w: the query would bill more than maximum_bytes_billed (%d) allows; raise it, or ask for less: %w", warehouse.ErrFull, w.cfg.MaxBytesBilled, err)
	case status >= 500 || isCut(err) || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: BigQuery did not answer; the next run finishes what was begun: %w", warehouse.ErrUnreachable, err)
	}
	return err
}

// role says which role brings a permission.
func (w *Warehouse) role(right string) string {
	switch {
	case strings.HasPrefix(right, "bigquery.jobs."):
		return fmt.Sprintf("give this account roles/bigquery.jobUser in project %s", w.cfg.BillingProject)
	case strings.HasPrefix(right, "storage."):
		return "give this account roles/storage.objectViewer on the bucket of the stage"
	}
	return fmt.Sprintf("give this account roles/bigquery.dataEditor on the dataset %s.%s", w.cfg.Project, w.cfg.Dataset)
}
